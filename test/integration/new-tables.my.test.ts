import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Struct } from '../../src/contract/index.ts';
import { connectMysql, type FreshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { randomOf } from '../support/random-changes.ts';
import { sharedMariadb, sharedMysql } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { type AnyRun, progressOf, readsOf, rows, runWith, stored, waitMsMax } from './incremental-run.ts';
import { itemsDatabase, mysqlRunOf } from './mysql-incremental-run.ts';

const servers = { mysql: await sharedMysql(), mariadb: await sharedMariadb() };

type Run = ReturnType<typeof mysqlRunOf>;
const addedRows = 400;
const initial = { 'snapshot.mode': 'initial' };

async function tablesOf(server: (typeof servers)['mysql']): Promise<FreshMysqlDatabase> {
  const database = await itemsDatabase(server);
  const numbers = Array.from({ length: addedRows }, (_, n) => n + 1);
  await database.run(`
    create table added(id int primary key, v bigint not null);
    insert into added values ${numbers.map(n => `(${n}, 0)`).join(', ')};
    create table keyless(id int);
    insert into keyless values ${numbers
      .slice(0, 50)
      .map(n => `(${n})`)
      .join(', ')};
    create table dated(day date primary key);
    insert into dated values ('2026-01-02'), ('2026-01-03');`);
  return database;
}

function include(run: Run, { name }: FreshMysqlDatabase, ...tables: readonly string[]): void {
  run.config = { ...run.config, 'table.include.list': tables.map(table => `${name}.${table}`).join(',') };
}

const topicOf = ({ name }: FreshMysqlDatabase, table: string) => `srv.${name}.${table}`;
const knownOf = (run: AnyRun) => run.offsets.find(({ partition }) => partition['sluice_captured'] !== undefined)?.offset?.['tables'];
const isStreamed = (run: AnyRun, topic: string, id: number) =>
  run.records.some(
    ({ topic: of, value }) =>
      of === topic && value instanceof Struct && value.get('op') !== 'r' && (value.get('after') as Struct | null)?.get('id') === id,
  );

/** Starts, has one more row of items come by the stream, and ends: a snapshot of a new table would have been asked for by then. */
async function restart(run: Run, database: FreshMysqlDatabase, id: number): Promise<void> {
  await runWith(
    run,
    () => isStreamed(run, topicOf(database, 'items'), id),
    async () => void (await database.run(`insert into items values (${id}, 0, null)`)),
  );
}

for (const flavor of ['mysql', 'mariadb'] as const) {
  test(`a table that is added to the list is read by itself, and nothing else again (${flavor})`, { timeout: 240_000 }, async () => {
    const server = servers[flavor];
    await using database = await tablesOf(server);
    const [items, added, keyless, dated] = ['items', 'added', 'keyless', 'dated'].map(table => topicOf(database, table));
    const named = (...tables: readonly string[]) => tables.map(table => `${database.name}.${table}`);
    const run = mysqlRunOf(flavor, server, database, initial);
    include(run, database, 'items');
    await restart(run, database, 100_000);
    assert.equal(readsOf(run, items).length, rows);
    assert.deepEqual(knownOf(run), named('items'));

    // Committed while nothing runs, and while it does.
    await using before = await connectMysql(server, { database: database.name });
    await before.query('begin; update added set v = 7 where id = 1');
    await database.run('update added set v = 6 where id = 3');
    include(run, database, 'items', 'added');
    const isRead = () => readsOf(run, added).length > 0 && stored(run)['incremental_snapshot_collections'] === undefined;
    await runWith(run, isRead, async () => {
      await database.run('update added set v = 8 where id = 2');
      await before.query('commit');
      await until(() => isStreamed(run, added!, 1), { what: 'a change of the new table', timeoutMs: waitMsMax });
    });
    assert.deepEqual(knownOf(run), named('items', 'added'));
    assert.equal(readsOf(run, items).length, rows, 'items is not read again');
    const values = new Map<number, string>();
    for (const { topic, value } of run.records)
      if (topic === added && value instanceof Struct) {
        const row = value.get('after') as Struct;
        values.set(row.get('id') as number, String(row.get('v')));
      }
    assert.deepEqual([values.size, ...[1, 2, 3, 4].map(id => values.get(id))], [addedRows, '7', '8', '6', '0']);

    const reads = readsOf(run, added).length;
    await restart(run, database, 100_001);
    assert.equal(readsOf(run, added).length, reads, 'once');
    include(run, database, 'items');
    await restart(run, database, 100_002);
    include(run, database, 'items', 'added', 'keyless', 'dated');
    const areRead = () =>
      readsOf(run, added).length === reads + addedRows && readsOf(run, keyless).length === 50 && isOfTopic(run, dated!) === 2;
    await runWith(run, areRead, async () => {});
    assert.equal(readsOf(run, items).length, rows);
  });
}

const isOfTopic = (run: AnyRun, topic: string) => run.records.filter(({ topic: of }) => of === topic).length;

test('crashes at any batch of it: each row of the table is there, and no other is read again', { timeout: 240_000 }, async () => {
  await using database = await tablesOf(servers.mysql);
  const added = topicOf(database, 'added');
  // Heartbeats, so that there is always one more batch to crash at. Of the table's definition the schema history knows nothing.
  const run = mysqlRunOf('mysql', servers.mysql, database, {
    ...initial,
    'heartbeat.interval.ms': '20',
    'schema.history.internal.store.only.captured.tables.ddl': 'true',
  });
  include(run, database, 'items');
  await restart(run, database, 100_000);
  include(run, database, 'items', 'added');
  const random = randomOf(7);
  for (let crash = 0; crash < 6; crash++) {
    await database.run(`insert into items values (${200_000 + crash}, 0, null); insert into added values (${1_000 + crash}, 0)`);
    // The first batch of all tells what is known.
    let batches = crash === 0 ? 1 : 1 + random(4);
    await run.run(() => (--batches > 0 ? 'append' : crash > 0 && random(2) === 0 ? 'crash before' : 'crash after'));
  }
  const isOver = () => (knownOf(run) as unknown[])?.length === 2 && stored(run)['incremental_snapshot_collections'] === undefined;
  await runWith(run, isOver, async () => {});
  const reads = readsOf(run, added).filter(id => Number(id) <= addedRows);
  assert.deepEqual([reads.length, new Set(reads).size], [addedRows, addedRows]);
  for (let crash = 0; crash < 6; crash++) assert.ok(isStreamed(run, added, 1_000 + crash));
  assert.equal(readsOf(run, topicOf(database, 'items')).length, rows);
});

test('what is not read: with none, with no_data, of a table made meanwhile, and where nothing is known of before', {
  timeout: 240_000,
}, async () => {
  await using database = await tablesOf(servers.mysql);
  const run = mysqlRunOf('mysql', servers.mysql, database, initial);
  include(run, database, 'items', 'made');
  const made = topicOf(database, 'made');
  await runWith(
    run,
    () => isStreamed(run, made, 1),
    async () => void (await database.run('create table made(id int primary key); insert into made values (1)')),
  );
  assert.deepEqual(
    knownOf(run),
    ['items', 'made'].map(table => `${database.name}.${table}`),
  );
  await restart(run, database, 100_000);
  // One that is made while nothing runs: the binlog has all of its rows.
  include(run, database, 'items', 'made', 'later');
  await database.run('create table later(id int primary key); insert into later values (1); alter table later add column w int');
  await restart(run, database, 100_007);
  assert.ok(isStreamed(run, topicOf(database, 'later'), 1));
  await restart(run, database, 100_008);
  assert.deepEqual([...readsOf(run, made), ...readsOf(run, topicOf(database, 'later'))], []);

  include(run, database, 'items', 'made', 'added');
  const original = run.config;
  run.config = { ...original, 'snapshot.new.tables': 'none' };
  await restart(run, database, 100_001);
  run.config = original;
  await restart(run, database, 100_002);
  include(run, database, 'items', 'made');
  await restart(run, database, 100_003);
  run.config = { ...original, 'snapshot.mode': 'no_data' };
  await restart(run, database, 100_004);
  include(run, database, 'items', 'made');
  await restart(run, database, 100_005);
  // As it is after Debezium.
  run.forget(({ partition }) => partition['sluice_captured'] !== undefined);
  run.config = original;
  await restart(run, database, 100_006);
  assert.deepEqual(readsOf(run, topicOf(database, 'added')), []);
  assert.equal(progressOf(run), null);
});
