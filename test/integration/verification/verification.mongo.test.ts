import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { startDaemon } from '../../support/daemon.ts';
import { freshMongoDatabase } from '../../support/fresh-mongo-database.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { sharedMongodb } from '../../support/servers.ts';
import { differencesOf, steadyLoad, VerifiedDaemon } from './verified-daemon.ts';

test('MongoDB against a table of SQLite and the log: planted faults are found and repaired', { timeout: 300_000 }, async () => {
  await using database = await freshMongoDatabase(await sharedMongodb());
  const people = database.db.collection<{ _id: number; name: string; score: number }>('people');
  await people.insertMany(Array.from({ length: 300 }, (_, id) => ({ _id: id, name: `first ${id}`, score: id / 8 })));
  using scratch = new ScratchFolder('verification-mongo');
  const file = scratch.file('target.db');
  await using daemon = await startDaemon({});
  const verified = new VerifiedDaemon(daemon, 'people');
  const prefix = `vg${process.pid}`;
  await verified.rest.putConfig('people', { ...(database.config({ 'topic.prefix': prefix }) as Record<string, string>) });
  await verified.rest.putConfig('file', {
    'connector.class': 'jdbc',
    topics: `${prefix}.${database.name}.people`,
    'insert.mode': 'upsert',
    'delete.enabled': 'true',
    'primary.key.mode': 'record_key',
    'schema.evolution': 'basic',
    'collection.name.format': 'people',
    'connection.url': `jdbc:sqlite:${file}`,
    transforms: 'unwrap',
    'transforms.unwrap.type': 'io.debezium.connector.mongodb.transforms.ExtractNewDocumentState',
    'transforms.unwrap.add.fields': 'op,source.ts_ms',
  });
  await verified.applied('file');
  await people.updateOne({ _id: 3 }, { $set: { name: 'second 3' } });
  await people.deleteOne({ _id: 299 });
  await people.insertOne({ _id: 500, name: 'late', score: 1 });
  await verified.applied('file');
  // The stream's place is to pass the times at which documents are read: the stand-in tells an idle stream none.
  await using _ = steadyLoad(async round => {
    await people.updateOne({ _id: 100 + (round % 100) }, { $set: { name: `load ${round}` } });
  }, 5);
  const clean = await verified.verify({ against: 'file' });
  assert.deepEqual([clean.state, clean.error, differencesOf(clean)], ['COMPLETED', null, []]);
  {
    using target = new DatabaseSync(file, { timeout: 20_000 });
    target.exec("delete from people where id = '1'");
    target.exec("update people set name = 'first 3' where id = '3'");
    target.exec("update people set score = 77 where id = '5'");
    target.exec("insert into people (id, name) values ('900', 'nobody')");
  }
  const repaired = await verified.verify({ against: 'file', repair: true });
  const found = repaired.tables.flatMap(({ differences }) => differences.map(({ kind, repaired: is }) => `${kind} ${is}`)).sort();
  assert.deepEqual(found, ['changed true', 'extra true', 'missing true', 'stale true'], JSON.stringify(repaired));
  for (const against of ['file', 'log']) {
    const again = await verified.verify({ against });
    assert.deepEqual([again.state, again.error, differencesOf(again)], ['COMPLETED', null, []]);
  }
});
