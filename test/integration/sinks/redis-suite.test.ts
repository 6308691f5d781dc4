import { after, before } from 'node:test';
import type { Redis } from 'ioredis';
import type { RawConfig } from '../../../src/contract/index.ts';
import { type SuiteRow, sinkSuite } from '../../conformance/sink-suite/index.ts';
import { type RedisServer, startRedis } from '../../services/redis.ts';
import { redisSinkOn } from './redis-target.ts';

let server: RedisServer;
let reader: Redis;

before(async () => {
  // As a store that loses nothing it has acknowledged: what the suite takes away comes back as it was.
  server = await startRedis({ settings: { appendonly: 'yes', appendfsync: 'always' } });
  reader = server.connect();
});
after(() => server?.[Symbol.asyncDispose]());

const away = { begin: () => server.kill(), end: () => server.start() };

/** A row of which the database did not send a column, where nothing is stored to take it from. */
const refused = (id: number): SuiteRow => ({ id, name: '__debezium_unavailable_value', amount: 1 });

function make(config: RawConfig) {
  return async () => redisSinkOn(server, { 'redis.mode': 'write-through', 'redis.keys': '{topic}:{id}', ...config });
}

async function rowsOf(topic: string, read: (key: string) => Promise<SuiteRow>): Promise<ReadonlyMap<number, SuiteRow>> {
  const rows = new Map<number, SuiteRow>();
  for (const key of await reader.keys(`${topic}:*`)) {
    const row = await read(key);
    rows.set(row.id, row);
  }
  return rows;
}

sinkSuite('redis, JSON', {
  make: make({ 'truncate.enabled': 'true' }),
  truncates: true,
  state: topic => rowsOf(topic, async key => JSON.parse((await reader.get(key)) ?? '') as SuiteRow),
  away,
  refused,
});

sinkSuite('redis, hashes', {
  make: make({ 'redis.value.format': 'hash', 'redis.delete.marker.ms': '-1', 'truncate.enabled': 'true' }),
  truncates: true,
  state: topic =>
    rowsOf(topic, async key => {
      const { id, name, amount } = await reader.hgetall(key);
      return { id: Number(id), name: name ?? null, amount: amount === undefined ? null : Number(amount) };
    }),
  away,
  refused,
});
