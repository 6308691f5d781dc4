import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mariadbConnector, mysqlConnector } from '../../connectors/mysql/plugin.ts';
import { type SourceBatch, Struct } from '../../src/contract/index.ts';
import { type FreshMysqlDatabase, freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { sharedMariadb, sharedMysql } from '../support/servers.ts';
import { SourceRun } from '../support/source-run.ts';
import { mysqlSourceOptions } from './mysql-source-options.ts';

const servers = { mysql: await sharedMysql(), mariadb: await sharedMariadb() };
const connectors = { mysql: mysqlConnector, mariadb: mariadbConnector };
after(() => servers);

const isComplete = ({ offsets }: SourceBatch) => offsets.some(({ offset }) => offset?.['snapshot_completed'] === true);

for (const flavor of ['mysql', 'mariadb'] as const) {
  const server = servers[flavor];

  function runOn(database: FreshMysqlDatabase, options: Readonly<Record<string, string>>) {
    const config = {
      ...mysqlSourceOptions(server, database.name),
      ...options,
    };
    return new SourceRun(config, connectors[flavor]);
  }

  const changes = (records: SourceBatch['records']) =>
    records.flatMap(({ topic, key, value }) =>
      topic.endsWith('.t') && key instanceof Struct && value instanceof Struct ? [`${value.get('op')} ${key.values}`] : [],
    );
  const until = (change: string) => (batch: SourceBatch) =>
    changes(batch.records).includes(change) ? ('crash after' as const) : ('append' as const);

  test(`initial_only ends with the snapshot, and stays ended (${flavor})`, { timeout: 180_000 }, async () => {
    await using database = await freshMysqlDatabase(server);
    await database.run('create table t (id int primary key); insert into t values (1)');
    const run = runOn(database, { 'snapshot.mode': 'initial_only' });
    await run.run(() => 'append');
    await database.run('insert into t values (2)');
    await run.run(() => 'append');
    assert.deepEqual(changes(run.records), ['r 1']);
    run.config = { ...run.config, 'snapshot.mode': 'initial' };
    await run.run(until('c 2'));
    assert.deepEqual(changes(run.records), ['r 1', 'c 2'], 'the stream begins where the snapshot was');
  });

  test(`always reads all tables again at every start (${flavor})`, { timeout: 180_000 }, async () => {
    await using database = await freshMysqlDatabase(server);
    await database.run('create table t (id int primary key); insert into t values (1)');
    const run = runOn(database, { 'snapshot.mode': 'always' });
    await run.run(batch => (isComplete(batch) ? 'crash after' : 'append'));
    await database.run('insert into t values (2)');
    let told: Promise<void> | null = null;
    await run.run(batch => {
      if (isComplete(batch)) told ??= database.run('insert into t values (3)');
      return until('c 3')(batch);
    });
    await told;
    assert.deepEqual(changes(run.records), ['r 1', 'r 1', 'r 2', 'c 3']);
  });

  test(`the lock: minimal and none let writes through while rows are read, extended makes them wait (${flavor})`, {
    timeout: 180_000,
  }, async () => {
    for (const locking of ['minimal', 'none', 'extended']) {
      await using database = await freshMysqlDatabase(server);
      await database.run('create table t (id int primary key); insert into t values (1)');
      const run = runOn(database, { 'snapshot.mode': 'initial', 'snapshot.locking.mode': locking });
      await using _ = database;
      let written = false;
      let writing: Promise<void> | null = null;
      let afterRead: boolean | null = null;
      await run.run(async batch => {
        if (batch.records.length > 0 && writing === null) {
          writing = database.run('insert into t values (2)').then(() => {
            written = true;
          });
          if (locking !== 'extended') await writing;
        }
        if (isComplete(batch)) afterRead = written;
        return until('c 2')(batch);
      });
      await writing;
      assert.equal(afterRead, locking !== 'extended', locking);
      assert.deepEqual(changes(run.records), ['r 1', 'c 2'], locking);
    }
  });
}
