import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { PostgresConfig } from '../../connectors/postgres/options.ts';
import { Struct } from '../../src/contract/index.ts';
import { connectTo, freshDatabase } from '../support/fresh-database.ts';
import { randomOf } from '../support/random-changes.ts';
import { sharedPostgres } from '../support/servers.ts';
import type { SourceRun } from '../support/source-run.ts';
import { until } from '../support/until.ts';
import { progressOf, readsOf, rows, runOf, runWith, setup, stored, waitMsMax } from './incremental-run.ts';

const server = await sharedPostgres(18);
after(() => server);

const addedRows = 400;
const addedTopic = 'srv.public.added';
const tables = `${setup}
  create table added(id int primary key, v bigint not null);
  insert into added select n, 0 from generate_series(1, ${addedRows}) n;
  create table keyless(id int);
  insert into keyless select n from generate_series(1, 50) n;`;
const initial = { 'snapshot.mode': 'initial', 'table.include.list': 'public.items' };
const filtered = { 'publication.autocreate.mode': 'filtered' };

function include(run: SourceRun<PostgresConfig>, ...names: readonly string[]): void {
  run.config = { ...run.config, 'table.include.list': names.map(name => `public.${name}`).join(',') };
}

const knownOf = (run: SourceRun<PostgresConfig>) =>
  run.offsets.find(({ partition }) => partition['sluice_captured'] !== undefined)?.offset?.['tables'];
const isStreamed = (run: SourceRun<PostgresConfig>, topic: string, id: number) =>
  run.records.some(
    ({ topic: of, value }) => of === topic && value instanceof Struct && (value.get('after') as Struct | null)?.get('id') === id,
  );

/** The value of each row as a consumer has it in the end. */
function followed(run: SourceRun<PostgresConfig>): ReadonlyMap<number, unknown> {
  const values = new Map<number, unknown>();
  for (const { topic, value } of run.records)
    if (topic === addedTopic && value instanceof Struct) {
      const row = value.get('after') as Struct;
      values.set(row.get('id') as number, row.get('v'));
    }
  return values;
}

/** Starts, has one more row of items come by the stream, and ends: a snapshot of a new table would have been asked for by then. */
async function restart(run: SourceRun<PostgresConfig>, database: { run(sql: string): Promise<unknown> }, id: number): Promise<void> {
  await runWith(
    run,
    () => isStreamed(run, 'srv.public.items', id),
    async () => void (await database.run(`insert into items values (${id}, 0)`)),
  );
}

test('a table that is added to the list is read by itself, and nothing else again, behind the transactions of before', {
  timeout: 240_000,
}, async () => {
  await using database = await freshDatabase(server);
  await database.run(tables);
  const run = runOf(database, { ...initial, ...filtered });
  await restart(run, database, 100_000);
  assert.equal(readsOf(run).length, rows);
  assert.deepEqual(knownOf(run), ['public.items']);

  // Before the publication has the table: no stream ever brings it.
  await using before = await connectTo(database.url);
  await before.query('begin; update added set v = 7 where id = 1');
  include(run, 'items', 'added');
  await runWith(
    run,
    () => readsOf(run, addedTopic).length === addedRows && stored(run)['incremental_snapshot_collections'] === undefined,
    async () => {
      await database.run('insert into items values (100001, 0); update added set v = 8 where id = 2');
      await until(() => isStreamed(run, addedTopic, 2), { what: 'a change of the new table', timeoutMs: waitMsMax });
      assert.deepEqual([progressOf(run), knownOf(run)], [null, ['public.items']], 'not before the transaction is over');
      await before.query('commit');
    },
  );
  assert.deepEqual(knownOf(run), ['public.items', 'public.added']);
  assert.equal(readsOf(run).length, rows, 'items is not read again');
  const values = followed(run);
  assert.deepEqual([values.size, String(values.get(1)), String(values.get(2)), String(values.get(3))], [addedRows, '7', '8', '0']);

  await restart(run, database, 100_002);
  assert.equal(readsOf(run, addedTopic).length, addedRows, 'once');
  include(run, 'items');
  await restart(run, database, 100_003);
  include(run, 'items', 'added', 'keyless');
  const isRead = () => readsOf(run, addedTopic).length === 2 * addedRows && readsOf(run, 'srv.public.keyless').length === 50;
  await runWith(run, isRead, async () => {});
  assert.equal(readsOf(run).length, rows);
});

test('crashes at any batch of it: each row of the table is there, and no other is read again', { timeout: 240_000 }, async () => {
  await using database = await freshDatabase(server);
  await database.run(tables);
  // Heartbeats, so that there is always one more batch to crash at.
  const run = runOf(database, { ...initial, 'heartbeat.interval.ms': '20' });
  await restart(run, database, 100_000);
  include(run, 'items', 'added');
  const random = randomOf(7);
  for (let crash = 0; crash < 6; crash++) {
    await database.run(`insert into items values (${200_000 + crash}, 0)`);
    let batches = 1 + random(3);
    await run.run(() => (--batches > 0 ? 'append' : random(2) === 0 ? 'crash before' : 'crash after'));
  }
  const isOver = () =>
    knownOf(run)?.toString() === 'public.items,public.added' && stored(run)['incremental_snapshot_collections'] === undefined;
  await runWith(run, isOver, async () => {});
  const reads = readsOf(run, addedTopic);
  assert.deepEqual([reads.length, new Set(reads).size], [addedRows, addedRows]);
  assert.equal(readsOf(run).length, rows);
});

test('what is not read: with none, with no_data, of a table made meanwhile, and where nothing is known of before', {
  timeout: 240_000,
}, async () => {
  await using database = await freshDatabase(server);
  await database.run(tables);
  const run = runOf(database, { ...initial, 'table.include.list': 'public.items,public.made' });
  await runWith(
    run,
    () => isStreamed(run, 'srv.public.made', 1),
    async () => void (await database.run('create table made(id int primary key); insert into made values (1)')),
  );
  assert.deepEqual(knownOf(run), ['public.items', 'public.made']);
  await restart(run, database, 100_000);
  assert.deepEqual(readsOf(run, 'srv.public.made'), []);

  include(run, 'items', 'made', 'added');
  const original = run.config;
  run.config = { ...original, 'snapshot.new.tables': 'none' };
  await restart(run, database, 100_001);
  run.config = original;
  await restart(run, database, 100_002);
  include(run, 'items', 'made');
  await restart(run, database, 100_003);
  run.config = { ...original, 'snapshot.mode': 'no_data' };
  await restart(run, database, 100_004);
  include(run, 'items', 'made');
  await restart(run, database, 100_005);
  // As it is after Debezium.
  run.forget(({ partition }) => partition['sluice_captured'] !== undefined);
  run.config = original;
  await restart(run, database, 100_006);
  assert.deepEqual(readsOf(run, addedTopic), []);
  assert.equal(progressOf(run), null);
});
