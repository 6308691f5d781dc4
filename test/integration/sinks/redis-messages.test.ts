import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import type { RedisAddress } from '../../services/redis.ts';
import { sharedRedis } from '../../support/servers.ts';
import { until } from '../../support/until.ts';
import { UserRecords, unavailable } from './redis-records.ts';
import { freshPrefix, redisSinkOn, write, writeAll } from './redis-target.ts';

let server: RedisAddress;
let redis: Redis;

before(async () => {
  server = await sharedRedis();
  redis = new Redis(server.port, server.host);
});
after(() => redis?.disconnect());

test('publish tells the channel of each change in order, with the same id each time', async () => {
  const p = freshPrefix();
  const records = new UserRecords();
  const subscriber = redis.duplicate();
  try {
    const heard: unknown[] = [];
    subscriber.on('message', (_channel: string, text: string) => heard.push(JSON.parse(text)));
    await subscriber.subscribe(`${p}:srv.public.users`);
    await using sink = redisSinkOn(server, {
      'redis.mode': 'publish',
      'redis.channel': `${p}:{topic}`,
      'redis.keys': 'user:{id},mail:{email},list:{id}:*',
    });
    const batch = [
      records.create({ id: 1, email: 'a', bio: null }),
      records.update({ id: 1, email: 'b', bio: null }, { id: 1, email: 'a', bio: null }),
      records.delete({ id: 1, email: 'b', bio: null }),
    ];
    await writeAll(sink, batch);
    await writeAll(sink, batch);
    await until(() => heard.length >= 6, { what: 'six messages' });
    const message = (offset: number, operation: string, keys: readonly string[]) => ({
      id: `srv.public.users/0/${offset}`,
      topic: 'srv.public.users',
      operation,
      key: { id: 1 },
      keys,
    });
    const once = [
      message(0, 'upsert', ['user:1', 'mail:a', 'list:1:*']),
      message(1, 'upsert', ['user:1', 'mail:b', 'mail:a', 'list:1:*']),
      message(2, 'delete', ['user:1', 'mail:b', 'list:1:*']),
    ];
    assert.deepEqual(heard, [...once, ...once]);
  } finally {
    subscriber.disconnect();
  }
});

test('stream adds each change in order, and keeps about so many', async () => {
  const p = freshPrefix();
  const records = new UserRecords();
  await using sink = redisSinkOn(server, { 'redis.mode': 'stream', 'redis.stream': `${p}:{source.table}` });
  await writeAll(sink, [
    records.create({ id: 1, email: 'a', bio: null }),
    records.update({ id: 1, email: 'b', bio: unavailable }, { id: 1, email: 'a', bio: null }),
    records.delete({ id: 1, email: 'b', bio: 'x' }),
  ]);
  const entries = await redis.xrange(`${p}:users`, '-', '+');
  const common = (offset: number, operation: string) => [
    'id',
    `srv.public.users/0/${offset}`,
    'topic',
    'srv.public.users',
    'operation',
    operation,
    'key',
    '{"id":1}',
  ];
  assert.deepEqual(
    entries.map(([, fields]) => fields),
    [
      [...common(0, 'upsert'), 'value', '{"id":1,"email":"a","bio":null}'],
      [
        ...common(1, 'upsert'),
        'value',
        `{"id":1,"email":"b","bio":"${unavailable}"}`,
        'before',
        '{"id":1,"email":"a","bio":null}',
        'missing',
        '["bio"]',
      ],
      [...common(2, 'delete'), 'before', '{"id":1,"email":"b","bio":"x"}'],
    ],
  );
  await using short = redisSinkOn(server, { 'redis.mode': 'stream', 'redis.stream': `${p}:short`, 'redis.stream.maxlen': '10' });
  await writeAll(
    short,
    Array.from({ length: 1_000 }, (_, id) => records.create({ id, email: null, bio: null })),
  );
  assert.ok((await redis.xlen(`${p}:short`)) < 500);
});

test('a stream’s key that holds another type, and a stream that cannot be named, are refused by record', async () => {
  const p = freshPrefix();
  const records = new UserRecords();
  await redis.set(`${p}:1`, 'text');
  await using sink = redisSinkOn(server, { 'redis.mode': 'stream', 'redis.stream': `${p}:{id}` });
  const { failed } = await write(
    sink,
    [1, 2].map(id => records.create({ id, email: null, bio: null })),
  );
  assert.deepEqual(
    failed.map(({ index, error }) => [index, error.code]),
    [[0, 'RECORD_REFUSED']],
  );
  await using named = redisSinkOn(server, { 'redis.mode': 'stream', 'redis.stream': '{source.table}' });
  const unnamed = await write(named, [records.tombstone(1)]);
  assert.match(unnamed.failed[0]!.error.message, /does not have 'table'/);
});
