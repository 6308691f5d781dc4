import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Struct } from '../../src/contract/index.ts';
import type { FreshMongoDatabase } from '../support/fresh-mongo-database.ts';
import { randomOf } from '../support/random-changes.ts';
import { sharedMongodb } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { type AnyRun, progressOf, runWith, waitMsMax } from './incremental-run.ts';
import { documents, type Item, itemsDatabase, itemsTopic, mongoRunOf, storedOffset } from './mongodb-incremental-run.ts';

/** All of it on SecantusDB, a stand-in, unless TEST_MONGO_URL names a real MongoDB. */
const server = await sharedMongodb();

type Run = ReturnType<typeof mongoRunOf>;
const addedDocuments = 100;
const initial = { 'snapshot.mode': 'initial' };

async function collectionsOf(): Promise<FreshMongoDatabase> {
  const database = await itemsDatabase(server);
  await database.db.collection<Item>('added').insertMany(Array.from({ length: addedDocuments }, (_, n) => ({ _id: n + 1, v: 0 })));
  return database;
}

function include(run: Run, { name }: FreshMongoDatabase, ...collections: readonly string[]): void {
  run.config = { ...run.config, 'collection.include.list': collections.map(collection => `${name}.${collection}`).join(',') };
}

const addedTopic = ({ name }: FreshMongoDatabase) => `srv.${name}.added`;
const knownOf = (run: AnyRun) => run.offsets.find(({ partition }) => partition['sluice_captured'] !== undefined)?.offset?.['tables'];
const keysOf = (run: AnyRun, topic: string, op: string) =>
  run.records.flatMap(({ topic: of, key, value }) =>
    of === topic && key instanceof Struct && value instanceof Struct && value.get('op') === op ? [String(key.values[0])] : [],
  );
const readsOf = (run: AnyRun, topic: string) => keysOf(run, topic, 'r');

/** Starts, has one more document of items come by the stream, and ends: a snapshot of a new collection would have been asked for by then. */
async function restart(run: Run, database: FreshMongoDatabase, id: number): Promise<void> {
  await runWith(
    run,
    () => keysOf(run, itemsTopic(database), 'c').includes(String(id)),
    async () => void (await database.db.collection<Item>('items').insertOne({ _id: id, v: 0 })),
  );
}

test('a collection that is added to the list is read by itself, and nothing else again', { timeout: 240_000 }, async () => {
  await using database = await collectionsOf();
  const [items, added] = [itemsTopic(database), addedTopic(database)];
  const named = (...names: readonly string[]) => names.map(name => `${database.name}.${name}`);
  const run = mongoRunOf(database, initial);
  include(run, database, 'items');
  await restart(run, database, 10_000);
  assert.equal(readsOf(run, items).length, documents);
  assert.deepEqual(knownOf(run), named('items'));

  // While nothing runs, and while it does.
  const changed = database.db.collection<Item>('added');
  await changed.updateOne({ _id: 3 }, { $set: { v: 6 } });
  include(run, database, 'items', 'added');
  const isRead = () => readsOf(run, added).length > 0 && storedOffset(run)['incremental_snapshot_collections'] === undefined;
  await runWith(run, isRead, async () => {
    await changed.updateOne({ _id: 2 }, { $set: { v: 8 } });
    await until(() => keysOf(run, added, 'u').includes('2'), { what: 'a change of the new collection', timeoutMs: waitMsMax });
  });
  assert.deepEqual(knownOf(run), named('items', 'added'));
  assert.equal(readsOf(run, items).length, documents, 'items is not read again');
  const values = new Map<string, number>();
  for (const { topic, key, value } of run.records)
    if (topic === added && key instanceof Struct && value instanceof Struct)
      values.set(String(key.values[0]), (JSON.parse(String(value.get('after'))) as Item).v);
  assert.deepEqual([values.size, ...['2', '3', '4'].map(id => values.get(id))], [addedDocuments, 8, 6, 0]);

  const reads = readsOf(run, added).length;
  await restart(run, database, 10_001);
  assert.equal(readsOf(run, added).length, reads, 'once');
  include(run, database, 'items');
  await restart(run, database, 10_002);
  include(run, database, 'items', 'added');
  await runWith(
    run,
    () => readsOf(run, added).length === reads + addedDocuments,
    async () => {},
  );
  assert.equal(readsOf(run, items).length, documents);
});

test('crashes at any batch of it: each document is there, and no other collection is read again', { timeout: 240_000 }, async () => {
  await using database = await collectionsOf();
  // Heartbeats, so that there is always one more batch to crash at.
  const run = mongoRunOf(database, { ...initial, 'heartbeat.interval.ms': '20' });
  include(run, database, 'items');
  await restart(run, database, 10_000);
  include(run, database, 'items', 'added');
  const random = randomOf(7);
  for (let crash = 0; crash < 6; crash++) {
    // The first batch of all tells what is known.
    let batches = crash === 0 ? 1 : 1 + random(4);
    await run.run(() => (--batches > 0 ? 'append' : crash > 0 && random(2) === 0 ? 'crash before' : 'crash after'));
  }
  const isOver = () => (knownOf(run) as unknown[])?.length === 2 && storedOffset(run)['incremental_snapshot_collections'] === undefined;
  await runWith(run, isOver, async () => {});
  const reads = readsOf(run, addedTopic(database));
  assert.deepEqual([reads.length, new Set(reads).size], [addedDocuments, addedDocuments]);
  assert.equal(readsOf(run, itemsTopic(database)).length, documents);
});

test('what is not read: with none, of a collection made meanwhile, and where nothing is known of before', {
  timeout: 240_000,
}, async () => {
  await using database = await collectionsOf();
  const run = mongoRunOf(database, initial);
  include(run, database, 'items', 'made');
  const made = `srv.${database.name}.made`;
  await runWith(
    run,
    () => keysOf(run, made, 'c').includes('1'),
    async () => void (await database.db.collection<Item>('made').insertOne({ _id: 1, v: 0 })),
  );
  await restart(run, database, 10_000);
  assert.deepEqual(readsOf(run, made), []);

  include(run, database, 'items', 'made', 'added');
  const original = run.config;
  run.config = { ...original, 'snapshot.new.tables': 'none' };
  await restart(run, database, 10_001);
  run.config = original;
  await restart(run, database, 10_002);
  include(run, database, 'items', 'made');
  await restart(run, database, 10_003);
  // As it is after Debezium.
  run.forget(({ partition }) => partition['sluice_captured'] !== undefined);
  run.config = original;
  await restart(run, database, 10_004);
  assert.deepEqual(readsOf(run, addedTopic(database)), []);
  assert.equal(progressOf(run), null);
});
