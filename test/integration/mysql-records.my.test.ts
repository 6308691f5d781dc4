import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mariadbConnector, mysqlConnector } from '../../connectors/mysql/plugin.ts';
import { type ConnectRecord, Struct } from '../../src/contract/index.ts';
import { freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { sharedMariadb, sharedMysql } from '../support/servers.ts';
import { SourceRun } from '../support/source-run.ts';
import { freshServerId } from './mysql-decoded-tables.ts';

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
        told ??= database.run(`set session ${annotate} = 1; insert into b values (7); truncate table a; insert into a values (9, 9)`);
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
      't a null stream null',
      'c a 9 stream insert into a values (9, 9)',
    ]);
    const [rows] = await database.connection.query('select count(*) as n from beats');
    assert.ok((rows as { n: number }[])[0]!.n > 0, 'the query of the heartbeats was run');
  });
}
