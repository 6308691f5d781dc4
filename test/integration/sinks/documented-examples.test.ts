import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { RawConfig, SinkRecord } from '../../../src/contract/index.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { jdbcSinkOf } from './jdbc/jdbc-target.ts';
import { RandomShop } from './views/random-shop.ts';
import { viewsSinkOf } from './views/views-target.ts';

const never = new AbortController().signal;

/** The YAML blocks of a page, in their order. */
function blocks(page: string): readonly string[] {
  const text = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'sinks', page), 'utf8');
  return [...text.matchAll(/^```yaml[^\n]*\n(.*?)^```/gms)].map(([, block]) => block!);
}

/** The plugin's part of a documented connector, its SQLite file in a folder of ours. */
function configOf(block: string, folder: ScratchFolder): RawConfig {
  const { 'connector.class': _, topics: __, ...config } = (parse(block) as { config: Record<string, unknown> }).config;
  const named = Object.entries(config).map(([name, value]) => [name, String(value).replace('jdbc:sqlite:', `jdbc:sqlite:${folder.path}/`)]);
  return Object.fromEntries(named) as RawConfig;
}

const shop = new RandomShop(21);
while (shop.records.length < 200) shop.change();
const inTopics = (names: readonly string[]): SinkRecord[] =>
  shop.records
    .filter(({ topic }) => names.includes(topic))
    .map(record => ({ ...record, topic: record.topic.replace('shop.', 'shop.public.') }));

test('the documented views', async () => {
  using folder = new ScratchFolder('documented-views');
  const [connector, views] = blocks('views.md');
  const file = folder.file('views.yaml');
  writeFileSync(file, views!);
  await using sink = viewsSinkOf({ ...configOf(connector!, folder), views: file });
  assert.deepEqual(
    (await sink.check(never)).filter(({ status }) => status !== 'ok'),
    [],
  );
  await sink.assign({ group: 'connect-shop-views', generation: 1, partitions: [] }, never);
  await sink.write({ records: inTopics(['shop.customers', 'shop.orders']), mode: 'replay', consumed: null }, never);
  const [found] = await sink.verify(['customer_orders'], never);
  assert.deepEqual([found!.missing, found!.surplus, found!.rows], [0, 0, shop.rows.get('customers')!.size]);
});

test('the documented copy of a table', async () => {
  using folder = new ScratchFolder('documented-jdbc');
  await using sink = jdbcSinkOf(configOf(blocks('jdbc.md')[0]!, folder));
  assert.deepEqual(
    (await sink.check(never)).filter(({ status }) => status !== 'ok'),
    [],
  );
  const records = inTopics(['shop.orders']);
  assert.deepEqual((await sink.write({ records, mode: 'live', consumed: null }, never)).failed, []);
  using database = new DatabaseSync(folder.file('shop-copy.db'), { readOnly: true });
  const rows = database.prepare('select id, status, total from copy_shop_public_orders order by id').all();
  const wanted = [...shop.rows.get('orders')!.values()].sort((one, other) => Number(one['id']) - Number(other['id']));
  assert.deepEqual(
    rows.map(row => ({ ...row })),
    wanted.map(({ id, status, total }) => ({ id, status, total })),
  );
});
