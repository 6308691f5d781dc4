import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mariadbConnector, mysqlConnector } from '../../connectors/mysql/plugin.ts';
import { type ConnectRecord, Struct } from '../../src/contract/index.ts';
import { freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { sharedMariadb, sharedMysql } from '../support/servers.ts';
import { SourceRun } from '../support/source-run.ts';
import { freshServerId } from './mysql-decoded-tables.ts';
import { mysqlSourceOptions } from './mysql-source-options.ts';

const servers = { mysql: await sharedMysql(), mariadb: await sharedMariadb() };
const connectors = { mysql: mysqlConnector, mariadb: mariadbConnector };
after(() => servers);

const sourceOf = ({ value }: ConnectRecord) =>
  value instanceof Struct && value.get('source') instanceof Struct ? value.get('source') : null;
const field = (record: ConnectRecord, name: string) => {
  const source = sourceOf(record);
  return source instanceof Struct ? source.get(name) : undefined;
};

for (const flavor of ['mysql', 'mariadb'] as const) {
  test(`original statements, truncates, heartbeats with their query, overrides and snapshot lists (${flavor})`, async () => {
    const server = servers[flavor];
    await using database = await freshMysqlDatabase(server);
    const { name } = database;
    await database.run(`
      create table a (id int primary key, v int); create table b (id int primary key); create table beats (n int);
      insert into a values (1, 1), (2, 2), (3, 3); insert into b values (1)`);
    const run = new SourceRun(
      {
        'topic.prefix': 'srv',
        'database.hostname': server.host,
        'database.port': String(server.port),
        'database.user': server.user,
        'database.password': server.password,
        'database.server.id': String(freshServerId()),
        'snapshot.lock.timeout.ms': '60000',
        'table.include.list': `${name}.a,${name}.b`,
        'schema.history.internal.store.only.captured.tables.ddl': 'true',
        'snapshot.include.collection.list': `${name}.a`,
        'snapshot.select.statement.overrides': `${name}.a`,
        [`snapshot.select.statement.overrides.${name}.a`]: `select * from ${name}.a where id > 1`,
        'skipped.operations': 'none',
        'include.query': 'true',
        'heartbeat.interval.ms': '50',
        'heartbeat.action.query': `insert into ${name}.beats values (1)`,
      },
      connectors[flavor],
    );
    const annotate = flavor === 'mysql' ? 'binlog_rows_query_log_events' : 'binlog_annotate_row_events';
    let told: Promise<void> | null = null;
    await run.run(batch => {
      if (batch.offsets.some(({ offset }) => offset?.['snapshot_completed'] === true))
        told ??= database.run(
          `set session ${annotate} = 1; insert into b values (7); begin; insert into b values (8); delete from b where id = 7; commit; truncate table a; insert into a values (9, 9)`,
        );
      const beats = run.records.filter(({ topic }) => topic.startsWith('__debezium-heartbeat')).length;
      const ended = run.records.some(
        record => field(record, 'table') === 'a' && record.key instanceof Struct && record.key.values[0] === 9,
      );
      return ended && beats > 2 ? 'crash after' : 'append';
    });
    await told;
    const shown = run.records
      .filter(({ topic }) => topic.startsWith(`srv.${name}.`))
      .map(record => {
        const { value, key } = record;
        const op = value instanceof Struct ? value.get('op') : null;
        return `${op} ${field(record, 'table')} ${key instanceof Struct ? key.values : null} ${field(record, 'snapshot') ?? 'stream'} ${field(record, 'query')}`;
      });
    assert.deepEqual(shown, [
      'r a 2 first null',
      'r a 3 last null',
      'c b 7 stream insert into b values (7)',
      // Each statement of a transaction has its own.
      'c b 8 stream insert into b values (8)',
      'd b 7 stream delete from b where id = 7',
      'null undefined 7 stream undefined', // its tombstone
      't a null stream null',
      'c a 9 stream insert into a values (9, 9)',
    ]);
    const [rows] = await database.connection.query('select count(*) as n from beats');
    assert.ok((rows as { n: number }[])[0]!.n > 0, 'the query of the heartbeats was run');
  });
}

test('INET4 and INET6, which the reference’s parser does not know, are left out of rows and keep no others from being read (mariadb)', async () => {
  const server = servers.mariadb;
  await using database = await freshMysqlDatabase(server);
  const row = "'10.0.0.1', '2001:db8::ff00:42:8329'";
  await database.run(
    `create table hosts (id int primary key, v4 inet4, v6 inet6 not null, name varchar(10)); insert into hosts values (1, ${row}, 'one')`,
  );
  const run = new SourceRun(
    {
      ...mysqlSourceOptions(server, database.name),
    },
    mariadbConnector,
  );
  let told: Promise<void> | null = null;
  await run.run(batch => {
    if (batch.offsets.some(({ offset }) => offset?.['snapshot_completed'] === true))
      told ??= database.run(
        `insert into hosts values (2, ${row}, 'two'); update hosts set v4 = null, v6 = '::', name = 'three' where id = 2`,
      );
    return batch.records.some(({ value }) => value instanceof Struct && value.schema.indexOf('op') >= 0 && value.get('op') === 'u')
      ? 'crash after'
      : 'append';
  });
  await told;
  const rows = run.records.flatMap(({ topic, value }) => {
    const row = topic.endsWith('.hosts') && value instanceof Struct ? value.get('after') : null;
    return row instanceof Struct ? [`${row.schema.fields.map(({ name }) => name)}: ${row.values}`] : [];
  });
  assert.deepEqual(rows, ['id,name: 1,one', 'id,name: 2,two', 'id,name: 2,three']);
});
