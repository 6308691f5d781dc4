import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Document, Long } from 'mongodb';
import type { MongoConfig } from '../../connectors/mongodb/options.ts';
import { mongodbConnector } from '../../connectors/mongodb/plugin.ts';
import { type ConnectRecord, type RawConfig, type SluiceError, Struct } from '../../src/contract/index.ts';
import { startMongodb } from '../services/mongodb.ts';
import { type FreshMongoDatabase, freshMongoDatabase } from '../support/fresh-mongo-database.ts';
import { sharedMongodb } from '../support/servers.ts';
import { SourceRun } from '../support/source-run.ts';

/** All of it on SecantusDB, a stand-in, unless TEST_MONGO_URL names a real MongoDB. */
const mongoRun = (config: RawConfig) => new SourceRun<MongoConfig>(config, mongodbConnector);

const field = (record: ConnectRecord | undefined, name: string) => (record?.value instanceof Struct ? record.value.get(name) : undefined);
const keyOf = ({ key }: ConnectRecord) => (key instanceof Struct ? String(key.values[0]) : null);
const source = (record: ConnectRecord | undefined, name: string) => {
  const block = field(record, 'source');
  return block instanceof Struct ? block.get(name) : undefined;
};

/** Runs until so many records are there, each time appended. */
async function until(run: SourceRun<MongoConfig>, records: number): Promise<void> {
  if (run.records.length >= records) return;
  await run.run(batch => (run.records.length + batch.records.length >= records ? 'crash after' : 'append'));
}

/** Ids of several types, more of each than a chunk has. */
function mixedIds(each: number): Document[] {
  const numbers = Array.from({ length: each }, (_, n) => n);
  return numbers.flatMap(n => [
    { _id: n, n },
    { _id: `s${n}`, n },
    { _id: { part: n }, n },
    { _id: Long.fromNumber(1e12 + n), n },
    { _id: n + 0.5, n },
  ]);
}

async function insertAll({ db }: FreshMongoDatabase, collection: string, documents: readonly Document[]): Promise<void> {
  for (let at = 0; at < documents.length; at += 5_000) await db.collection(collection).insertMany(documents.slice(at, at + 5_000));
}

test('an interrupted snapshot goes on behind the last document that is durable, whatever the types of the ids', async () => {
  await using database = await freshMongoDatabase(await sharedMongodb());
  const documents = mixedIds(1_000);
  await insertAll(database, 'wide', documents);
  await insertAll(database, 'small', [{ _id: 'only' }] as Document[]);
  const run = mongoRun(database.config({ 'snapshot.mode': 'initial_only', 'snapshot.fetch.size': '300' }));
  const interrupted = [5, 4, 3];
  for (const batches of interrupted) {
    let left = batches;
    await run.run(() => (--left > 0 ? 'append' : 'crash before'));
  }
  assert.ok(run.records.length > 1_000 && run.records.length < 5_000, `interrupted half-way, after ${run.records.length} documents`);
  await run.run(() => 'append');
  const keys = run.records.map(keyOf);
  assert.equal(keys.length, documents.length + 1);
  assert.equal(new Set(keys).size, documents.length + 1);
  assert.deepEqual(new Set(run.records.map(record => source(record, 'snapshot'))), new Set(['true', 'last']));
  assert.equal(source(run.records.at(-1), 'snapshot'), 'last');
  await run.run(() => assert.fail('nothing is left to read'));
});

test('collections are read side by side', async () => {
  await using database = await freshMongoDatabase(await sharedMongodb());
  for (const name of ['a', 'b', 'c', 'd']) await insertAll(database, name, mixedIds(100));
  const run = mongoRun(database.config({ 'snapshot.mode': 'initial_only', 'snapshot.fetch.size': '60', 'snapshot.max.threads': '3' }));
  await run.run(() => 'append');
  assert.equal(new Set(run.records.map(record => `${record.topic} ${keyOf(record)}`)).size, 2_000);
  assert.equal(run.records.length, 2_000);
});

test('a stream that crashes anywhere brings each change once', async () => {
  await using database = await freshMongoDatabase(await sharedMongodb());
  const items = database.db.collection<{ _id: number; v: number }>('items');
  await items.insertOne({ _id: 0, v: 0 });
  const run = mongoRun(database.config({ 'capture.mode': 'change_streams', 'max.batch.size': '7' }));
  await until(run, 1);
  // The snapshot's end, so that the stream has a stored token.
  await run.run(batch => (batch.offsets.length > 1 ? 'crash after' : 'append'));
  for (let v = 1; v <= 60; v++) await items.updateOne({ _id: 0 }, { $set: { v } });
  for (let crash = 0; crash < 12; crash++)
    await run.run(batch => (batch.records.length === 0 ? 'append' : crash % 2 === 0 ? 'crash before' : 'crash after'));
  await until(run, 61);
  const updates = run.records.slice(1).map(record => {
    const update = field(record, 'updateDescription');
    return update instanceof Struct ? update.get('updatedFields') : null;
  });
  assert.deepEqual(
    updates,
    Array.from({ length: 60 }, (_, index) => `{"v": ${index + 1}}`),
  );
});

test('a transaction’s changes know their place in it, and its begin and end are announced', async () => {
  await using database = await freshMongoDatabase(await sharedMongodb());
  const items = database.db.collection<{ _id: number }>('items');
  await items.insertOne({ _id: 0 });
  const run = mongoRun(database.config({ 'provide.transaction.metadata': 'true' }));
  await run.run(batch => (batch.offsets.length > 1 ? 'crash after' : 'append'));
  await database.client.withSession(session =>
    session.withTransaction(async () => {
      await items.insertOne({ _id: 1 }, { session });
      await items.insertOne({ _id: 2 }, { session });
    }),
  );
  await items.insertOne({ _id: 3 });
  await until(run, 6);
  const [begin, first, second, end, after] = run.records.slice(1);
  assert.deepEqual([field(begin, 'status'), field(end, 'status')], ['BEGIN', 'END']);
  assert.equal(field(end, 'event_count'), 2n);
  const orders = [first, second].map(record => {
    const block = field(record, 'transaction');
    return block instanceof Struct ? block.get('total_order') : null;
  });
  assert.deepEqual(orders, [1n, 2n]);
  assert.equal(typeof source(first, 'lsid'), 'string');
  assert.equal(field(after, 'transaction'), null);
  assert.equal(keyOf(after!), '3');
});

test('fields are left out and renamed, in documents and in updates', async () => {
  await using database = await freshMongoDatabase(await sharedMongodb());
  const people = database.db.collection<{ _id: number; name?: string; secret?: string; address?: Document }>('people');
  await people.insertOne({ _id: 1, name: 'Ann', secret: 's', address: { city: 'Ulm', zip: '1' } });
  const { name } = database;
  const run = mongoRun(
    database.config({
      'field.exclude.list': `${name}.people.secret,*.people.address.zip`,
      'field.renames': `${name}.people.name:called`,
    }),
  );
  await run.run(batch => (batch.offsets.length > 1 ? 'crash after' : 'append'));
  await people.updateOne({ _id: 1 }, { $set: { secret: 't', name: 'Bea', 'address.zip': '2', 'address.city': 'Bonn' } });
  await until(run, 2);
  const [read, updated] = run.records;
  assert.equal(field(read, 'after'), '{"_id": 1,"address": {"city": "Ulm"},"called": "Ann"}');
  assert.equal(field(updated, 'after'), '{"_id": 1,"address": {"city": "Bonn"},"called": "Bea"}');
  const description = field(updated, 'updateDescription');
  const fields = JSON.parse(String(description instanceof Struct && description.get('updatedFields'))) as object;
  assert.deepEqual(fields, { 'address.city': 'Bonn', called: 'Bea' });
});

test('history that the oplog lost is said clearly, and when_needed takes a new snapshot', async () => {
  await using server = await startMongodb({ args: ['--oplog-retention-seconds', '1', '--oplog-max-entries', '50'] });
  await using database = await freshMongoDatabase(server);
  const items = database.db.collection<{ _id: number }>('items');
  await items.insertOne({ _id: 0 });
  const run = mongoRun(database.config());
  await run.run(batch => (batch.offsets.length > 1 ? 'crash after' : 'append'));
  for (let from = 1; from < 2_000; from += 500) await items.insertMany(Array.from({ length: 500 }, (_, n) => ({ _id: from + n })));
  await assert.rejects(
    run.run(() => 'append'),
    (error: SluiceError) => error.code === 'POSITION_LOST' && /when_needed/.test(error.remedy),
  );
  run.config = database.config({ 'snapshot.mode': 'when_needed' });
  await until(run, 2_002);
  assert.equal(run.records.slice(1).filter(record => field(record, 'op') === 'r').length, 2_001);
});

test('an idle stream stores its position, and heartbeats go out', async () => {
  await using database = await freshMongoDatabase(await sharedMongodb());
  await using other = await freshMongoDatabase(await sharedMongodb());
  const run = mongoRun(database.config({ 'snapshot.mode': 'no_data', 'heartbeat.interval.ms': '200' }));
  const tokens = new Set<unknown>();
  await run.run(async batch => {
    tokens.add(batch.offsets[0]?.offset?.['resume_token']);
    await other.db.collection('elsewhere').insertOne({});
    return run.records.length >= 3 && tokens.size >= 3 ? 'crash after' : 'append';
  });
  assert.ok(run.records.every(({ topic }) => topic === '__debezium-heartbeat.srv'));
});

/** The shared stand-in is named by the environment as a real one is. */
const isStandIn = (process.env['TEST_MONGO_URL'] ?? 'replicaSet=secantus').includes('replicaSet=secantus');
const noInvalidate = isStandIn && 'SecantusDB refuses the token that a dropped collection ends its stream with';

test('a stream on one collection goes on when that is dropped and made again', { skip: noInvalidate }, async () => {
  await using database = await freshMongoDatabase(await sharedMongodb());
  const items = database.db.collection<{ _id: number }>('items');
  await items.insertOne({ _id: 0 });
  const run = mongoRun(database.config({ 'capture.scope': 'collection', 'capture.target': `${database.name}.items` }));
  await run.run(batch => (batch.offsets.length > 1 ? 'crash after' : 'append'));
  await items.insertOne({ _id: 1 });
  await items.drop();
  await items.insertOne({ _id: 2 });
  await until(run, 3);
  assert.deepEqual(run.records.map(keyOf), ['0', '1', '2']);
});
