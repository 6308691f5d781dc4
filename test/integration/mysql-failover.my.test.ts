import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mysqlConnector } from '../../connectors/mysql/plugin.ts';
import { type ConnectRecord, Struct } from '../../src/contract/index.ts';
import { startMysql } from '../services/mysql.ts';
import { connectMysql, freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { SourceRun } from '../support/source-run.ts';
import { until } from '../support/until.ts';
import { freshServerId } from './mysql-decoded-tables.ts';

test('a task goes on at a replica by GTIDs, in the middle of a transaction that the replica wrote into other events', {
  timeout: 240_000,
}, async () => {
  await using primary = await startMysql();
  // Events of another size, in files of another name.
  await using replica = await startMysql({ settings: { 'server-id': '9', 'log-bin': 'other', 'binlog-row-event-max-size': '256' } });
  await using follower = await connectMysql(replica);
  // What was made when it was initialised is none of the primary's.
  await follower.query('reset binary logs and gtids');
  await follower.query(
    `change replication source to source_host = '${primary.host}', source_port = ${primary.port}, source_user = '${primary.user}', source_password = '${primary.password}', source_auto_position = 1, get_source_public_key = 1`,
  );
  await follower.query('start replica');
  await using database = await freshMysqlDatabase(primary);
  await database.run('create table t (id int primary key, v varchar(100)); insert into t values (0, null)');
  const run = new SourceRun(
    {
      'topic.prefix': 'srv',
      'database.hostname': primary.host,
      'database.port': String(primary.port),
      'database.user': primary.user,
      'database.password': primary.password,
      'database.server.id': String(freshServerId()),
      'database.include.list': database.name,
      'max.batch.size': '10',
    },
    mysqlConnector,
  );
  await run.run(batch => (batch.offsets.some(({ offset }) => offset?.['snapshot_completed'] === true) ? 'crash after' : 'append'));
  const rows = 500;
  await database.run(
    `insert into t with recursive n as (select 1 as i union all select i + 1 from n where i < ${rows}) select i, repeat('v', 90) from n`,
  );
  const keys = () =>
    run.records.flatMap(({ topic, key }) => (topic.endsWith('.t') && key instanceof Struct ? [Number(key.values[0])] : []));
  await run.run(() => (keys().length > 50 ? 'crash after' : 'append'));
  const before = keys().length;
  assert.ok(before > 50 && before < rows, `cut in two after ${before} rows`);
  const caughtUp = async () => {
    const [found] = await follower.query(`select count(*) as n from ${database.name}.t`).catch(() => [[{ n: 0 }]]);
    return (found as { n: number }[])[0]!.n > rows;
  };
  await until(caughtUp, { what: 'the replica to have it all', timeoutMs: 60_000, everyMs: 50 });
  await primary.stopImmediately();
  run.config = { ...run.config, 'database.port': String(replica.port) };
  await run.run(batch => (keys().length + batch.records.length > rows ? 'crash after' : 'append'));
  await follower.query('stop replica; reset replica all');
  await follower.query(`insert into ${database.name}.t values (1000, 'written there')`);
  const isLast = ({ key }: ConnectRecord) => key instanceof Struct && key.values[0] === 1000;
  await run.run(batch => (batch.records.some(isLast) ? 'crash after' : 'append'));
  assert.deepEqual(keys(), [...Array.from({ length: rows + 1 }, (_, index) => index), 1000]);
  await primary.start();
});
