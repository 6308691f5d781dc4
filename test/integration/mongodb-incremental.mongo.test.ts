import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Document, Long, ObjectId } from 'mongodb';
import { Struct } from '../../src/contract/index.ts';
import { FollowedDocuments, lineOf } from '../support/followed-documents.ts';
import type { FreshMongoDatabase } from '../support/fresh-mongo-database.ts';
import { randomOf } from '../support/random-changes.ts';
import { sharedMongodb } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { type AnyRun, execute, isFinished, notesOf, notified, progressOf, runWith, waitMsMax } from './incremental-run.ts';
import {
  changingItems,
  documents,
  type Item,
  insertSignal,
  itemsDatabase,
  itemsTopic,
  mongoRunOf,
  signalCollectionOf,
  storedOffset,
} from './mongodb-incremental-run.ts';

/** All of it on SecantusDB, a stand-in, unless TEST_MONGO_URL names a real MongoDB. */
const server = await sharedMongodb();

const keysOf = (run: AnyRun, topic: string, op: string) =>
  run.records.flatMap(({ topic: of, key, value }) =>
    of === topic && key instanceof Struct && value instanceof Struct && value.get('op') === op ? [String(key.values[0])] : [],
  );

async function assertFollowed(database: FreshMongoDatabase, run: AnyRun): Promise<void> {
  const followed = new FollowedDocuments();
  for (const record of run.records) if (record.topic === itemsTopic(database)) followed.apply(record);
  assert.deepEqual(followed.faults.slice(0, 5), [], `${followed.faults.length} faults`);
  const found = await database.db.collection<Item>('items').find().toArray();
  const expected = found.map(lineOf).sort();
  const differing = followed.lines.filter(line => !expected.includes(line)).slice(0, 5);
  assert.deepEqual(differing, [], 'the documents that the records lead to are those of the collection');
  assert.equal(followed.lines.length, expected.length);
}

const cases = [
  { name: 'by the signal collection', options: {}, closes: true },
  { name: 'read-only, in small batches', options: { 'read.only': 'true', 'max.batch.size': '16' }, closes: false },
  {
    name: 'updates without documents, watermarks deleted',
    options: { 'capture.mode': 'change_streams', 'incremental.snapshot.watermarking.strategy': 'insert_delete' },
    closes: false,
  },
];

for (const [seed, { name, options, closes }] of cases.entries()) {
  test(`crashes at any batch of an incremental snapshot under load lose nothing, and nothing is older after newer (${name})`, {
    timeout: 240_000,
  }, async () => {
    await using database = await itemsDatabase(server);
    const random = randomOf(seed);
    const run = mongoRunOf(database, { ...signalCollectionOf(database), ...options });
    // A position first: what is changed before it is nobody's.
    await runWith(
      run,
      () => run.offsets.length > 0,
      async () => {},
    );
    const load = changingItems(server, database, seed);
    await insertSignal(database, 'load', 'execute-snapshot', JSON.parse(execute([`${database.name}.items`])) as Document);
    for (let crash = 0; crash < 8; crash++) {
      let batches = 1 + random(12);
      await run.run(() => (--batches > 0 ? 'append' : random(2) === 0 ? 'crash before' : 'crash after'));
    }
    const reads = () => keysOf(run, itemsTopic(database), 'r');
    const isTold = () => keysOf(run, itemsTopic(database), 'c').includes('10000');
    await runWith(run, isTold, async () => {
      const isOver = () => storedOffset(run)['incremental_snapshot_collections'] === undefined && reads().length > 0;
      await until(isOver, { what: 'the end of the snapshot', timeoutMs: waitMsMax });
      await load.rest();
      await database.db.collection<Item>('items').insertOne({ _id: 10_000, v: 1 });
    });
    await assertFollowed(database, run);
    assert.ok(reads().length > documents / 5, `${reads().length} documents were read`);
    assert.equal(new Set(reads()).size, reads().length, 'none twice: a restart goes on behind the last chunk');
    const closed = await database.db.collection('signals').findOne({ type: 'snapshot-window-close' });
    assert.equal(closed !== null, closes);
  });
}

test('a chunk that saw changes which the stream has yet to bring waits for them', { timeout: 240_000 }, async () => {
  await using database = await itemsDatabase(server);
  const items = database.db.collection<Item>('items');
  // Its watermarks tell that a chunk was read; as signals they would have the stream wait between the two.
  const options = { ...signalCollectionOf(database), 'signal.enabled.channels': 'file', 'capture.mode': 'change_streams' };
  const run = mongoRunOf(database, options);
  const isRead = async () => (await database.db.collection('signals').findOne({ type: 'snapshot-window-close' })) !== null;
  let held = false;
  const heard = run.run(async (): Promise<'append'> => {
    if (held) return 'append';
    // The stream waits here, and so does what it has yet to bring.
    held = true;
    for (const v of [1, 2]) await items.updateOne({ _id: 7 }, { $set: { v } });
    await run.source!.signal!({ id: 'ahead', type: 'execute-snapshot', data: execute([`${database.name}.items`]) });
    await until(isRead, { what: 'the first chunk', timeoutMs: waitMsMax });
    return 'append';
  });
  await until(() => held && isFinished(run), { what: 'the end of the snapshot', timeoutMs: waitMsMax }).finally(() => run.end());
  await heard;
  await assertFollowed(database, run);
});

test('by a call, on a server where nothing else happens and a transaction idles', { timeout: 240_000 }, async () => {
  await using database = await itemsDatabase(server);
  const items = database.db.collection<Item>('items');
  await using session = database.client.startSession();
  session.startTransaction();
  await items.insertOne({ _id: 20_000, v: 0 }, { session });
  const run = mongoRunOf(database, notified);
  const reads = () => keysOf(run, itemsTopic(database), 'r');
  for (const round of [1, 2]) {
    const isTold = () => notesOf(run).filter(({ type }) => type === 'COMPLETED').length === round;
    await runWith(run, isTold, async () => {
      await run.source!.signal!({ id: `call-${round}`, type: 'execute-snapshot', data: execute([`${database.name}\\.it.*`]) });
      await until(() => isFinished(run), { what: 'the end of the snapshot', timeoutMs: waitMsMax });
      const { id, chunks, rows: read } = progressOf(run)!;
      assert.deepEqual([id, chunks, read], [`call-${round}`, documents / 40, documents]);
    });
    assert.equal(reads().length, round * documents);
    assert.equal(new Set(reads()).size, documents);
  }
  await session.abortTransaction();
  assert.equal(reads().slice(0, documents).join(), Array.from({ length: documents }, (_, n) => n + 1).join(), 'in the order of their ids');
  const notes = notesOf(run).filter(({ id }) => id === 'call-1');
  assert.deepEqual(
    [notes[0]?.type, notes.at(-2)?.type, notes.at(-2)?.data['status'], notes.at(-2)?.data['total_rows_scanned'], notes.at(-1)?.type],
    ['STARTED', 'TABLE_SCAN_COMPLETED', 'SUCCEEDED', String(documents), 'COMPLETED'],
  );
  const last = notes.findLast(({ type }) => type === 'IN_PROGRESS')!;
  assert.deepEqual([last.data['last_processed_key'], last.data['maximum_key']], [String(documents), String(documents)]);
  const { value } = run.records.find(({ topic }) => topic === itemsTopic(database))!;
  const source = (value as Struct).get('source') as Struct;
  assert.deepEqual([source.get('snapshot'), source.get('db'), source.get('collection')], ['incremental', database.name, 'items']);
});

test('ids of all types, conditions, collections that cannot be read, pause and stop', { timeout: 240_000 }, async () => {
  await using database = await itemsDatabase(server);
  const numbers = Array.from({ length: 60 }, (_, n) => n);
  const mixed: Document[] = numbers.flatMap(n => [
    { _id: n, n },
    { _id: `s${n}`, n },
    { _id: new ObjectId(), n },
    { _id: { part: n }, n },
    { _id: Long.fromNumber(1e12 + n), n },
    { _id: n + 0.5, n },
  ]);
  const ids = database.db.collection('mixed');
  await ids.insertMany(mixed);
  await database.db.createCollection('emptied');
  await database.db.createCollection('seen', { viewOn: 'mixed', pipeline: [] });
  const run = mongoRunOf(database, { ...signalCollectionOf(database), 'incremental.snapshot.chunk.size': '50' });
  const named = (...collections: readonly string[]) => collections.map(name => `${database.name}.${name}`);
  const finished = async (id: string) => {
    await until(() => progressOf(run)?.id === id && isFinished(run), { what: `the end of ${id}`, timeoutMs: waitMsMax });
    return Object.fromEntries(progressOf(run)!.tables.map(({ name, state, rows: read }) => [name.split('.')[1], [state, read]]));
  };
  const order = (id: string, collections: readonly string[], filter?: string) =>
    insertSignal(database, id, 'execute-snapshot', {
      'data-collections': named(...collections),
      ...(filter === undefined ? {} : { 'additional-conditions': [{ 'data-collection': `${database.name}.mixed`, filter }] }),
    });
  const warned = (pattern: RegExp) =>
    until(() => run.warnings.some(warning => pattern.test(warning)), { what: String(pattern), timeoutMs: waitMsMax });
  await runWith(
    run,
    () => true,
    async () => {
      await until(() => run.offsets.length > 0, { what: 'a position', timeoutMs: waitMsMax });
      await order('s1', ['emptied', 'missing', 'seen', 'mixed']);
      assert.deepEqual(await finished('s1'), {
        emptied: ['done', 0],
        missing: ['skipped', 0],
        seen: ['skipped', 0],
        mixed: ['done', mixed.length],
      });
      const read = keysOf(run, `srv.${database.name}.mixed`, 'r');
      assert.equal(new Set(read).size, mixed.length);
      assert.match(run.warnings.join('\n'), /missing out: There is no collection/);
      assert.match(run.warnings.join('\n'), /seen out: .*is a view or a time series/);
      await order('s2', ['mixed'], '{"n": {"$gte": 50}}');
      assert.deepEqual(await finished('s2'), { mixed: ['done', 60] });
      await order('s3', ['mixed'], 'n >= 50');
      assert.deepEqual(await finished('s3'), { mixed: ['skipped', 0] });
      await insertSignal(database, 'bad', 'execute-snapshot', 'no JSON');
      await warned(/signal bad .*not a JSON object/);
      await insertSignal(database, 'key', 'execute-snapshot', execute(named('mixed'), { 'surrogate-key': 'n' }));
      await warned(/signal key .*surrogate-key is not supported/);
      await database.db.collection('signals').insertOne({ type: 'log' });
      await warned(/is no signal: it needs _id, type and data/);
      // Both in one answer of the change stream at best: paused before all is read.
      await database.db.collection<{ _id: string; type: string; data: string }>('signals').insertMany([
        { _id: 's4', type: 'execute-snapshot', data: execute(named('items', 'mixed')) },
        { _id: 'p4', type: 'pause-snapshot', data: '{}' },
      ]);
      await until(() => progressOf(run)?.id === 's4' && progressOf(run)?.state === 'paused', { what: 'the pause', timeoutMs: waitMsMax });
      await insertSignal(database, 't4', 'stop-snapshot', { 'data-collections': named('items'), type: 'incremental' });
      await until(() => progressOf(run)?.tables[0]?.state === 'stopped', { what: 'the stop', timeoutMs: waitMsMax });
      await run.source!.signal!({ id: 'r4', type: 'resume-snapshot', data: null });
      const ended = await finished('s4');
      assert.equal(ended['items']?.[0], 'stopped');
      assert.deepEqual(ended['mixed'], ['done', mixed.length]);
      await assert.rejects(run.source!.signal!({ id: 't5', type: 'stop-snapshot', data: null }), { code: 'BAD_REQUEST' });
    },
  );
  assert.equal(storedOffset(run)['incremental_snapshot_collections'], undefined);
});

test('the signal collection is captured whatever the lists say, and in a database of its own', { timeout: 240_000 }, async () => {
  await using database = await itemsDatabase(server);
  const beside = database.client.db(`${database.name}_signals`);
  const name = `${beside.databaseName}.to.connect`;
  try {
    await beside.createCollection('to.connect');
    const run = mongoRunOf(database, { 'collection.include.list': `${database.name}.items`, 'signal.data.collection': name });
    await runWith(
      run,
      () => keysOf(run, itemsTopic(database), 'r').length === documents,
      async () => {
        await until(() => run.offsets.length > 0, { what: 'a position', timeoutMs: waitMsMax });
        await beside.collection('to.connect').insertOne({ type: 'execute-snapshot', data: execute([`${database.name}.items`]) });
      },
    );
    assert.ok(keysOf(run, `srv.${name}`, 'c').length > 0, 'its documents are published too');
  } finally {
    await beside.dropDatabase();
  }
});

test('a pause outlives a restart, and the snapshot goes on behind the last chunk', { timeout: 240_000 }, async () => {
  await using database = await itemsDatabase(server);
  const run = mongoRunOf(database, { 'incremental.snapshot.rows.per.second.max': '200' });
  const reads = () => keysOf(run, itemsTopic(database), 'r');
  const own = () => storedOffset(run)['sluice_incremental_snapshot'] as { chunks?: number; paused?: boolean } | undefined;
  await runWith(
    run,
    () => own()?.paused === true,
    async () => {
      await run.source!.signal!({ id: 'd1', type: 'execute-snapshot', data: execute([`${database.name}.items`]) });
      await until(() => (own()?.chunks ?? 0) >= 2, { what: 'two chunks', timeoutMs: waitMsMax });
      await run.source!.signal!({ id: 'p1', type: 'pause-snapshot', data: null });
    },
  );
  run.config = { ...run.config, 'incremental.snapshot.rows.per.second.max': '0' };
  const before = reads().length;
  assert.ok(before >= 80 && before < documents);
  await runWith(
    run,
    () => keysOf(run, itemsTopic(database), 'u').length > 0,
    async () => {
      await database.db.collection<Item>('items').updateOne({ _id: documents }, { $set: { v: 1 } });
    },
  );
  assert.equal(reads().length, before, 'nothing is read while it is paused');
  await runWith(
    run,
    () => storedOffset(run)['incremental_snapshot_collections'] === undefined,
    async () => void (await run.source!.signal!({ id: 'r1', type: 'resume-snapshot', data: null })),
  );
  assert.equal(reads().join(), Array.from({ length: documents }, (_, n) => n + 1).join(), 'each document once, in order');
});
