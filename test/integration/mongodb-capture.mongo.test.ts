import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Document } from 'mongodb';
import type { MongoConfig } from '../../connectors/mongodb/options.ts';
import { mongodbConnector } from '../../connectors/mongodb/plugin.ts';
import { type ConnectRecord, type RawConfig, Struct } from '../../src/contract/index.ts';
import { type FreshMongoDatabase, freshMongoDatabase } from '../support/fresh-mongo-database.ts';
import { sharedMongodb } from '../support/servers.ts';
import { SourceRun } from '../support/source-run.ts';

/** All of it on SecantusDB, a stand-in, unless TEST_MONGO_URL names a real MongoDB. */
const field = ({ value }: ConnectRecord, name: string) => (value instanceof Struct ? value.get(name) : undefined);
const versionIn = (json: unknown) => (typeof json === 'string' ? (JSON.parse(json) as { v: number }).v : null);

type Item = { _id: number; v?: number; pad?: string };

/** A database whose collection `items` keeps images of documents before and after their changes. */
async function withImages(): Promise<FreshMongoDatabase> {
  const database = await freshMongoDatabase(await sharedMongodb());
  await database.db.createCollection('items', { changeStreamPreAndPostImages: { enabled: true } });
  return database;
}

/** Streams what `act` does, up to so many records, with a crash behind each batch. */
async function streamed(database: FreshMongoDatabase, options: RawConfig, act: () => Promise<void>, records: number) {
  const run = new SourceRun<MongoConfig>(database.config({ 'snapshot.mode': 'no_data', ...options }), mongodbConnector);
  await run.run(batch => (batch.offsets.length > 0 ? 'crash after' : 'append'));
  await act();
  while (run.records.length < records) await run.run(batch => (batch.records.length > 0 ? 'crash after' : 'append'));
  return run.records;
}

/** Inserted with version 1, updated to 2, replaced by 3, deleted. */
function life({ db }: FreshMongoDatabase): readonly (() => Promise<unknown>)[] {
  const items = db.collection<Item>('items');
  return [
    () => items.insertOne({ _id: 1, v: 1 }),
    () => items.updateOne({ _id: 1 }, { $set: { v: 2 } }),
    () => items.replaceOne({ _id: 1 }, { v: 3 }),
    () => items.deleteOne({ _id: 1 }),
  ];
}

// Each change is read before the next one is made: a stand-in may look up what a real server keeps an image of.
for (const [mode, type, before, after] of [
  ['change_streams', 'lookup', [null, null, null, null], [1, null, 3, null]],
  ['change_streams_update_full', 'post_image', [null, null, null, null], [1, 2, 3, null]],
  ['change_streams_with_pre_image', 'lookup', [null, 1, 2, 3], [1, null, 3, null]],
  ['change_streams_update_full_with_pre_image', 'post_image', [null, 1, 2, 3], [1, 2, 3, null]],
] as const) {
  test(`capture.mode=${mode}, ${type}: which documents a change holds`, async () => {
    await using database = await withImages();
    const options = { 'capture.mode': mode, 'capture.mode.full.update.type': type, 'tombstones.on.delete': 'false' };
    const run = new SourceRun<MongoConfig>(database.config({ 'snapshot.mode': 'no_data', ...options }), mongodbConnector);
    await run.run(batch => (batch.offsets.length > 0 ? 'crash after' : 'append'));
    for (const [index, step] of life(database).entries()) {
      await step();
      while (run.records.length <= index) await run.run(batch => (batch.records.length > 0 ? 'crash after' : 'append'));
    }
    const { records } = run;
    assert.deepEqual(
      records.map(record => field(record, 'op')),
      ['c', 'u', 'u', 'd'],
    );
    assert.deepEqual(
      records.map(record => versionIn(field(record, 'before'))),
      before,
    );
    assert.deepEqual(
      records.map(record => versionIn(field(record, 'after'))),
      after,
    );
    const update = field(records[1]!, 'updateDescription');
    assert.equal(update instanceof Struct ? update.get('updatedFields') : null, '{"v": 2}');
    assert.equal(field(records[2]!, 'updateDescription'), null, 'a replaced document has no description');
  });
}

test('capture.mode=change_streams_update_full, lookup: the document as it is when the change is read', async () => {
  await using database = await freshMongoDatabase(await sharedMongodb());
  const items = database.db.collection<Item>('items');
  const act = async () => {
    await items.insertOne({ _id: 1, v: 1 });
    for (const v of [2, 3]) await items.updateOne({ _id: 1 }, { $set: { v } });
  };
  const records = await streamed(database, {}, act, 3);
  assert.deepEqual(
    records.map(record => versionIn(field(record, 'after'))),
    [1, 3, 3],
  );
});

for (const [scope, target, expected] of [
  ['deployment', null, ['items', 'others']],
  ['database', (name: string) => name, ['items', 'others']],
  ['collection', (name: string) => `${name}.items`, ['items']],
] as const) {
  test(`capture.scope=${scope}: which collections are streamed`, async () => {
    await using database = await freshMongoDatabase(await sharedMongodb());
    await using elsewhere = await freshMongoDatabase(await sharedMongodb());
    const { db, name } = database;
    const options: RawConfig = { 'capture.scope': scope, ...(target === null ? {} : { 'capture.target': target(name) }) };
    const act = async () => {
      await elsewhere.db.collection('items').insertOne({});
      for (const collection of ['items', 'others']) await db.collection(collection).insertOne({});
      await db.collection('items').insertOne({});
    };
    const records = await streamed(database, options, act, expected.length + 1);
    assert.deepEqual(
      records.map(({ topic }) => topic),
      [...expected, 'items'].map(collection => `srv.${name}.${collection}`),
    );
  });
}

/** Above what one event may have of bytes, together with the image of the document as it was before. */
const large = 9_000_000;

test('an event above 16 MB comes in parts that are put together, each change once', async () => {
  await using database = await withImages();
  const items = database.db.collection<Item>('items');
  const pads = ['x', 'y'].map(letter => letter.repeat(large));
  const options = {
    'cursor.oversize.handling.mode': 'split',
    'capture.mode': 'change_streams_update_full_with_pre_image',
    'capture.mode.full.update.type': 'post_image',
    'max.batch.size': '1',
    'max.queue.size': '2',
  };
  const act = async () => {
    await items.insertOne({ _id: 1, v: 1, pad: pads[0]! });
    await items.updateOne({ _id: 1 }, { $set: { v: 2, pad: pads[1]! } });
    await items.insertOne({ _id: 2, v: 1 });
  };
  const records = await streamed(database, options, act, 3);
  assert.deepEqual(
    records.map(record => field(record, 'op')),
    ['c', 'u', 'c'],
  );
  const [before, after] = ['before', 'after'].map(name => JSON.parse(String(field(records[1]!, name))) as Item);
  assert.ok(before?.v === 1 && before.pad === pads[0], 'the document as it was');
  assert.ok(after?.v === 2 && after.pad === pads[1], 'the document as it is');
});

test('events of documents above a threshold are left out by the server', async () => {
  await using database = await withImages();
  const items = database.db.collection<Item>('items');
  const options = { 'cursor.oversize.handling.mode': 'skip', 'cursor.oversize.skip.threshold': '1000', 'tombstones.on.delete': 'false' };
  const act = async () => {
    await items.insertMany([
      { _id: 1, v: 1 },
      { _id: 2, v: 2, pad: 'p'.repeat(2_000) },
      { _id: 3, v: 3 },
    ]);
  };
  const records = await streamed(database, options, act, 2);
  assert.deepEqual(
    records.map(record => versionIn(field(record, 'after'))),
    [1, 3],
  );
});

test('stages of one’s own: before the connector’s, behind them, or alone', async () => {
  await using database = await freshMongoDatabase(await sharedMongodb());
  const items = database.db.collection<Item>('items');
  const stages: Document[] = [{ $match: { 'fullDocument.v': { $gte: 2 } } }];
  for (const order of ['internal_first', 'user_first', 'user_only']) {
    const options = { 'cursor.pipeline': JSON.stringify(stages), 'cursor.pipeline.order': order };
    const act = async () => {
      await items.deleteMany({});
      for (const v of [1, 2, 3]) await items.insertOne({ _id: v, v });
    };
    const records = await streamed(database, options, act, 2);
    assert.deepEqual(
      records.map(record => versionIn(field(record, 'after'))),
      [2, 3],
      order,
    );
  }
});

test('skipped operations are neither streamed nor waited for', async () => {
  await using database = await freshMongoDatabase(await sharedMongodb());
  const options = { 'skipped.operations': 'u,d' };
  const items = database.db.collection<Item>('items');
  const act = async () => {
    for (const step of life(database)) await step();
    await items.insertOne({ _id: 2, v: 4 });
  };
  const records = await streamed(database, options, act, 2);
  assert.deepEqual(
    records.map(record => versionIn(field(record, 'after'))),
    [1, 4],
  );
});
