import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { Struct } from '../../src/contract/index.ts';
import { connectTo, freshDatabase } from '../support/fresh-database.ts';
import { randomOf } from '../support/random-changes.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { sharedPostgres } from '../support/servers.ts';
import { until } from '../support/until.ts';
import {
  assertFollowed,
  changing,
  execute,
  isFinished,
  notesOf,
  notified,
  progressOf,
  readsOf,
  rows,
  runOf,
  runWith,
  setup,
  signal,
  stored,
  waitMsMax,
  withFilter,
  withSignalTable,
} from './incremental-run.ts';

const server = await sharedPostgres(18);
after(() => server);

for (const [seed, options] of [
  [1, withSignalTable],
  [2, { ...withSignalTable, 'incremental.snapshot.watermarking.strategy': 'insert_delete', 'provide.transaction.metadata': 'true' }],
  [3, { ...withSignalTable, 'read.only': 'true', 'max.batch.size': '16' }],
] as const) {
  test(`crashes at any batch of an incremental snapshot under load lose nothing, and nothing is older after newer (seed ${seed})`, {
    timeout: 240_000,
  }, async t => {
    await using database = await freshDatabase(server);
    await database.run(setup);
    const random = randomOf(seed);
    const run = runOf(database, options);
    // The slot first: what is changed before it is nobody's.
    await runWith(
      run,
      () => true,
      async () => {},
    );
    const load = changing(database, seed);
    await signal(database, `load-${seed}`, 'execute-snapshot', execute(['public.items']));
    for (let crash = 0; crash < 8; crash++) {
      let batches = 1 + random(12);
      await run.run(() => (--batches > 0 ? 'append' : random(2) === 0 ? 'crash before' : 'crash after'));
    }
    const isTold = () => run.records.some(({ key }) => key instanceof Struct && key.values[0] === 100_000);
    await runWith(run, isTold, async () => {
      const isOver = () => stored(run)['incremental_snapshot_collections'] === undefined && readsOf(run).length > 0;
      await until(isOver, { what: 'the end of the snapshot', timeoutMs: waitMsMax });
      await load.rest();
      await database.client.query('insert into items values (100000, 1)');
    });
    const { operations } = await assertFollowed(database, run);
    t.diagnostic([...operations].map(([operation, count]) => `${operation} ${count}`).join(', '));
    const reads = readsOf(run);
    assert.ok(reads.length > rows / 2, `${reads.length} rows were read`);
    assert.equal(new Set(reads).size, reads.length, 'none twice: a restart goes on behind the last chunk');
    const { rows: watermarks } = await database.client.query(
      `select type, count(*)::int from signals where id not like 'load-%' group by type`,
    );
    const left = watermarks.map(({ type }) => type as string).sort();
    // With insert_delete only a window that a crash left open.
    if (seed === 2) assert.ok(left.every(type => type === 'snapshot-window-open'));
    else assert.deepEqual(left, seed === 1 ? ['snapshot-window-close', 'snapshot-window-open'] : []);
  });
}

test('without a signal table, by a call: on a server where nothing else happens and a transaction idles', {
  timeout: 240_000,
}, async () => {
  await using database = await freshDatabase(server);
  await database.run(setup);
  await using idle = await connectTo(database.url);
  const run = runOf(database, notified);
  const connections = async () =>
    (await database.client.query('select count(*)::int as n from pg_stat_activity where datname = current_database()')).rows[0].n as number;
  await runWith(
    run,
    () => readsOf(run).length === rows && notesOf(run).some(({ type }) => type === 'COMPLETED'),
    async () => {
      // What it has written is not flushed while it is idle: the stream is not to wait for it.
      await idle.query(`begin; insert into items values (200000, 0)`);
      const before = await connections();
      await run.source!.signal!({ id: 'call-1', type: 'execute-snapshot', data: execute(['public\\.it.*']) });
      await until(() => isFinished(run), { what: 'the end of the snapshot', timeoutMs: waitMsMax });
      await until(async () => (await connections()) <= before, { what: 'its connection to be given back' });
      const { id, chunks, rows: read, tables, endsAtMs } = progressOf(run)!;
      assert.deepEqual([id, chunks, read], ['call-1', rows / 100, rows]);
      assert.deepEqual(
        tables.map(({ name, state, rows: found }) => [name, state, found]),
        [['public.items', 'done', rows]],
      );
      assert.ok(endsAtMs !== null && endsAtMs <= Date.now());
      await idle.query('rollback');
    },
  );
  assert.equal(new Set(readsOf(run)).size, rows);
  const notes = notesOf(run);
  const chunks = notes.filter(({ type }) => type === 'IN_PROGRESS');
  assert.equal(chunks.length, rows / 100);
  assert.deepEqual(chunks.at(-1), {
    aggregate: 'Incremental Snapshot',
    type: 'IN_PROGRESS',
    id: 'call-1',
    data: {
      connector_name: 'srv',
      current_collection_in_progress: 'public.items',
      data_collections: 'public.items',
      last_processed_key: String(rows),
      maximum_key: String(rows),
    },
  });
  assert.deepEqual(
    notes.filter(({ type }) => type !== 'IN_PROGRESS').map(({ aggregate, type, data }) => [aggregate, type, data['status']]),
    [
      ['Initial Snapshot', 'SKIPPED', undefined],
      ['Incremental Snapshot', 'STARTED', undefined],
      ['Incremental Snapshot', 'TABLE_SCAN_COMPLETED', 'SUCCEEDED'],
      ['Incremental Snapshot', 'COMPLETED', undefined],
    ],
  );
  const read = run.records.find(({ value }) => value instanceof Struct && value.get('op') === 'r');
  const source = (read!.value as Struct).get('source') as Struct;
  assert.deepEqual([source.get('snapshot'), source.get('txId'), source.get('lsn')], ['incremental', null, null]);
  assert.match(String(source.get('sequence')), /^\[(?:null|"\d+"),"\d+"\]$/);
});

test('conditions, surrogate keys, tables that cannot be read, pause, stop and the pace', { timeout: 240_000 }, async () => {
  await using database = await freshDatabase(server);
  await database.run(`${setup}
    create table keyless(seq int not null, n int);
    alter table keyless replica identity full;
    insert into keyless select n, n from generate_series(1, 250) n;
    create table odd("the key" text, "Part" numeric, v int, primary key ("the key", "Part"));
    insert into odd select E'it''s \\\\ ' || n, n + 0.5, n from generate_series(1, 250) n;
    create table empty(id int primary key);`);
  const run = runOf(database, { ...withSignalTable, 'incremental.snapshot.rows.per.second.max': '20000' });
  const finished = async (id: string) => {
    await until(() => progressOf(run)?.id === id && isFinished(run), { what: `the end of ${id}`, timeoutMs: waitMsMax });
    return Object.fromEntries(progressOf(run)!.tables.map(({ name, state, rows: read }) => [name, [state, read]]));
  };
  await runWith(
    run,
    () => true,
    async () => {
      await signal(
        database,
        's1',
        'execute-snapshot',
        execute(['public.keyless', 'public.empty', 'public.missing', 'public.odd'], {
          'additional-conditions': [{ 'data-collection': 'public.odd', filter: '"Part" > 100' }],
        }),
      );
      assert.deepEqual(await finished('s1'), {
        'public.keyless': ['skipped', 0],
        'public.empty': ['done', 0],
        'public.missing': ['skipped', 0],
        'public.odd': ['done', 151],
      });
      assert.match(run.warnings.join('\n'), /public\.keyless out: .*no primary key/);
      assert.match(run.warnings.join('\n'), /public\.missing out: There is no table/);
      await signal(database, 's2', 'execute-snapshot', execute(['public.keyless'], { 'surrogate-key': 'seq' }));
      assert.deepEqual(await finished('s2'), { 'public.keyless': ['done', 250] });
      await signal(
        database,
        's3',
        'execute-snapshot',
        execute(['public.odd'], { 'additional-conditions': [{ 'data-collection': '.*', filter: 'no such column' }] }),
      );
      assert.deepEqual(await finished('s3'), { 'public.odd': ['skipped', 0] });
      await signal(database, 'bad', 'execute-snapshot', 'no JSON');
      await until(() => run.warnings.some(warning => /signal bad .*not a JSON object/.test(warning)), { what: 'the warning' });
      // Both in one transaction: paused before anything is read.
      await database.client.query(`insert into signals values ('s4', 'execute-snapshot', $1), ('p4', 'pause-snapshot', '{}')`, [
        execute(['public.items', 'public.odd']),
      ]);
      await until(() => progressOf(run)?.id === 's4' && progressOf(run)?.state === 'paused', { what: 'the pause', timeoutMs: waitMsMax });
      await signal(database, 't4', 'stop-snapshot', JSON.stringify({ 'data-collections': ['public.items'], type: 'incremental' }));
      await until(() => progressOf(run)?.tables[0]?.state === 'stopped', { what: 'the stop', timeoutMs: waitMsMax });
      assert.equal(progressOf(run)?.state, 'paused');
      await run.source!.signal!({ id: 'r4', type: 'resume-snapshot', data: null });
      assert.deepEqual(await finished('s4'), { 'public.items': ['stopped', 0], 'public.odd': ['done', 250] });
      await assert.rejects(run.source!.signal!({ id: 't5', type: 'stop-snapshot', data: null }), { code: 'BAD_REQUEST' });
    },
  );
  assert.equal(stored(run)['incremental_snapshot_collections'], undefined);
});

test('a pause outlives a restart, and what is stored is where it goes on', { timeout: 240_000 }, async () => {
  await using database = await freshDatabase(server);
  await database.run(setup);
  const run = runOf(database, { 'incremental.snapshot.rows.per.second.max': '400' });
  const isPausedInOffset = () => (stored(run)['sluice_incremental_snapshot'] as { paused?: boolean } | undefined)?.paused === true;
  await runWith(run, isPausedInOffset, async () => {
    await run.source!.signal!({ id: 'c1', type: 'execute-snapshot', data: execute(['public.items']) });
    await until(() => (progressOf(run)?.chunks ?? 0) >= 2, { what: 'two chunks', timeoutMs: waitMsMax });
    await run.source!.signal!({ id: 'p1', type: 'pause-snapshot', data: null });
  });
  assert.match(String(stored(run)['incremental_snapshot_primary_key']), /^aced0005/);
  const before = readsOf(run).length;
  assert.ok(before >= 200 && before < rows, `${before} rows before the restart`);
  run.config = { ...run.config, 'incremental.snapshot.rows.per.second.max': '0' };
  await runWith(
    run,
    () => readsOf(run).length >= rows && stored(run)['incremental_snapshot_collections'] === undefined,
    async () => {
      await run.source!.signal!({ id: 'r1', type: 'resume-snapshot', data: null });
    },
  );
  assert.equal(readsOf(run).length, rows);
  assert.equal(new Set(readsOf(run)).size, rows, 'none twice');
});

test('an offset as Debezium stores it in mid-snapshot is gone on with, behind its key', { timeout: 240_000 }, async () => {
  await using database = await freshDatabase(server);
  await database.run(setup);
  const run = runOf(database, { ...withSignalTable, 'incremental.snapshot.rows.per.second.max': '400' });
  await runWith(
    run,
    () => true,
    async () => {
      await signal(database, 'd1', 'execute-snapshot', execute(['public.items'], withFilter));
      await until(() => ((stored(run)['sluice_incremental_snapshot'] as { chunks?: number } | undefined)?.chunks ?? 0) >= 2, {
        what: 'two chunks',
        timeoutMs: waitMsMax,
      });
    },
  );
  // Of the snapshot Debezium has no other keys than its own.
  run.keep(offset => Object.fromEntries(Object.entries(offset).filter(([name]) => name !== 'sluice_incremental_snapshot')));
  const before = readsOf(run).length;
  run.config = { ...run.config, 'incremental.snapshot.rows.per.second.max': '0' };
  await runWith(
    run,
    () => stored(run)['incremental_snapshot_collections'] === undefined && readsOf(run).length > before,
    async () => {},
  );
  assert.deepEqual(
    readsOf(run).map(Number),
    Array.from({ length: 1_000 }, (_, n) => n + 1),
    'each row once, in order; no row that the filter excludes',
  );
});

test('notifications of an initial snapshot, table by table', { timeout: 240_000 }, async () => {
  await using database = await freshDatabase(server);
  await database.run(setup);
  const run = runOf(database, { ...notified, 'snapshot.mode': 'initial', 'table.include.list': 'public.items,public.signals' });
  await runWith(
    run,
    () => notesOf(run).some(({ type }) => type === 'COMPLETED'),
    async () => {},
  );
  assert.deepEqual(
    notesOf(run).map(({ aggregate, type, data }) => [aggregate, type, data['scanned_collection'], data['total_rows_scanned']]),
    [
      ['Initial Snapshot', 'STARTED', undefined, undefined],
      ['Initial Snapshot', 'IN_PROGRESS', undefined, undefined],
      ['Initial Snapshot', 'TABLE_SCAN_COMPLETED', 'public.items', String(rows)],
      ['Initial Snapshot', 'IN_PROGRESS', undefined, undefined],
      ['Initial Snapshot', 'TABLE_SCAN_COMPLETED', 'public.signals', '0'],
      ['Initial Snapshot', 'COMPLETED', undefined, undefined],
    ],
  );
});

test('signals of a file', { timeout: 240_000 }, async () => {
  await using database = await freshDatabase(server);
  await database.run(setup);
  using scratch = new ScratchFolder('signals');
  const file = scratch.file('signals.txt');
  const run = runOf(database, { 'signal.enabled.channels': 'file', 'signal.file': file, 'signal.poll.interval.ms': '20' });
  writeFileSync(file, `{"id": "f1", "type": "execute-snapshot", "data": ${execute(['public.items'])}}\n`);
  await runWith(
    run,
    () => readsOf(run).length === rows,
    async () => {},
  );
});
