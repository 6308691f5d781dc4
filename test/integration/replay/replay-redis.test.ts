import { after, before, test } from 'node:test';
import type { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../../services/redis.ts';
import { healsTarget } from './healed-target.ts';
import type { Item } from './item-records.ts';

let server: RedisServer;
let client: Redis;

before(async () => {
  server = await startRedis();
  client = server.connect();
});
after(() => server?.[Symbol.asyncDispose]());

const config = (topic: string) => ({
  'connector.class': 'redis',
  'redis.host': server.host,
  'redis.port': String(server.port),
  'redis.mode': 'write-through',
  'redis.keys': `${topic}:{id}`,
});

test('a replay heals rows that Redis holds as JSON', { timeout: 240_000 }, () =>
  healsTarget({
    config: topic => config(`json-${topic}`),
    async items(topic) {
      const texts = await Promise.all((await client.keys(`json-${topic}:*`)).map(key => client.get(key)));
      return texts.map(text => {
        const { id, n, name } = JSON.parse(text!) as Item;
        return { id, n, name };
      });
    },
    async damage(topic) {
      const key = (id: number) => `json-${topic}:${id}`;
      // One keeps its version, one has none any more.
      await client.set(key(1), (await client.get(key(1)))!.replace('item', 'wrong'));
      await client.set(key(2), '{"id":2,"n":-1,"name":"wrong"}');
      await client.del(key(3));
      await client.set(key(5), '{"id":5,"n":3,"name":"back"}');
    },
  }),
);

test('a replay heals rows that Redis holds as hashes', { timeout: 240_000 }, () =>
  healsTarget({
    config: topic => ({ ...config(`hash-${topic}`), 'redis.value.format': 'hash' }),
    async items(topic) {
      const rows = await Promise.all((await client.keys(`hash-${topic}:*`)).map(key => client.hgetall(key)));
      return rows.map(({ id, n, name }) => ({ id: Number(id), n: Number(n), name: name! }));
    },
    async damage(topic) {
      const key = (id: number) => `hash-${topic}:${id}`;
      await client.hset(key(1), 'name', 'wrong');
      await client.hdel(key(2), 'n');
      await client.del(key(3));
      await client.hset(key(5), { id: '5', n: '3', name: 'back' });
    },
  }),
);
