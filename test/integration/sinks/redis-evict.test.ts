import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import type { RedisAddress } from '../../services/redis.ts';
import { sharedRedis } from '../../support/servers.ts';
import { UserRecords, type UserRow } from './redis-records.ts';
import { freshPrefix, redisSinkOn, write, writeAll } from './redis-target.ts';

let server: RedisAddress;
let redis: Redis;

before(async () => {
  server = await sharedRedis();
  redis = new Redis(server.port, server.host);
});
after(() => redis?.disconnect());

const user = (id: number, email: string | null): UserRow => ({ id, email, bio: 'b' });

async function left(keys: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(keys.map(key => redis.exists(key)));
  return keys.filter((_, index) => found[index] === 1);
}

async function fill(keys: readonly string[]): Promise<void> {
  for (const key of keys) await redis.set(key, 'cached');
}

test('the keys of a row as it is and as it was are evicted, and no others', async () => {
  const p = freshPrefix();
  const records = new UserRecords();
  await using sink = redisSinkOn(server, { 'redis.mode': 'evict', 'redis.keys': `${p}:user:{id}, ${p}:mail:{email}` });
  const keys = ['user:1', 'user:2', 'mail:old', 'mail:new', 'mail:other', 'mail:'].map(key => `${p}:${key}`);
  await fill(keys);
  await writeAll(sink, [records.update(user(1, 'new'), user(1, 'old'))]);
  assert.deepEqual(await left(keys), [`${p}:user:2`, `${p}:mail:other`, `${p}:mail:`]);
  await fill(keys);
  await writeAll(sink, [records.delete(user(2, 'other')), records.tombstone(2), records.create(user(1, null))]);
  assert.deepEqual(await left(keys), [`${p}:mail:old`, `${p}:mail:new`, `${p}:mail:`]);
});

test('patterns are looked for in steps, many in one pass; what only looks like one stays', async () => {
  const p = freshPrefix();
  const records = new UserRecords();
  await using sink = redisSinkOn(server, { 'redis.mode': 'evict', 'redis.keys': `${p}:{id}:*,${p}:m:{email}:?`, 'redis.scan.count': '7' });
  const keys: string[] = [];
  for (let id = 1; id <= 60; id++) for (const part of ['a', 'b:c', '']) keys.push(`${p}:${id}:${part}`);
  keys.push(`${p}:m:x*y:1`, `${p}:m:xzy:1`, `${p}:m:x*y:12`, `other${p}:1:a`);
  await fill(keys);
  await redis.set(Buffer.from([...Buffer.from(`${p}:1:`), 0xff, 0xfe]), 'no UTF-8');
  await writeAll(sink, [records.create(user(1, 'x*y')), records.create(user(22, null))]);
  const gone = keys.filter(key => /:(1|22):/.test(key) && key.startsWith(p));
  assert.deepEqual(await left(gone), []);
  assert.deepEqual((await left(keys)).length, keys.length - gone.length - 1, 'the one whose signs stand for themselves went too');
  assert.deepEqual(await redis.keys(`${p}:m:*`).then(found => found.sort()), [`${p}:m:x*y:12`, `${p}:m:xzy:1`].sort());
  assert.deepEqual(await redis.keys(`${p}:1:*`), []);
});

test('a truncated table evicts all that its templates could have made', async () => {
  const p = freshPrefix();
  const records = new UserRecords();
  const keys = [`${p}:user:1`, `${p}:user:2`, `${p}:users`];
  await fill(keys);
  await using sink = redisSinkOn(server, { 'redis.mode': 'evict', 'redis.keys': `${p}:user:{id}` });
  await writeAll(sink, [records.truncate()]);
  assert.deepEqual(await left(keys), [`${p}:users`]);
  await using whole = redisSinkOn(server, { 'redis.mode': 'evict', 'redis.keys': '{id}' });
  const { failed } = await write(whole, [records.truncate()]);
  assert.match(failed[0]!.error.message, /all keys of the server would match/);
});

test('a record that does not say what was before is refused, or by choice taken as it is', async () => {
  const p = freshPrefix();
  const records = new UserRecords();
  const config = { 'redis.mode': 'evict', 'redis.keys': `${p}:user:{id},${p}:mail:{email}` };
  await using sink = redisSinkOn(server, config);
  const batch = [
    records.update(user(1, 'a'), null),
    records.unwrapped(user(2, 'b')),
    records.delete({ id: 3, email: null, bio: null }),
    records.create(user(4, 'd')),
    records.tombstone(4),
  ];
  const keys = ['user:1', 'user:4', 'mail:d'].map(key => `${p}:${key}`);
  await fill(keys);
  const { failed } = await write(sink, batch);
  assert.deepEqual(
    failed.map(({ index, error }) => [index, error.code, error.message.replace(p, 'P')]),
    [0, 1, 2].map(index => [
      index,
      'RECORD_REFUSED',
      "'P:mail:{email}' cannot be filled from a record of srv.public.users: it does not say what 'email' was before.",
    ]),
  );
  assert.deepEqual(await left(keys), [`${p}:user:1`], 'the others of the batch are durable');
  await using ignoring = redisSinkOn(server, { ...config, 'redis.on.missing.before': 'ignore' });
  await writeAll(ignoring, batch);
  assert.deepEqual(await left(keys), []);
});

test('a field that is not there fails its record alone and names the nearest', async () => {
  const p = freshPrefix();
  const records = new UserRecords();
  await using sink = redisSinkOn(server, { 'redis.mode': 'evict', 'redis.keys': `${p}:{emial}`, 'redis.keys.other': `${p}:{id}` });
  const other = new UserRecords('other');
  await fill([`${p}:5`]);
  const { failed } = await write(sink, [records.create(user(1, 'x')), other.create(user(5, 'x')), records.record('k', null, 'text', null)]);
  assert.equal(failed.length, 2);
  assert.match(failed[0]!.error.message, /no field 'emial'; did you mean 'email'\?/);
  assert.match(failed[1]!.error.message, /value without fields/);
  assert.deepEqual(await left([`${p}:5`]), []);
});
