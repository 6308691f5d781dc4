import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { viewsSink } from '../../sinks/views/plugin.ts';
import { recordVersion, type SinkRecord, Struct, schemas, structSchema } from '../../src/contract/index.ts';
import { startPostgres } from '../../test/services/postgres.ts';
import { ScratchFolder } from '../../test/support/scratch-folder.ts';
import { silentLogger } from '../../test/support/silent-logger.ts';

/** Orders by customer: ten orders a customer, joined and summed. */
const views = `
tables:
  customers: { topic: customers, key: id, columns: { id: bigint, name: text } }
  orders: { topic: orders, key: id, columns: { id: bigint, customer_id: bigint, total: integer } }
views:
  customer_orders:
    key: customer_id
    from: { customers: id, orders: customer_id }
    select: |
      select c.id as customer_id, c.name, count(o.id) as orders, sum(o.total) as total
        from customers c left join orders o on o.customer_id = c.id group by c.id, c.name
`;

const ordersEach = 10;
const tableSizes = (process.env['BENCH_ROWS'] ?? '10000,100000').split(',').map(Number);
const batchSizes = [1, 10, 100, 1_000];
const never = new AbortController().signal;
const key = structSchema([['id', schemas.int64]]);
const customer = structSchema([
  ['id', schemas.int64],
  ['name', schemas.string],
]);
const order = structSchema([
  ['id', schemas.int64],
  ['customer_id', schemas.int64],
  ['total', schemas.int32],
]);

let offset = 0n;

function record(topic: 'customers' | 'orders', row: Struct): SinkRecord {
  const place = { topic, partition: 0, offset: offset++ };
  const id = new Struct(key, [row.values[0]!]);
  const version = recordVersion(1, place.offset);
  return { topic, partition: 0, timestamp: 0, keySchema: key, key: id, valueSchema: row.schema, value: row, headers: [], place, version };
}

/** Fills the tables, then changes one order of each of `batch` customers at a time; says how many keys a second. */
async function measure(target: string, url: string): Promise<void> {
  const { config, faults } = viewsSink.spec.parse({ 'connection.url': url, views });
  assert.ok(config, JSON.stringify(faults));
  const clock = { nowMs: () => Date.now(), nowNs: () => process.hrtime.bigint() };
  await using sink = viewsSink.create(config, { connector: 'bench', task: 0, logger: silentLogger, clock });
  const group = 'connect-bench';
  const partitions = ['customers', 'orders'].map(topic => ({ topic, partition: 0, era: 1 }));
  await sink.assign({ group, generation: 1, partitions }, never);
  const write = async (records: readonly SinkRecord[]) => {
    const next = [{ topic: records[0]!.topic, partition: 0, offset }];
    const { failed } = await sink.write({ records, mode: 'live', consumed: { group, member: 'bench', generation: 1, next } }, never);
    assert.equal(failed.length, 0);
  };
  let filled = 0;
  for (const size of tableSizes) {
    const startedMs = performance.now();
    for (; filled < size; filled += 1_000) {
      const ids = Array.from({ length: 1_000 }, (_, at) => BigInt(filled + at));
      const customers = ids.filter(id => id % BigInt(ordersEach) === 0n).map(id => id / BigInt(ordersEach));
      await write(customers.map(id => record('customers', new Struct(customer, [id, `Customer ${id}`]))));
      await write(ids.map(id => record('orders', new Struct(order, [id, id / BigInt(ordersEach), 1]))));
    }
    const filledMs = performance.now() - startedMs;
    const rates = [];
    for (const batch of batchSizes) {
      const rounds = Math.max(3, Math.min(200, Math.floor(3_000 / batch)));
      const from = performance.now();
      for (let round = 0; round < rounds; round++) {
        // Customers far from each other, another set each time.
        const ids = Array.from(
          { length: batch },
          (_, at) => (round * 7_919 + at * Math.max(1, Math.floor(size / ordersEach / batch))) % (size / ordersEach),
        );
        await write([...new Set(ids)].map(id => record('orders', new Struct(order, [BigInt(id * ordersEach), BigInt(id), round]))));
      }
      const keys = (rounds * batch) / ((performance.now() - from) / 1000);
      rates.push(`${batch}: ${Math.round(keys)}/s`);
    }
    process.stdout.write(
      `${target}, ${size} orders (filled in ${(filledMs / 1000).toFixed(1)} s), keys recomputed by batch: ${rates.join(', ')}\n`,
    );
  }
  for (const { missing, surplus } of await sink.verify([], never)) assert.deepEqual([missing, surplus], [0, 0]);
}

{
  using scratch = new ScratchFolder('bench-views');
  await measure('SQLite', `jdbc:sqlite:${scratch.file('views.db')}`);
  rmSync(scratch.file('views.db'));
}
await using server = await startPostgres({
  version: 18,
  settings: { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on', shared_buffers: '256MB' },
});
await measure('Postgres', `jdbc:postgresql://127.0.0.1:${server.port}/postgres?user=postgres&password=postgres&sslmode=disable`);
