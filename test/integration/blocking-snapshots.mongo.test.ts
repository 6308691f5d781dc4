import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Document } from 'mongodb';
import { Struct } from '../../src/contract/index.ts';
import { FollowedDocuments, lineOf } from '../support/followed-documents.ts';
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

const blocking = { type: 'blocking' };
const isUnderWay = (run: AnyRun) => 'sluice_blocking_snapshots' in storedOffset(run);
const keysOf = (run: AnyRun, topic: string, op: string) =>
  run.records.flatMap(({ topic: of, key, value }) =>
    of === topic && key instanceof Struct && value instanceof Struct && value.get('op') === op ? [String(key.values[0])] : [],
  );
const markerOf = (value: unknown) => ((value as Struct).get('source') as Struct).get('snapshot');

const cases: readonly { readonly name: string; readonly options: Readonly<Record<string, string>> }[] = [
  { name: 'in small batches', options: { 'max.batch.size': '16' } },
  { name: 'updates without documents', options: { 'capture.mode': 'change_streams' } },
];

for (const [seed, { name, options }] of cases.entries()) {
  test(`crashes at any batch of a blocking snapshot under load lose nothing, and nothing is older after newer (${name})`, {
    timeout: 240_000,
  }, async () => {
    await using database = await itemsDatabase(server);
    const random = randomOf(seed + 3);
    const run = mongoRunOf(database, { ...signalCollectionOf(database), 'snapshot.fetch.size': '100', ...options });
    // A position first: what is changed before it is nobody's.
    await runWith(
      run,
      () => run.offsets.length > 0,
      async () => {},
    );
    const load = changingItems(server, database, seed);
    for (const id of ['block-1', 'block-2']) {
      await insertSignal(database, id, 'execute-snapshot', JSON.parse(execute([`${database.name}.items`], blocking)) as Document);
      for (let crash = 0; crash < 4; crash++) {
        let batches = 1 + random(15);
        await run.run(() => (--batches > 0 ? 'append' : random(2) === 0 ? 'crash before' : 'crash after'));
      }
    }
    const reads = () => keysOf(run, itemsTopic(database), 'r');
    const isTold = () => keysOf(run, itemsTopic(database), 'c').includes('10000');
    await runWith(run, isTold, async () => {
      const isOver = () => keysOf(run, `srv.${database.name}.signals`, 'c').includes('"block-2"') && !isUnderWay(run);
      await until(isOver, { what: 'the end of the snapshots', timeoutMs: waitMsMax });
      await load.rest();
      await database.db.collection<Item>('items').insertOne({ _id: 10_000, v: 1 });
    });
    const followed = new FollowedDocuments();
    for (const record of run.records) if (record.topic === itemsTopic(database)) followed.apply(record);
    assert.deepEqual(followed.faults.slice(0, 5), [], `${followed.faults.length} faults`);
    const expected = (await database.db.collection<Item>('items').find().toArray()).map(lineOf).sort();
    assert.deepEqual(followed.lines, expected);
    assert.ok(reads().length > documents / 2, `${reads().length} documents were read`);
    assert.ok(!run.offsets.some(({ partition }) => partition['sluice_snapshot_table'] !== undefined), 'nothing is left of its progress');
  });
}

test('conditions, collections that are not there or cannot be read, what is no condition, and one beside an incremental one', {
  timeout: 240_000,
}, async () => {
  await using database = await itemsDatabase(server);
  await database.db.collection('few').insertMany(Array.from({ length: 50 }, (_, n) => ({ n })));
  await database.db.createCollection('emptied');
  await database.db.createCollection('seen', { viewOn: 'few', pipeline: [] });
  const run = mongoRunOf(database, { ...notified, 'snapshot.fetch.size': '100' });
  const named = (...names: readonly string[]) => names.map(name => `${database.name}.${name}`);
  const finished = async (id: string) => {
    await until(() => progressOf(run)?.id === id && isFinished(run), { what: `the end of ${id}`, timeoutMs: waitMsMax });
    return Object.fromEntries(progressOf(run)!.tables.map(({ name, state, rows }) => [name.split('.')[1], [state, rows]]));
  };
  const ask = (id: string, ...of: Parameters<typeof execute>) =>
    run.source!.signal!({ id, type: 'execute-snapshot', data: execute(...of) });
  const where = (collection: string, filter: string) => ({
    ...blocking,
    'additional-conditions': [{ 'data-collection': `${database.name}.${collection}`, filter }],
  });
  const noted = () => notesOf(run).flatMap(({ type, id }) => (id === null ? [] : [`${id} ${type}`]));
  await runWith(
    run,
    () => noted().includes('b4 COMPLETED'),
    async () => {
      await ask('b1', named('emptied', 'few', 'items', 'missing', 'seen'), where('items', '{"_id": {"$lte": 250}}'));
      assert.deepEqual(await finished('b1'), {
        emptied: ['done', 0],
        few: ['done', 50],
        items: ['done', 250],
        missing: ['skipped', 0],
        seen: ['skipped', 0],
      });
      assert.match(run.warnings.join('\n'), /seen out: .*is a view or a time series/);
      await ask('b2', named('items'), where('items', 'n >= 50'));
      assert.deepEqual(await finished('b2'), { items: ['skipped', 0] });
      assert.match(run.warnings.join('\n'), /blocking snapshot b2 is given up: .*not a JSON document/);
      await ask('i3', named('items'));
      await ask('b4', named('few'), blocking);
      assert.deepEqual(await finished('b4'), { few: ['done', 50] });
    },
  );
  assert.ok(!isUnderWay(run));
  assert.deepEqual(
    noted().filter(note => /^b\d /.test(note)),
    ['b1 STARTED', 'b1 COMPLETED', 'b2 STARTED', 'b2 ABORTED', 'b4 STARTED', 'b4 COMPLETED'],
  );
  const read = run.records.flatMap(({ topic, value }) =>
    value instanceof Struct && value.schema.fields.some(({ name }) => name === 'op') ? [`${topic} ${markerOf(value)}`] : [],
  );
  const few = `srv.${database.name}.few`;
  assert.equal(keysOf(run, itemsTopic(database), 'r').length, 250 + documents);
  assert.deepEqual(new Set(read.slice(-50)), new Set([`${few} true`, `${few} last`]), 'the incremental one first');
  assert.equal(read.at(-1), `${few} last`);
  const scanned = notesOf(run).filter(({ type }) => type === 'TABLE_SCAN_COMPLETED');
  assert.deepEqual(scanned[1]?.data, {
    connector_name: 'srv',
    data_collections: named('emptied', 'few', 'items', 'seen').join(','),
    scanned_collection: `${database.name}.few`,
    status: 'SUCCEEDED',
    total_rows_scanned: '50',
  });
});

test('the stream waits while pages are read, and goes on from where it was', { timeout: 240_000 }, async () => {
  await using database = await itemsDatabase(server);
  const items = database.db.collection<Item>('items');
  const run = mongoRunOf(database, { 'snapshot.fetch.size': '100' });
  let pages = 0;
  const heard = run.run(async (batch): Promise<'append'> => {
    // Behind the place of the last page: what was changed there before has to come by the stream alone, and before what is read.
    if (batch.records.some(({ value }) => value instanceof Struct && value.get('op') === 'r') && ++pages === 2)
      for (const v of [1, 2]) await items.updateOne({ _id: 750 }, { $set: { v } });
    return 'append';
  });
  await until(() => run.source?.status().phase === 'streaming', { what: 'the stream', timeoutMs: waitMsMax });
  await run.source!.signal!({ id: 'wait', type: 'execute-snapshot', data: execute([`${database.name}.items`], blocking) });
  await until(() => isFinished(run), { what: 'the end of the snapshot', timeoutMs: waitMsMax }).finally(() => run.end());
  await heard;
  const followed = new FollowedDocuments();
  for (const record of run.records) if (record.topic === itemsTopic(database)) followed.apply(record);
  assert.deepEqual(followed.faults, []);
  assert.equal(followed.lines.length, documents);
  assert.equal(pages, documents / 100);
  assert.ok(followed.lines.includes(lineOf({ _id: 750, v: 2, pad: 'x'.repeat(50) })));
});

test('killed in the middle of a collection it goes on behind the last page that is in the log, and once it is over nothing is read again', {
  timeout: 240_000,
}, async () => {
  await using database = await itemsDatabase(server);
  const run = mongoRunOf(database, { ...signalCollectionOf(database), 'snapshot.fetch.size': '100' });
  const reads = () => keysOf(run, itemsTopic(database), 'r');
  await runWith(
    run,
    () => run.offsets.length > 0,
    async () => {},
  );
  await insertSignal(database, 'once', 'execute-snapshot', JSON.parse(execute([`${database.name}.items`], blocking)) as Document);
  let pages = 0;
  await run.run(({ records }) => (records.some(({ topic }) => topic === itemsTopic(database)) && ++pages === 3 ? 'crash after' : 'append'));
  assert.equal(reads().length, 300);
  await runWith(
    run,
    () => !isUnderWay(run),
    async () => {},
  );
  assert.equal(reads().join(), Array.from({ length: documents }, (_, n) => n + 1).join(), 'each document once, in order');
  await runWith(
    run,
    () => keysOf(run, itemsTopic(database), 'u').length > 0,
    async () => void (await database.db.collection<Item>('items').updateOne({ _id: 1 }, { $set: { v: 1 } })),
  );
  assert.equal(reads().length, documents);
});
