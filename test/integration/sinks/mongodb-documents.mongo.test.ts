import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { Decimal128, type Document, Long, ObjectId } from 'mongodb';
import { mongodbConnector } from '../../../connectors/mongodb/plugin.ts';
import { recordVersion, type Sink, type SinkRecord } from '../../../src/contract/index.ts';
import { ElasticsearchReader, elasticsearchTask } from '../../support/elasticsearch.ts';
import { freshDatabase } from '../../support/fresh-database.ts';
import { freshMongoDatabase } from '../../support/fresh-mongo-database.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { sharedElasticsearch, sharedMongodb, sharedPostgres, sharedRedis } from '../../support/servers.ts';
import { SourceRun } from '../../support/source-run.ts';
import { HandlerFixture } from '../../unit/sinks/handler/handler-fixture.ts';
import { jdbcSinkOf, upserts } from './jdbc/jdbc-target.ts';
import { freshPrefix, redisSinkOn } from './redis-target.ts';
import { jdbcUrl, viewsSinkOf } from './views/views-target.ts';

const never = new AbortController().signal;
const [ann, bob, eve] = ['64b000000000000000000001', '64b000000000000000000002', '64b000000000000000000003'];

/** What a stream of changes says of two collections: made, changed and deleted, with a snapshot before. */
async function streamed(): Promise<readonly SinkRecord[]> {
  await using database = await freshMongoDatabase(await sharedMongodb());
  const { db } = database;
  for (const name of ['people', 'orders']) await db.createCollection(name, { changeStreamPreAndPostImages: { enabled: true } });
  const [people, orders] = [db.collection('people'), db.collection<Document & { _id: number }>('orders')];
  await people.insertMany([
    { _id: new ObjectId(ann), name: 'Ann', tags: ['a', 1], at: new Date('2024-02-29T12:00:00Z') },
    { _id: new ObjectId(bob), name: 'Bob' },
  ]);
  const run = new SourceRun(
    database.config({ 'capture.mode': 'change_streams_update_full_with_pre_image', 'topic.prefix': 'srv' }),
    mongodbConnector,
  );
  let changed = false;
  await run.run(async batch => {
    if (!changed && run.records.length + batch.records.length >= 2) {
      changed = true;
      await people.insertOne({ _id: new ObjectId(eve), name: 'Eve' });
      await orders.insertMany([
        { _id: 1, person: ann, cents: Long.fromString('9007199254740993'), price: Decimal128.fromString('12.50') },
        { _id: 2, person: ann, cents: Long.fromNumber(5), price: Decimal128.fromString('1') },
        { _id: 3, person: bob, cents: Long.fromNumber(7), price: Decimal128.fromString('2') },
      ]);
      await people.updateOne({ _id: new ObjectId(ann) }, { $set: { name: 'Anna' }, $unset: { tags: '' } });
      await orders.updateOne({ _id: 3 }, { $set: { person: eve } });
      await people.deleteOne({ _id: new ObjectId(bob) });
      await orders.deleteOne({ _id: 2 });
    }
    // Two read, four made, two changed, two deleted, each with a tombstone.
    return run.records.length + batch.records.length >= 12 ? 'crash after' : 'append';
  });
  const offsets = new Map<string, bigint>();
  return run.records.map(record => {
    const topic = record.topic.slice(record.topic.lastIndexOf('.') + 1);
    const offset = offsets.get(topic) ?? 0n;
    offsets.set(topic, offset + 1n);
    return { ...record, topic, partition: 0, place: { topic, partition: 0, offset }, version: recordVersion(1, offset) };
  });
}

async function written(sink: Sink, records: readonly SinkRecord[]): Promise<void> {
  const partitions = [...new Set(records.map(({ topic }) => topic))].map(topic => ({ topic, partition: 0, era: 1 }));
  await sink.assign?.({ group: 'connect-documents', generation: 1, partitions }, never);
  // Each twice, as after a crash.
  for (let time = 0; time < 2; time++) {
    const { failed } = await sink.write({ records, mode: 'replay', consumed: null }, never);
    assert.deepEqual(
      failed.map(({ index, error }) => `${index}: ${error.message}`),
      [],
    );
  }
}

test('MongoDB’s documents reach every sink as rows, from its own stream of changes', { timeout: 300_000 }, async t => {
  const records = await streamed();
  assert.equal(records.length, 12);
  using scratch = new ScratchFolder('documents');

  await t.test('views', async () => {
    const [views, file] = [scratch.file('views.yaml'), scratch.file('views.db')];
    writeFileSync(
      views,
      `
tables:
  people: { topic: people, key: id, columns: { id: text, name: text, tags: text } }
  orders: { topic: orders, key: id, columns: { id: bigint, person: text, cents: bigint, price: numeric } }
views:
  person_orders:
    key: id
    from: { people: id, orders: person }
    select: |
      select p.id, p.name, p.tags, count(o.id) as orders, max(o.cents) as cents, max(o.price) as price
      from people p left join orders o on o.person = p.id group by p.id, p.name, p.tags
`,
    );
    {
      await using sink = viewsSinkOf({ 'connection.url': `sqlite:${file}`, views });
      await written(sink, records);
    }
    using database = new DatabaseSync(file, { readOnly: true });
    const rows = database
      .prepare('select id, name, tags, orders, cast(cents as text) as cents, price from person_orders order by id')
      .all();
    assert.deepEqual(
      rows.map(row => ({ ...row })),
      [
        { id: ann, name: 'Anna', tags: null, orders: 1, cents: '9007199254740993', price: 12.5 },
        { id: eve, name: 'Eve', tags: null, orders: 1, cents: '7', price: 2 },
      ],
    );
  });

  await t.test('upsert tables', async () => {
    const file = scratch.file('copy.db');
    {
      await using sink = jdbcSinkOf({ 'connection.url': `jdbc:sqlite:${file}`, ...upserts });
      await written(sink, records);
    }
    using database = new DatabaseSync(file, { readOnly: true });
    const rows = (columns: string, table: string) => {
      const found = database.prepare(`select ${columns} from ${table} order by id`).all();
      return found.map(row => Object.values(row).map(String));
    };
    assert.deepEqual(rows('id, name', 'people'), [
      [ann, 'Anna'],
      [eve, 'Eve'],
    ]);
    assert.deepEqual(rows('id, person, cast(cents as text), price', 'orders'), [
      ['1', ann, '9007199254740993', '12.50'],
      ['3', eve, '7', '2'],
    ]);
  });

  await t.test('tables and views in Postgres', async () => {
    await using target = await freshDatabase(await sharedPostgres(18));
    const { client } = target;
    const [views, url] = [scratch.file('postgres-views.yaml'), jdbcUrl(target.url)];
    writeFileSync(
      views,
      `
tables:
  orders: { topic: orders, key: id, columns: { id: bigint, person: text, cents: bigint } }
views:
  spent: { key: person, from: { orders: person }, select: 'select person, sum(cents) as cents from orders group by person' }
`,
    );
    {
      await using tables = jdbcSinkOf({ 'connection.url': url, ...upserts });
      await written(tables, records);
      await using sink = viewsSinkOf({ 'connection.url': url, views });
      await written(sink, records);
    }
    // A number for an id: its delete and its tombstone are of the same row, in one batch.
    assert.deepEqual((await client.query('select id, cents from orders order by id')).rows, [
      { id: '1', cents: '9007199254740993' },
      { id: '3', cents: '7' },
    ]);
    assert.deepEqual((await client.query('select person, cents from spent order by person')).rows, [
      { person: ann, cents: '9007199254740993' },
      { person: eve, cents: '7' },
    ]);
  });

  await t.test('redis', async () => {
    const server = await sharedRedis();
    const prefix = freshPrefix();
    {
      await using sink = redisSinkOn(server, { 'redis.mode': 'write-through', 'redis.keys': `${prefix}:{topic}:{id}` });
      await written(sink, records);
    }
    const client = new Redis(server.port, server.host);
    try {
      const stored = async (key: string) => {
        const text = await client.get(`${prefix}:${key}`);
        if (text === null) return null;
        const { __version, ...row } = JSON.parse(text) as Record<string, unknown>;
        return row;
      };
      assert.deepEqual(await stored(`people:${ann}`), { id: ann, name: 'Anna', at: '2024-02-29T12:00:00.000Z' });
      assert.equal(await stored(`people:${bob}`), null);
      assert.deepEqual(await stored('orders:3'), { id: 3, person: eve, cents: 7, price: '2' });
      assert.equal(await stored('orders:2'), null);
    } finally {
      client.disconnect();
    }
  });

  await t.test('elasticsearch', async () => {
    const { url } = await sharedElasticsearch();
    const prefix = `documents${process.pid}-`;
    {
      await using sink = elasticsearchTask({
        'connection.url': url,
        'behavior.on.null.values': 'delete',
        'index.settings': '{"number_of_replicas": 0}',
        'read.timeout.ms': '60000',
        'index.name': `${prefix}\${topic}`,
      });
      await written(sink, records);
    }
    const reader = new ElasticsearchReader(url);
    const found = (await reader.documents(`${prefix}people`)).map(({ _id, _source }) => [_id, _source]);
    assert.deepEqual(found.toSorted(), [
      [ann, { id: ann, name: 'Anna', at: '2024-02-29T12:00:00.000Z' }],
      [eve, { id: eve, name: 'Eve' }],
    ]);
    assert.deepEqual((await reader.documents(`${prefix}orders`)).map(({ _id }) => _id).toSorted(), ['1', '3']);
  });

  await t.test('handler', async () => {
    await using fixture = new HandlerFixture({ seen: [] as unknown[] });
    const told = (name: string) => `${name}({ key, before, after, changed }) {
      $probe.seen.push(['${name}', key.id, before?.name, after?.name, changed && [...changed].sort()]);
    }`;
    const module = fixture.module(`export default { people: { ${['onCreate', 'onUpdate', 'onDelete'].map(told).join(', ')} } };`);
    const people = records.filter(({ topic }) => topic === 'people');
    const { failed } = await fixture
      .sink(module, { 'handler.tombstones': 'ignore' })
      .write({ records: people, mode: 'live', consumed: null }, never);
    assert.deepEqual(failed, []);
    assert.deepEqual(fixture.probe.seen, [
      ['onCreate', ann, undefined, 'Ann', undefined],
      ['onCreate', bob, undefined, 'Bob', undefined],
      ['onCreate', eve, undefined, 'Eve', undefined],
      ['onUpdate', ann, 'Ann', 'Anna', ['name', 'tags']],
      ['onDelete', bob, 'Bob', undefined, undefined],
    ]);
  });
});
