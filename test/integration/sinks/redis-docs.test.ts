import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { redisSink } from '../../../sinks/redis/plugin.ts';
import { Struct, schemaOf, schemas, structSchema } from '../../../src/contract/index.ts';
import { startRedis } from '../../services/redis.ts';
import { UserRecords } from './redis-records.ts';
import { redisSinkOf, writeAll } from './redis-target.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/sinks/redis.md'), 'utf8');
const engineOptions = ['connector.class', 'topics'];

/** The configs that the page shows, as the sink gets them, by their mode. */
function shown(): ReadonlyMap<string, Record<string, string>> {
  const configs = Array.from(
    page.matchAll(/^```yaml\n(.*?)^```/gms),
    ([, text = '']) => parse(text) as { config: Record<string, unknown> },
  );
  return new Map(
    configs.map(({ config }) => {
      const own = Object.entries(config).filter(([name]) => !engineOptions.includes(name));
      return [String(config['redis.mode']), Object.fromEntries(own.map(([name, value]) => [name, String(value)]))];
    }),
  );
}

test('the examples of the page are valid, and what write-through shows is what it writes', async () => {
  const configs = shown();
  assert.deepEqual([...configs.keys()], ['evict', 'write-through']);
  for (const config of configs.values()) {
    const { faults, warnings } = redisSink.spec.parse(config);
    assert.deepEqual([faults, warnings], [[], []]);
  }
  await using server = await startRedis();
  const uri = `redis://${server.host}:${server.port}`;
  const keySchema = structSchema([['id', schemas.int32]]);
  const rowSchema = structSchema([
    ['id', schemas.int32],
    ['email', schemas.string],
    ['name', schemas.string],
    ['since', schemaOf('int32', { name: 'io.debezium.time.Date' })],
  ]);
  const row = new Struct(rowSchema, [1, 'ann@example.com', 'Ann', 19_753]);
  const [, key = '', text = ''] = /^ {4}GET (\S+)\n {4}(.*)$/m.exec(page)!;
  const record = new UserRecords().record(new Struct(keySchema, [1]), keySchema, row, rowSchema);
  await using writing = redisSinkOf({ ...configs.get('write-through'), 'redis.uri': uri });
  await writeAll(writing, [{ ...record, version: BigInt((JSON.parse(text) as { __version: string }).__version) }]);
  const client = server.connect();
  assert.equal(await client.get(key), text);
  await client.mset('user:by-mail:ann@example.com', '1', 'user:1:orders', '2', 'user:2', '3');
  await using evicting = redisSinkOf({ ...configs.get('evict'), 'redis.uri': uri, 'redis.on.missing.before': 'ignore' });
  await writeAll(evicting, [record]);
  assert.deepEqual(await client.keys('*'), ['user:2']);
});
