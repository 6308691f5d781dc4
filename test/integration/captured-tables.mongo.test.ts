import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mongodbConnector } from '../../connectors/mongodb/plugin.ts';
import { freshMongoDatabase } from '../support/fresh-mongo-database.ts';
import { sharedMongodb } from '../support/servers.ts';

test('a plan lists the collections that a connector would capture, with their topics', async () => {
  await using database = await freshMongoDatabase(await sharedMongodb());
  for (const name of ['orders', 'items']) await database.db.collection(name).insertOne({ n: 1 });
  const captured = async (options: Record<string, string>) => {
    const { config, faults } = mongodbConnector.spec.parse(database.config(options));
    assert.ok(config, JSON.stringify(faults));
    return mongodbConnector.captured!(config, new AbortController().signal);
  };
  const collection = (name: string, readWhenAdded = true) => ({
    name: `${database.name}.${name}`,
    topic: `srv.${database.name}.${name}`,
    readWhenAdded,
  });
  assert.deepEqual(await captured({}), [collection('items'), collection('orders')]);
  assert.deepEqual(await captured({ 'snapshot.new.tables': 'none' }), [collection('items', false), collection('orders', false)]);
  assert.deepEqual(await captured({ 'collection.include.list': `${database.name}.orders` }), [collection('orders')]);
});
