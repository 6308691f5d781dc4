import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as fc from 'fast-check';
import { Redis } from 'ioredis';
import { type SinkRecord, Struct, schemaOf, schemas, structSchema } from '../../../src/contract/index.ts';
import type { RedisAddress } from '../../services/redis.ts';
import { startRedis } from '../../services/redis.ts';
import { sharedRedis } from '../../support/servers.ts';
import { until } from '../../support/until.ts';
import { UserRecords, type UserRow, unavailable } from './redis-records.ts';
import { freshPrefix, redisSinkOn, write, writeAll } from './redis-target.ts';

let server: RedisAddress;
let redis: Redis;

before(async () => {
  server = await sharedRedis();
  redis = new Redis(server.port, server.host);
});
after(() => redis?.disconnect());

const formats = ['json', 'hash'] as const;
type Format = (typeof formats)[number];

/** A stored row as the tests compare it, without its version; null where there is none. */
async function stored(format: Format, key: string): Promise<UserRow | null> {
  if (format === 'json') {
    const text = await redis.get(key);
    if (text === null) return null;
    const { __version, ...row } = JSON.parse(text) as UserRow & { __version: string };
    assert.match(__version, /^\d+$/);
    return row;
  }
  const { id, email, bio, __version } = await redis.hgetall(key);
  if (id === undefined) return null;
  assert.match(__version!, /^\d+$/);
  return { id: Number(id), email: email ?? null, bio: bio ?? null };
}

for (const format of formats) {
  const config = (p: string) => ({ 'redis.mode': 'write-through', 'redis.keys': `${p}:{id}`, 'redis.value.format': format });

  test(`${format}: a column that was not sent keeps its stored value, or the one from earlier in the batch`, async () => {
    const p = freshPrefix();
    const records = new UserRecords();
    await using sink = redisSinkOn(server, config(p));
    await writeAll(sink, [records.create({ id: 1, email: 'a"', bio: 'long "text", {with} [signs]' })]);
    await writeAll(sink, [records.update({ id: 1, email: 'b', bio: unavailable }, null)]);
    assert.deepEqual(await stored(format, `${p}:1`), { id: 1, email: 'b', bio: 'long "text", {with} [signs]' });
    await writeAll(sink, [records.create({ id: 2, email: 'x', bio: null }), records.update({ id: 2, email: 'y', bio: unavailable }, null)]);
    assert.deepEqual(await stored(format, `${p}:2`), { id: 2, email: 'y', bio: null });
    await writeAll(sink, [
      records.update({ id: 1, email: unavailable, bio: 'new' }, null),
      records.update({ id: 1, email: 'c', bio: unavailable }, null),
    ]);
    assert.deepEqual(await stored(format, `${p}:1`), { id: 1, email: 'c', bio: 'new' });
    await writeAll(sink, [
      records.update({ id: 1, email: unavailable, bio: null }, null),
      records.update({ id: 1, email: unavailable, bio: unavailable }, null),
    ]);
    assert.deepEqual(await stored(format, `${p}:1`), { id: 1, email: 'c', bio: null });
  });

  test(`${format}: a row that cannot be whole is refused, or by choice its key stays absent`, async () => {
    const p = freshPrefix();
    const records = new UserRecords();
    await using sink = redisSinkOn(server, config(p));
    const partial = () => records.update({ id: 1, email: 'b', bio: unavailable }, null);
    const whole = (id: number) => records.create({ id, email: 'a', bio: 'b' });
    const refused = await write(sink, [whole(2), partial(), whole(3)]);
    assert.deepEqual(
      refused.failed.map(({ index, error }) => [index, error.code]),
      [[1, 'RECORD_REFUSED']],
    );
    assert.notEqual(await stored(format, `${p}:3`), null, 'the others are durable');
    await writeAll(sink, [whole(1)]);
    const behind = await write(sink, [records.delete({ id: 1, email: 'a', bio: 'b' }), partial()]);
    assert.deepEqual(
      behind.failed.map(({ index }) => index),
      [1],
      'what was deleted is not there to take columns from',
    );
    assert.equal(await stored(format, `${p}:1`), null);
    await using evicting = redisSinkOn(server, { ...config(p), 'redis.on.incomplete': 'evict' });
    await writeAll(evicting, [whole(4), partial()]);
    await writeAll(evicting, [whole(1)]);
    await writeAll(evicting, [records.delete({ id: 1, email: 'a', bio: 'b' }), partial()]);
    assert.equal(await stored(format, `${p}:1`), null);
  });

  test(`${format}: TTL and delete markers expire when they are told to`, async () => {
    const p = freshPrefix();
    const records = new UserRecords();
    await using sink = redisSinkOn(server, { ...config(p), 'redis.ttl.ms': '3600000', 'redis.delete.marker.ms': '7200000' });
    await writeAll(sink, [records.create({ id: 1, email: 'a', bio: 'b' }), records.create({ id: 2, email: 'a', bio: 'b' })]);
    await writeAll(sink, [records.delete({ id: 2, email: 'a', bio: 'b' })]);
    const [value, marker] = [await redis.pttl(`${p}:1`), await redis.pttl(`sluice:deleted:{${p}:2}`)];
    assert.ok(value > 0 && value <= 3_600_000, String(value));
    assert.ok(marker > 3_600_000 && marker <= 7_200_000, String(marker));
  });

  test(`${format}: a key of another type is refused alone; a value that is not ours is written over`, async () => {
    const p = freshPrefix();
    const records = new UserRecords();
    await using sink = redisSinkOn(server, config(p));
    await redis.lpush(`${p}:1`, 'x');
    if (format === 'json') await redis.set(`${p}:2`, '{"id":2}');
    else await redis.hset(`${p}:2`, 'id', '7', 'other', 'y');
    const row = (id: number): UserRow => ({ id, email: 'a', bio: null });
    const { failed } = await write(sink, [records.create(row(1)), records.create(row(2))]);
    assert.deepEqual(
      failed.map(({ index, error }) => [index, error.code]),
      [[0, 'RECORD_REFUSED']],
    );
    assert.deepEqual(await stored(format, `${p}:2`), row(2));
    assert.equal(await redis.exists(`${p}:1`), 1);
  });

  test(`${format}: columns are taken from the row just before, also far back in a large batch`, async () => {
    const p = freshPrefix();
    const records = new UserRecords();
    await using sink = redisSinkOn(server, config(p));
    const batch: SinkRecord[] = [];
    for (let id = 0; id < 400; id++) batch.push(records.create({ id, email: 'e0', bio: 'b0' }));
    for (let round = 1; round <= 8; round++)
      for (let id = 0; id < 400; id++) {
        const row = round % 2 === 0 ? { email: `e${round}`, bio: unavailable } : { email: unavailable, bio: `b${round}` };
        batch.push(records.update({ id, ...row }, null));
      }
    await writeAll(sink, batch);
    for (let id = 0; id < 400; id++) assert.deepEqual(await stored(format, `${p}:${id}`), { id, email: 'e8', bio: 'b7' });
  });

  test(`${format}: random changes, batches and redeliveries end as the model does`, async () => {
    const change = fc.record({
      id: fc.integer({ min: 1, max: 4 }),
      kind: fc.constantFrom('put', 'partial', 'delete'),
      text: fc.string({ maxLength: 6 }),
    });
    // Where a batch begins: a redelivery goes back so many records.
    const batches = fc.array(fc.record({ size: fc.integer({ min: 1, max: 6 }), back: fc.integer({ min: 0, max: 8 }) }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 40 }), batches, async (changes, steps) => {
        const p = freshPrefix();
        const topic = new UserRecords();
        const model = new Map<number, UserRow>();
        const records: SinkRecord[] = [];
        for (const { id, kind, text } of changes) {
          const row = model.get(id);
          if (kind === 'delete') {
            model.delete(id);
            records.push(topic.delete(row ?? { id, email: null, bio: null }));
          } else if (kind === 'partial' && row) {
            model.set(id, { ...row, email: text });
            records.push(topic.update({ id, email: text, bio: unavailable }, null));
          } else {
            model.set(id, { id, email: text, bio: `${text}!` });
            records.push(topic.create({ id, email: text, bio: `${text}!` }));
          }
        }
        await using sink = redisSinkOn(server, config(p));
        let at = 0;
        for (let step = 0; at < records.length; step++) {
          const { size, back } = steps[step % steps.length]!;
          await writeAll(sink, records.slice(at, at + size));
          const next = Math.min(records.length, at + size);
          if (step < steps.length && next < records.length) await writeAll(sink, records.slice(Math.max(0, next - back), next));
          at = next;
        }
        await writeAll(sink, records.slice(-10));
        for (let id = 1; id <= 4; id++) assert.deepEqual(await stored(format, `${p}:${id}`), model.get(id) ?? null);
      }),
      { numRuns: 60 },
    );
  });
}

test('what is written says dates as dates and keeps every digit', async () => {
  const p = freshPrefix();
  const keySchema = structSchema([['id', schemas.int64]]);
  const rowSchema = structSchema([
    ['id', schemas.int64],
    ['born', schemaOf('int32', { name: 'io.debezium.time.Date' })],
    ['data', schemaOf('string', { name: 'io.debezium.data.Json' })],
  ]);
  const id = 9_007_199_254_740_993n;
  const row = new Struct(rowSchema, [id, 1, '{"a":[1]}']);
  const records = new UserRecords();
  const record = records.record(new Struct(keySchema, [id]), keySchema, row, rowSchema);
  await using sink = redisSinkOn(server, { 'redis.mode': 'write-through', 'redis.keys': `{{${p}}}:{id}` });
  await writeAll(sink, [record]);
  assert.equal(await redis.get(`{${p}}:${id}`), `{"__version":"${record.version}","id":${id},"born":"1970-01-02","data":{"a":[1]}}`);
});

test('what write-through cannot do is refused with the reason', async () => {
  const p = freshPrefix();
  const records = new UserRecords();
  await using sink = redisSinkOn(server, { 'redis.mode': 'write-through', 'redis.keys': `${p}:{email}`, 'redis.keys.plain': `${p}:{key}` });
  const plain = new UserRecords('plain');
  const row = { id: 1, email: 'e', bio: null };
  const { failed } = await write(sink, [
    records.create(row),
    records.truncate(),
    plain.record('k1', schemas.string, plain.unwrapped(row).value, plain.unwrapped(row).valueSchema),
    plain.record(null, null, plain.unwrapped(row).value, plain.unwrapped(row).valueSchema),
  ]);
  assert.deepEqual(
    failed.map(({ index, error }) => [index, error.code]),
    [0, 1, 3].map(index => [index, 'RECORD_REFUSED']),
  );
  assert.match(failed[0]!.error.message, /'email' is not a field of its key/);
  assert.match(failed[2]!.error.message, /it has no key/);
  assert.deepEqual(await stored('json', `${p}:k1`), row);
});

test('a row that lacks a column and comes again after its delete is old, and no fault', async () => {
  for (const format of formats) {
    const p = freshPrefix();
    const records = new UserRecords();
    await using sink = redisSinkOn(server, { 'redis.mode': 'write-through', 'redis.keys': `${p}:{id}`, 'redis.value.format': format });
    const made = { id: 1, email: 'a', bio: 'long' };
    const history = [
      records.create(made),
      records.update({ id: 1, email: 'b', bio: unavailable }, null),
      records.delete({ id: 1, email: null, bio: null }),
    ];
    for (const record of [...history, ...history]) await writeAll(sink, [record]);
    assert.equal(await stored(format, `${p}:1`), null);
  }
});

test('a truncation leaves keys that are not its rows, and is refused where its topic has other partitions', async () => {
  const p = freshPrefix();
  const records = new UserRecords();
  await redis.mset(`${p}:other`, 'a text of somebody else', `${p}:json`, '{"id":1}');
  await redis.hset(`${p}:hash`, 'a', 'b');
  await using sink = redisSinkOn(server, { 'redis.mode': 'write-through', 'redis.keys': `${p}:{id}`, 'truncate.enabled': 'true' });
  const assign = (partitions: readonly number[]) => {
    const assigned = partitions.map(partition => ({ topic: records.topic, partition, era: 0 }));
    return sink.assign!({ group: 'g', generation: 1, partitions: assigned }, new AbortController().signal);
  };
  const creates = Array.from({ length: 200 }, (_, id) => records.create({ id, email: null, bio: null }));
  await writeAll(sink, creates);
  await assign([0, 1]);
  const { failed } = await write(sink, [records.truncate()]);
  assert.match(failed[0]!.error.message, /one partition/);
  assert.equal((await redis.keys(`${p}:*`)).length, 203);
  await assign([0]);
  await writeAll(sink, [records.truncate(), records.create({ id: 1_000, email: null, bio: null })]);
  assert.deepEqual((await redis.keys(`${p}:*`)).sort(), [`${p}:1000`, `${p}:hash`, `${p}:json`, `${p}:other`]);
});

test('a server killed and started again in mid-load has every row at its newest', async () => {
  await using own = await startRedis({ settings: { appendonly: 'yes', appendfsync: 'always' } });
  const reader = own.connect();
  const records = new UserRecords();
  await using sink = redisSinkOn(own, { 'redis.mode': 'write-through', 'redis.keys': 'u:{id}', 'redis.batch.bytes': '20000' });
  const rounds = 12;
  let killed: Promise<void> = Promise.resolve();
  for (let round = 1; round <= rounds; round++) {
    const batch = Array.from({ length: 500 }, (_, index) => records.create({ id: index, email: `round ${round}`, bio: 'x'.repeat(50) }));
    if (round % 4 === 2) killed = own.kill().then(() => own.start());
    await until(
      () =>
        write(sink, batch).then(
          ({ failed }) => failed.length === 0,
          error => {
            assert.equal((error as { code?: string }).code, 'TARGET_UNAVAILABLE', String(error));
            return false;
          },
        ),
      { what: 'the batch to be written', timeoutMs: 60_000 },
    );
    await killed;
  }
  for (let id = 0; id < 500; id += 7) assert.match((await reader.get(`u:${id}`))!, new RegExp(`"round ${rounds}"`));
  await reader.script('FLUSH');
  await writeAll(sink, [records.delete({ id: 0, email: null, bio: null })]);
  assert.equal(await reader.get('u:0'), null, 'scripts that the server forgot are sent again');
});
