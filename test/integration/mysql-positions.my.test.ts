import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mariadbConnector, mysqlConnector } from '../../connectors/mysql/plugin.ts';
import { type ConnectRecord, type SourceBatch, Struct } from '../../src/contract/index.ts';
import { type MysqlServer, startMariadb, startMysql } from '../services/mysql.ts';
import { connectMysql, type FreshMysqlDatabase, freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { SourceRun } from '../support/source-run.ts';
import { until as untilState } from '../support/until.ts';
import { mysqlSourceOptions } from './mysql-source-options.ts';

// Servers of their own: their binlogs are purged.
const servers = { mysql: await startMysql(), mariadb: await startMariadb() };
after(async () => {
  await servers.mysql[Symbol.asyncDispose]();
  await servers.mariadb[Symbol.asyncDispose]();
});

const connectors = { mysql: mysqlConnector, mariadb: mariadbConnector };
const flavors = ['mysql', 'mariadb'] as const;

function runOn(server: MysqlServer, database: FreshMysqlDatabase, options: Readonly<Record<string, string>> = {}) {
  const config = {
    ...mysqlSourceOptions(server, database.name),
    ...options,
  };
  return new SourceRun(config, connectors[server.flavor]);
}

/** `op` and key of a table's records. */
function changes(records: readonly ConnectRecord[], topic: string): readonly string[] {
  return records.flatMap(({ topic: of, key, value }) =>
    of === topic && value instanceof Struct ? [`${value.get('op')} ${key instanceof Struct ? key.values.join() : 'null'}`] : [],
  );
}

/** Until a change of that key has come: a marker that the test writes last. */
const until = (topic: string, key: string) => (batch: SourceBatch) =>
  changes(batch.records, topic).some(change => change.endsWith(` ${key}`)) ? ('crash after' as const) : ('append' as const);

for (const flavor of flavors) {
  const server = servers[flavor];

  test(`a purged binlog stops the task with POSITION_LOST, and when_needed takes a new snapshot (${flavor})`, async () => {
    await using database = await freshMysqlDatabase(server);
    await database.run('create table t (id int primary key); insert into t values (1)');
    const topic = `srv.${database.name}.t`;
    const run = runOn(server, database);
    await run.run(batch => (batch.offsets.some(({ offset }) => offset?.['snapshot_completed'] === true) ? 'crash after' : 'append'));
    await database.run('insert into t values (2); flush binary logs; insert into t values (3); flush binary logs');
    // The server keeps what the connection that is gone was reading, until it has noticed.
    const purged = async () => {
      const [logs] = await database.connection.query('show binary logs');
      const names = (logs as { Log_name: string }[]).map(log => log.Log_name);
      await database.run(`purge binary logs to '${names.at(-1)}'`);
      return names.length === 1;
    };
    await untilState(purged, { what: 'the binlog to be purged', timeoutMs: 60_000, everyMs: 50 });
    await assert.rejects(
      run.run(() => assert.fail('nothing is read')),
      { code: 'POSITION_LOST' },
    );
    run.config = { ...run.config, 'snapshot.mode': 'when_needed' };
    let told: Promise<void> | null = null;
    const end = until(topic, '4');
    await run.run(batch => {
      if (batch.offsets.some(({ offset }) => offset?.['snapshot_completed'] === true)) told ??= database.run('insert into t values (4)');
      return end(batch);
    });
    await told;
    assert.deepEqual(changes(run.records, topic), ['r 1', 'r 1', 'r 2', 'r 3', 'c 4']);
  });

  test(`no_data reads the schema and no row; recovery makes a lost schema history anew (${flavor})`, async () => {
    await using database = await freshMysqlDatabase(server);
    await database.run('create table t (id int primary key, v bool default true); insert into t values (1, false)');
    const topic = `srv.${database.name}.t`;
    const run = runOn(server, database, { 'snapshot.mode': 'no_data' });
    let told: Promise<void> | null = null;
    const first = until(topic, '2');
    await run.run(batch => {
      told ??= database.run('insert into t values (2, true)');
      return first(batch);
    });
    await told;
    assert.deepEqual(changes(run.records, topic), ['c 2']);
    assert.ok(run.internal.length > 0, 'the schema is recorded');
    await database.run('insert into t values (3, true)');
    run.internal.length = 0;
    await assert.rejects(
      run.run(() => assert.fail('nothing is read')),
      { code: 'SCHEMA_HISTORY_LOST' },
    );
    run.config = { ...run.config, 'snapshot.mode': 'recovery' };
    await run.run(until(topic, '3'));
    run.config = { ...run.config, 'snapshot.mode': 'initial' };
    await database.run('insert into t values (4, true)');
    await run.run(until(topic, '4'));
    assert.deepEqual(changes(run.records, topic), ['c 2', 'c 3', 'c 4']);
  });

  test(`rows written before a later DDL read as they were, also after a restart in between (${flavor})`, async () => {
    await using database = await freshMysqlDatabase(server);
    await database.run('create table t (id int primary key, a int default 5)');
    const topic = `srv.${database.name}.t`;
    // The renamed table is another, whose rows would be read.
    const run = runOn(server, database, { 'snapshot.new.tables': 'none' });
    await run.run(batch => (batch.offsets.some(({ offset }) => offset?.['snapshot_completed'] === true) ? 'crash after' : 'append'));
    await database.run(`
      insert into t values (1, 1); alter table t add column b varchar(10) not null default 'x' after id; insert into t (id) values (2);
      alter table t drop column a; insert into t values (3, 'y'); rename table t to u; create table t (k varchar(5) primary key);
      insert into t values ('end')`);
    let crashes = 0;
    const end = until(topic, 'end');
    // Every batch is read twice: lost once before it is durable.
    for (let done = false; !done; ) {
      let batches = 1 + (crashes++ % 2);
      await run.run(batch => {
        if (--batches === 0 && crashes % 2 === 1) return 'crash before';
        done = end(batch) === 'crash after';
        return 'crash after';
      });
      assert.ok(crashes < 50, 'it comes to an end');
    }
    const rows = run.records.flatMap(({ topic: of, value }) => {
      const after = value instanceof Struct && value.schema.indexOf('after') >= 0 ? value.get('after') : null;
      return after instanceof Struct ? [`${of.split('.').at(-1)} ${after.schema.fields.map(({ name }) => name)} ${after.values}`] : [];
    });
    assert.deepEqual(rows, ['t id,a 1,1', 't id,b,a 2,x,5', 't id,b 3,y', 't k end']);
  });

  test(`without RELOAD the captured tables are locked, and without that right too the snapshot says what may happen (${flavor})`, async () => {
    await using database = await freshMysqlDatabase(server);
    await database.run('create table t (id int primary key); insert into t values (1)');
    const user = `reader_${database.name}`.slice(0, 30);
    const client = flavor === 'mysql' ? 'replication client' : 'binlog monitor';
    await database.run(`create user ${user} identified by 'secret'; grant replication slave, ${client}, select on *.* to ${user}`);
    const topic = `srv.${database.name}.t`;
    for (const locks of [false, true]) {
      if (locks) await database.run(`grant lock tables on ${database.name}.* to ${user}`);
      const run = runOn(server, database, { 'database.user': user, 'database.password': 'secret' });
      await run.run(batch => (batch.offsets.some(({ offset }) => offset?.['snapshot_completed'] === true) ? 'crash after' : 'append'));
      assert.deepEqual(changes(run.records, topic), ['r 1']);
      const said = run.warnings.filter(message => message.includes('without a lock'));
      // MariaDB tells where a view stands: nothing is in doubt there.
      assert.equal(said.length, locks || flavor === 'mariadb' ? 0 : 1, run.warnings.join('; '));
    }
    await database.run(`drop user ${user}`);
  });
}

test('a transaction that a crash cut in two goes on by GTID and by file and position', async () => {
  const server = servers.mysql;
  for (const ignored of ['false', 'true']) {
    await using database = await freshMysqlDatabase(server);
    await database.run('create table t (id int primary key); create table unseen (id int primary key)');
    const topic = `srv.${database.name}.t`;
    const run = runOn(server, database, {
      'gtid.ignore.on.recovery': ignored,
      'table.include.list': `${database.name}.t`,
      'max.batch.size': '2',
      'provide.transaction.metadata': 'true',
    });
    await run.run(batch => (batch.offsets.some(({ offset }) => offset?.['snapshot_completed'] === true) ? 'crash after' : 'append'));
    await using client = await connectMysql(server, { database: database.name });
    await client.query('begin');
    for (let id = 1; id <= 20; id++) {
      await client.query('insert into t values (?)', [id]);
      await client.query('insert into unseen values (?)', [id]);
    }
    await client.query('commit');
    for (let turn = 0; changes(run.records, topic).length < 20; turn++) {
      await run.run(() => (turn % 3 === 0 ? 'crash before' : 'crash after'));
      assert.ok(turn < 100, 'it comes to an end');
    }
    assert.deepEqual(
      changes(run.records, topic),
      Array.from({ length: 20 }, (_, index) => `c ${index + 1}`),
    );
    const orders = run.records.flatMap(({ topic: of, value }) => {
      const block = of === topic && value instanceof Struct ? value.get('transaction') : null;
      return block instanceof Struct ? [Number(block.get('total_order'))] : [];
    });
    assert.deepEqual(
      orders,
      Array.from({ length: 20 }, (_, index) => index + 1),
      'the order within the transaction goes on, too',
    );
  }
});
