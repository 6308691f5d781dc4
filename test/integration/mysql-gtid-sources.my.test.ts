import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mariadbConnector, mysqlConnector } from '../../connectors/mysql/plugin.ts';
import { Struct } from '../../src/contract/index.ts';
import { startMariadb, startMysql } from '../services/mysql.ts';
import { connectMysql, freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { SourceRun } from '../support/source-run.ts';
import { until } from '../support/until.ts';
import { mysqlSourceOptions } from './mysql-source-options.ts';

// Servers of their own: they get transactions of other sources.
const servers = { mysql: await startMysql(), mariadb: await startMariadb() };
const connectors = { mysql: mysqlConnector, mariadb: mariadbConnector };
after(async () => {
  await servers.mysql[Symbol.asyncDispose]();
  await servers.mariadb[Symbol.asyncDispose]();
});

const other = { mysql: 'aaaaaaaa-1111-2222-3333-bbbbbbbbbbbb', mariadb: '7-99' } as const;
let transactions = 0;

for (const flavor of ['mysql', 'mariadb'] as const) {
  const server = servers[flavor];

  /** Runs a statement as if another server had written it first. */
  async function runElsewhere(database: string, statement: string): Promise<void> {
    await using client = await connectMysql(server, { database });
    if (flavor === 'mysql')
      await client.query(`set gtid_next = '${other.mysql}:${++transactions}'; ${statement}; set gtid_next = 'automatic'`);
    else await client.query(`set session gtid_domain_id = 7, server_id = 99; ${statement}`);
  }

  for (const [what, options, expected] of [
    ['no filter', {}, ['c 1', 'c 2', 'c 3', 'c 9']],
    ['other sources excluded', { 'gtid.source.excludes': other[flavor].replaceAll('-', '\\-') }, ['c 1', 'c 3', 'c 9']],
    ['the other source alone included', { 'gtid.source.includes': other[flavor] }, ['c 2', 'c 8']],
    [
      'other sources excluded, for the place alone',
      { 'gtid.source.excludes': other[flavor], 'gtid.source.filter.dml.events': 'false' },
      ['c 1', 'c 2', 'c 3', 'c 9'],
    ],
  ] as const) {
    test(`GTID sources of ${flavor}: ${what}`, { timeout: 180_000 }, async () => {
      await using database = await freshMysqlDatabase(server);
      await database.run('create table t (id int primary key)');
      const run = new SourceRun(
        {
          ...mysqlSourceOptions(server, database.name),
          'max.batch.size': '1',
          ...options,
        },
        connectors[flavor],
      );
      const changes = () =>
        run.records.flatMap(({ topic, key, value }) =>
          topic.endsWith('.t') && key instanceof Struct && value instanceof Struct ? [`${value.get('op')} ${key.values}`] : [],
        );
      await run.run(batch => (batch.offsets.some(({ offset }) => offset?.['snapshot_completed'] === true) ? 'crash after' : 'append'));
      await database.run('insert into t values (1)');
      await runElsewhere(database.name, 'insert into t values (2)');
      await database.run('insert into t values (3)');
      const last = expected.at(-1)!;
      if (last === 'c 8') await runElsewhere(database.name, 'insert into t values (8)');
      else await database.run('insert into t values (9)');
      // A restart behind each record: what the filter leaves out is passed over, not waited for.
      while (changes().at(-1) !== last) await run.run(({ records }) => (records.length > 0 ? 'crash after' : 'append'));
      assert.deepEqual(changes(), expected);
    });
  }

  test(`a position of ${flavor} that lacks what only an excluded source wrote, and the server purged, is not lost`, {
    timeout: 180_000,
  }, async () => {
    await using database = await freshMysqlDatabase(server);
    await database.run('create table t (id int primary key); insert into t values (1)');
    const run = new SourceRun(
      {
        ...mysqlSourceOptions(server, database.name),
        'gtid.source.excludes': other[flavor],
      },
      connectors[flavor],
    );
    await run.run(batch => (batch.offsets.some(({ offset }) => offset?.['snapshot_completed'] === true) ? 'crash after' : 'append'));
    await runElsewhere(database.name, 'insert into t values (2)');
    await using admin = await connectMysql(server);
    await admin.query('flush binary logs');
    // The server keeps what the connection that is gone was reading, until it has noticed.
    const purged = async () => {
      const [logs] = await admin.query('show binary logs');
      const names = (logs as { Log_name: string }[]).map(({ Log_name }) => Log_name);
      await admin.query(`purge binary logs to '${names.at(-1)}'`);
      return names.length === 1;
    };
    await until(purged, { what: 'the binlog to be purged', timeoutMs: 60_000 });
    await database.run('insert into t values (3)');
    const reading = run.run(({ records }) => (records.some(({ topic }) => topic.endsWith('.t')) ? 'crash after' : 'append'));
    if (flavor === 'mysql') await reading;
    // MariaDB knows purged binlogs by their files alone: what was purged of an excluded source cannot be told from the rest.
    else await assert.rejects(reading, { code: 'POSITION_LOST' });
  });
}
