import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type MongodbServer, startMongodb } from '../../services/mongodb.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { CapturedCollection } from './captured-collection.ts';

type Item = { _id: number };

// On SecantusDB, in MongoDB's place.
describe('collections that are dropped and renamed', { timeout: 180_000 }, () => {
  let server: MongodbServer;
  let daemon: Daemon;

  before(async () => {
    [server, daemon] = await Promise.all([startMongodb(), startDaemon({})]);
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  test('a dropped collection that is made again is captured on', async () => {
    await using captured = await CapturedCollection.start(server, daemon);
    await captured.db.collection('items').drop();
    await captured.insert(4);
    await captured.holds('r1', 'r2', 'c3', 'c4');
  });

  test('a renamed collection goes on under its new name, its documents are not read again', async () => {
    await using captured = await CapturedCollection.start(server, daemon);
    await captured.db.collection('items').rename('things');
    await captured.db.collection<Item>('things').insertOne({ _id: 4 });
    await captured.db.collection<Item>('things').updateOne({ _id: 1 }, { $set: { v: 1 } });
    await captured.topicHolds('things', 'c4', 'u1');
    await captured.holds('r1', 'r2', 'c3');
  });

  test('a dropped database that is made again is captured on', async () => {
    await using captured = await CapturedCollection.start(server, daemon);
    await captured.db.dropDatabase();
    await captured.insert(4);
    await captured.holds('r1', 'r2', 'c3', 'c4');
  });

  // A real server goes on behind the event that ends such a stream (test/integration/mongodb-source.mongo.test.ts); this one refuses that.
  test('a stream on the dropped collection alone: that it cannot go on is said, and when_needed heals it', async () => {
    const name = `scoped_${process.pid}`;
    const scope = { 'capture.scope': 'collection', 'capture.target': `${name}.items`, 'snapshot.mode': 'when_needed' };
    await using captured = await CapturedCollection.startNamed(server, daemon, name, scope);
    await captured.db.collection('items').drop();
    assert.match(await captured.failed(), /^POSITION_LOST: Opening the change stream: [\s\S]*Take a new snapshot/);
    await captured.insert(4);
    await captured.restart();
    await captured.holds('r1', 'r2', 'c3', 'r4');
    await captured.insert(5);
    await captured.holds('r1', 'r2', 'c3', 'r4', 'c5');
  });
});
