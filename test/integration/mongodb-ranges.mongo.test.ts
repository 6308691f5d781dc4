import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Document, Long } from 'mongodb';
import type { MongoConfig } from '../../connectors/mongodb/options.ts';
import { mongodbConnector } from '../../connectors/mongodb/plugin.ts';
import { type ConnectRecord, type RawConfig, Struct } from '../../src/contract/index.ts';
import { type FreshMongoDatabase, freshMongoDatabase } from '../support/fresh-mongo-database.ts';
import { randomOf } from '../support/random-changes.ts';
import { sharedMongodb } from '../support/servers.ts';
import { SourceRun } from '../support/source-run.ts';

/** All of it on SecantusDB, a stand-in, unless TEST_MONGO_URL names a real MongoDB. */
const mongoRun = (config: RawConfig) => new SourceRun<MongoConfig>(config, mongodbConnector);

const keyOf = ({ key }: ConnectRecord) => (key instanceof Struct ? String(key.values[0]) : null);
function marker({ value }: ConnectRecord) {
  const source = value instanceof Struct ? value.get('source') : null;
  return source instanceof Struct ? source.get('snapshot') : null;
}

/** Ids of several types, so that ranges begin and end at all of them. */
async function insertMixedIds({ db }: FreshMongoDatabase, collection: string, each: number): Promise<number> {
  const numbers = Array.from({ length: each }, (_, n) => n);
  const documents: Document[] = numbers.flatMap(n => [
    { _id: n, n },
    { _id: `s${n}`, n },
    { _id: { part: n }, n },
    { _id: Long.fromNumber(1e12 + n), n },
    { _id: n + 0.5, n },
  ]);
  for (let at = 0; at < documents.length; at += 5_000) await db.collection(collection).insertMany(documents.slice(at, at + 5_000));
  return documents.length;
}

const options = { 'snapshot.mode': 'initial_only', 'snapshot.fetch.size': '100' };
/** Where ranges are stored: the numbers of a collection's ranges that offsets tell of. */
const rangesOf = (run: SourceRun<MongoConfig>) => run.offsets.flatMap(({ partition }) => partition['sluice_snapshot_range'] ?? []);

test('one large collection is read in ranges of its ids by several readers, each document once', async () => {
  await using database = await freshMongoDatabase(await sharedMongodb());
  const documents = await insertMixedIds(database, 'wide', 800);
  await database.db.collection('small').insertOne({ n: 0 });
  const run = mongoRun(database.config({ ...options, 'snapshot.max.threads': '3' }));
  let ranges = 0;
  await run.run(() => {
    ranges = Math.max(ranges, rangesOf(run).length);
    return 'append';
  });
  assert.ok(ranges > 3, `${ranges} ranges`);
  assert.equal(run.records.length, documents + 1);
  assert.equal(new Set(run.records.map(keyOf)).size, documents + 1);
  assert.equal(marker(run.records.at(-1)!), 'last');
  assert.equal(run.records.filter(record => marker(record) === 'last').length, 1);
  assert.deepEqual(rangesOf(run), [], 'the progress of a complete snapshot is deleted');
});

test('a crash at any batch of a snapshot in ranges goes on in each range where that was', async () => {
  await using database = await freshMongoDatabase(await sharedMongodb());
  const documents = await insertMixedIds(database, 'wide', 500);
  const random = randomOf(7);
  const run = mongoRun(database.config({ ...options, 'snapshot.max.threads': '4' }));
  for (let crash = 0; crash < 12; crash++) {
    let left = random(5);
    await run.run(() => (left-- > 0 ? 'append' : random(2) === 0 ? 'crash before' : 'crash after'));
  }
  assert.ok(run.records.length > 0 && run.records.length < documents, `interrupted half-way, after ${run.records.length}`);
  // With fewer readers the ranges stay those that were stored.
  run.config = database.config(options);
  await run.run(() => 'append');
  assert.equal(run.records.length, documents);
  assert.equal(new Set(run.records.map(keyOf)).size, documents);
});

test('a collection that shrank to less than a batch while its snapshot was interrupted is read on, not again', async () => {
  await using database = await freshMongoDatabase(await sharedMongodb());
  const items = database.db.collection<{ _id: number }>('items');
  await items.insertMany(Array.from({ length: 300 }, (_, n) => ({ _id: n })));
  const run = mongoRun(database.config(options));
  await run.run(() => (run.records.length === 0 ? 'append' : 'crash after'));
  const read = run.records.length;
  assert.ok(read >= 99 && read < 300, `${read} documents`);
  await items.deleteMany({ _id: { $gt: 250 } });
  await run.run(() => 'append');
  assert.deepEqual(new Set(run.records.map(keyOf)).size, run.records.length);
  assert.equal(run.records.length, 251);
});

test('what an abandoned snapshot read does not count for the next one', async () => {
  await using database = await freshMongoDatabase(await sharedMongodb());
  const items = database.db.collection<{ _id: number }>('items');
  await items.insertMany(Array.from({ length: 1_000 }, (_, n) => ({ _id: n })));
  const run = mongoRun(database.config({ ...options, 'snapshot.max.threads': '2' }));
  await run.run(() => (run.records.length < 300 ? 'append' : 'crash after'));
  assert.ok(rangesOf(run).length > 0);
  // Its position is no longer known: the next snapshot begins anew, and is interrupted before its first document.
  run.forget(({ partition }) => partition['sluice_snapshot_table'] === undefined);
  run.records.length = 0;
  await run.run(() => 'crash after');
  assert.deepEqual(rangesOf(run), []);
  run.config = database.config(options);
  await run.run(() => 'append');
  assert.equal(run.records.length, 1_000);
  assert.equal(new Set(run.records.map(keyOf)).size, 1_000);
});
