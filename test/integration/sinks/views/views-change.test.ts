import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import type { ViewsSink } from '../../../../sinks/views/views-sink.ts';
import type { RawConfig, SinkRecord } from '../../../../src/contract/index.ts';
import { freshDatabase } from '../../../support/fresh-database.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { sharedPostgres } from '../../../support/servers.ts';
import { RandomShop } from './random-shop.ts';
import { jdbcUrl, viewsSinkOf } from './views-target.ts';

const never = new AbortController().signal;
const group = 'connect-views';

const before = `
tables:
  customers: { topic: shop.customers, key: id, columns: { id: bigint, name: text } }
views:
  names: { key: id, from: { customers: id }, select: 'select id, name from customers' }
  dropped: { key: id, from: { customers: id }, select: 'select id from customers' }
`;

const after = `
tables:
  customers: { topic: shop.customers, key: id, columns: { id: bigint, region: text, name: text } }
views:
  names: { key: id, from: { customers: id }, select: 'select id, name, region from customers' }
  sizes: { key: name, from: { customers: name }, select: 'select name, count(*) as n from customers group by name' }
`;

type Target = { readonly config: RawConfig; rows(sql: string): Promise<readonly Record<string, unknown>[]> };

async function assign(sink: ViewsSink, generation: number) {
  return sink.assign({ group, generation, partitions: [{ topic: 'shop.customers', partition: 0, era: 1 }] }, never);
}

async function write(sink: ViewsSink, records: readonly SinkRecord[], generation: number): Promise<void> {
  const next = [{ topic: 'shop.customers', partition: 0, offset: records.at(-1)!.place.offset + 1n }];
  const { failed } = await sink.write({ records, mode: 'live', consumed: { group, member: 'test', generation, next } }, never);
  assert.deepEqual(failed, []);
}

/** A further column, a view that names it, a further view, one that is gone: all while the views are kept. */
async function changes({ config, rows }: Target): Promise<void> {
  const shop = new RandomShop(5);
  while (shop.records.length < 120) shop.change();
  const records = shop.records.filter(({ topic }) => topic === 'shop.customers');
  const half = Math.floor(records.length / 2);
  {
    await using sink = viewsSinkOf({ ...config, views: before });
    assert.deepEqual(await assign(sink, 1), []);
    await write(sink, records.slice(0, half), 1);
  }
  const held = await rows('select id, name from names order by id');
  assert.ok(held.length > 0);
  await using sink = viewsSinkOf({ ...config, views: after });
  const [from] = await assign(sink, 2);
  assert.equal(from!.offset, 0n, 'the topic is read again for the column');
  assert.deepEqual(await rows('select id, name from names order by id'), held, 'the former view stays meanwhile');
  await assert.rejects(rows('select * from dropped'), /dropped/);
  await assert.rejects(rows('select * from sizes'), /sizes/, 'a further view of that table waits');
  for (let at = 0; at < records.length; at += 7) await write(sink, records.slice(at, at + 7), 2);
  const wanted = [...shop.rows.get('customers')!.values()].sort((one, other) => Number(one['id']) - Number(other['id']));
  const found = await rows('select id, name, region from names order by id');
  assert.deepEqual(
    found.map(row => [Number(row['id']), row['name'], row['region']]),
    wanted.map(row => [row['id'], row['name'], row['region']]),
  );
  for (const { view, missing, surplus } of await sink.verify([], never)) assert.deepEqual([missing, surplus], [0, 0], view);
  await using other = viewsSinkOf({ ...config, views: after.replace('name: text', 'name: bytea') });
  await assert.rejects(assign(other, 3), /Table customers has another type of column name/);
}

describe('views that are changed while they are kept', () => {
  test('Postgres', async () => {
    await using database = await freshDatabase(await sharedPostgres(18));
    await changes({ config: { 'connection.url': jdbcUrl(database.url) }, rows: async sql => (await database.client.query(sql)).rows });
  });

  test('SQLite', async () => {
    using scratch = new ScratchFolder('views-change');
    const file = scratch.file('views.db');
    await changes({
      config: { 'connection.url': `jdbc:sqlite:${file}` },
      async rows(sql) {
        using database = new DatabaseSync(file, { readOnly: true });
        return database.prepare(sql).all();
      },
    });
  });
});
