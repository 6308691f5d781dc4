import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { PostgresConfig } from '../../connectors/postgres/options.ts';
import { postgresConnector } from '../../connectors/postgres/plugin.ts';
import type { SourceBatch, SourceOffset } from '../../src/contract/index.ts';
import { type FreshDatabase, freshDatabase } from '../support/fresh-database.ts';
import { randomOf } from '../support/random-changes.ts';
import { sharedPostgres } from '../support/servers.ts';
import { silentLogger } from '../support/silent-logger.ts';
import type { SourceRun } from '../support/source-run.ts';
import { until } from '../support/until.ts';
import { VersionedRows } from '../support/versioned-rows.ts';
import { changing, notesOf, notified, progressOf, readsOf, rows, runOf, runWith, setup, stored, waitMsMax } from './incremental-run.ts';

const server = await sharedPostgres(18);
after(() => server);

const keylessRows = 50;
const keylessTopic = 'srv.public.keyless';
const tables = `${setup}
  create table keyless(id int, v bigint);
  alter table keyless replica identity full;
  insert into keyless select n, 0 from generate_series(1, ${keylessRows}) n;`;
const guarded = {
  'snapshot.mode': 'initial',
  'table.include.list': 'public.items,public.keyless',
  'slot.guard.limit.bytes': '8388608',
  'slot.guard.limit.action': 'give_up',
};
const healing = { 'slot.guard.heal': 'incremental' };
const slow = { 'incremental.snapshot.rows.per.second.max': '500' };

const isGap = ({ partition }: SourceOffset) => partition['sluice_gap'] !== undefined;
const gapOf = (run: SourceRun<PostgresConfig>) => run.offsets.find(isGap)?.offset ?? null;

/** A run whose initial snapshot is done, with more options from then on. */
async function captured(database: FreshDatabase, more: Readonly<Record<string, string>>): Promise<SourceRun<PostgresConfig>> {
  await database.run(tables);
  const run = runOf(database, guarded);
  await runWith(
    run,
    () => readsOf(run).length === rows && stored(run)['snapshot'] === undefined,
    async () => void (await database.run('insert into items values (4000, 0)')),
  );
  run.config = { ...run.config, ...more };
  return run;
}

/** What the guard does at its limit, on a connection of its own. Answers whether the task would be started again. */
async function giveUp(run: SourceRun<PostgresConfig>): Promise<boolean> {
  const { config } = postgresConnector.spec.parse(run.config);
  const clock = { nowMs: () => Date.now(), nowNs: () => BigInt(Date.now()) * 1_000_000n };
  await using source = postgresConnector.create(config!, { connector: 'test', task: 0, logger: silentLogger, clock });
  const record = async (offsets: readonly SourceOffset[]) => run.append({ records: [], bytes: 0, offsets, committedAtMs: null });
  return source.giveUp!(run.offsets, record, AbortSignal.timeout(waitMsMax));
}

/** Starts it again, to be ended when something is so. */
const heal = (run: SourceRun<PostgresConfig>, isDone: () => boolean) => runWith(run, isDone, async () => {});

async function heldBy(database: FreshDatabase): Promise<readonly string[]> {
  const { rows: found } = await database.client.query(`select id || ':' || v as row from items`);
  return found.map(({ row }) => row as string).sort();
}

function followed(run: SourceRun<PostgresConfig>): VersionedRows {
  const seen = new VersionedRows();
  for (const record of run.records) if (record.topic === 'srv.public.items') seen.apply(record);
  return seen;
}

test('a gap heals beside the stream, under load and through crashes: what is left over is what was deleted in it', {
  timeout: 180_000,
}, async () => {
  await using database = await freshDatabase(server);
  const run = await captured(database, { ...healing, ...notified });
  // Beyond what the load changes, so that none of them comes back.
  const deleted = Array.from({ length: 20 }, (_, index) => 4_005 + index);
  await runWith(
    run,
    () => followed(run).rows.includes('4024:0'),
    async () => void (await database.run('insert into items select n, 0 from generate_series(4005, 4024) n')),
  );
  assert.equal(await giveUp(run), false, 'somebody restarts it');
  assert.deepEqual(Object.keys(gapOf(run)!), ['from_lsn', 'to_lsn', 'held_bytes', 'given_up_at']);
  await database.run(`update items set v = v + 1000000 where id % 3 = 0; delete from items where id between 4005 and 4024;
    insert into items select n, 5 from generate_series(5001, 5100) n; update keyless set v = 7`);
  // The new slot is made, and nothing is stored of it.
  await run.run(() => 'crash before');
  const load = changing(database, 5, 2_000_000);
  const random = randomOf(11);
  const faults: string[] = [];
  const seen = ({ offsets }: SourceBatch) => {
    const closes = offsets.some(offset => isGap(offset) && offset.offset === null);
    const left = offsets.find(({ partition }) => Object.keys(partition).join() === 'server')?.offset ?? {};
    if (closes && ('incremental_snapshot_collections' in left || 'sluice_blocking_snapshots' in left)) faults.push('closed too early');
  };
  try {
    for (let crash = 0; crash < 6; crash++) {
      let batches = 1 + random(12);
      await run.run(batch => {
        seen(batch);
        return --batches > 0 ? 'append' : random(2) === 0 ? 'crash before' : 'crash after';
      });
      assert.ok(gapOf(run) !== null, 'it is open until all is read');
    }
    await heal(run, () => gapOf(run) === null);
  } finally {
    await load.rest();
  }
  assert.deepEqual(faults, []);
  // All of the load, too.
  await runWith(
    run,
    () => followed(run).rows.includes('6000:1'),
    async () => void (await database.run('insert into items values (6000, 1)')),
  );
  const [have, held] = [followed(run), new Set(await heldBy(database))];
  assert.deepEqual(have.faults.slice(0, 5), []);
  const known = new Set(have.rows);
  assert.deepEqual([...held].filter(row => !known.has(row)).slice(0, 5), [], 'nothing is missing');
  const surplus = have.rows.filter(row => !held.has(row)).map(row => Number(row.split(':')[0]));
  assert.deepEqual(surplus.sort(), deleted, 'deleted in the gap');
  assert.ok(readsOf(run, keylessTopic).length >= 2 * keylessRows, 'the table without a key is read again');
  const told = notesOf(run).flatMap(({ aggregate, type, data }) => (aggregate === 'Slot Gap' ? [[type, data['slot']]] : []));
  assert.deepEqual(told.at(-1), ['COMPLETED', `slot_${database.name}`]);
  assert.ok(
    run.warnings.some(text =>
      /is closed: .* deleted in between are not found .* sluice verify NAME --against/.test(text.replaceAll('"', '')),
    ),
  );
});

test('a slot given up in the midst of it: what is missing reaches back to the first gap, and all is read again', {
  timeout: 240_000,
}, async () => {
  await using database = await freshDatabase(server);
  const automatic = { 'slot.guard.heal.automatic': 'true', 'slot.guard.limit.action': 'give_up', 'slot.guard.limit.bytes': '8388608' };
  const run = await captured(database, { ...healing, ...automatic, ...slow });
  assert.equal(await giveUp(run), true, 'it is started again by itself');
  const from = gapOf(run)!['from_lsn'];
  await heal(run, () => (progressOf(run)?.rows ?? 0) > 0 && readsOf(run).length > rows);
  assert.deepEqual(gapOf(run)!['tables_to_read'], ['public.items', 'public.keyless']);
  const read = readsOf(run).length;
  await database.run('update items set v = 9');
  assert.equal(await giveUp(run), false, 'once, and not over and over');
  assert.deepEqual([gapOf(run)!['from_lsn'], gapOf(run)!['tables_to_read']], [from, undefined]);
  run.config = { ...run.config, 'incremental.snapshot.rows.per.second.max': '0' };
  await heal(run, () => gapOf(run) === null);
  assert.equal(readsOf(run).length - read, rows + 1);
  assert.deepEqual(followed(run).rows, await heldBy(database));
});

test('a table that is not read keeps the gap open, and says so; the next start reads it', { timeout: 240_000 }, async () => {
  await using database = await freshDatabase(server);
  const run = await captured(database, { ...healing, ...slow, 'table.include.list': 'public.items' });
  await giveUp(run);
  const warnings = () => run.source?.status().warnings?.join() ?? '';
  await runWith(
    run,
    () => /of public\.items are still missing/.test(warnings()),
    async () => {
      await until(() => readsOf(run).length > rows, { what: 'a chunk', timeoutMs: waitMsMax });
      await run.source!.signal!({ id: 'stop', type: 'stop-snapshot', data: JSON.stringify({ type: 'incremental' }) });
    },
  );
  assert.deepEqual(gapOf(run)!['tables_to_read'], ['public.items']);
  run.config = { ...run.config, 'incremental.snapshot.rows.per.second.max': '0' };
  const before = readsOf(run).length;
  await heal(run, () => gapOf(run) === null);
  assert.equal(readsOf(run).length - before, rows + 1, 'from its beginning');
});

test('without the option a start says what is missing; a slot that was not dropped after all has it all', {
  timeout: 240_000,
}, async () => {
  await using database = await freshDatabase(server);
  const run = await captured(database, {});
  const kept = run.offsets;
  await giveUp(run);
  await assert.rejects(
    run.run(() => 'append'),
    (error: Error) => /does not exist any more.* given up at .* the changes from \S+ to \S+ are missing/.test(error.message),
  );
  // As if the worker had died between the two: the gap is recorded, the slot is there, and nothing was streamed behind it.
  await database.run(`select pg_create_logical_replication_slot('slot_${database.name}', 'pgoutput')`);
  const { rows: found } = await database.client.query(
    'select confirmed_flush_lsn::text as lsn from pg_replication_slots where slot_name = $1',
    [`slot_${database.name}`],
  );
  const [high, low] = String(found[0].lsn).split('/');
  const lsn = Number((BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`));
  const main = kept.find(({ partition }) => Object.keys(partition).length === 1)!;
  run.append({ records: [], bytes: 0, offsets: [{ ...main, offset: { ...main.offset, sluice_confirmed_lsn: lsn } }], committedAtMs: null });
  const gap = run.offsets.find(isGap)!;
  run.append({ records: [], bytes: 0, offsets: [{ ...gap, offset: { ...gap.offset, from_lsn: found[0].lsn } }], committedAtMs: null });
  const before = readsOf(run).length;
  await heal(run, () => gapOf(run) === null);
  assert.equal(readsOf(run).length, before);
});
