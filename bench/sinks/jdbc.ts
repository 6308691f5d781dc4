import assert from 'node:assert/strict';
import pg from 'pg';
import { jdbcSink } from '../../sinks/jdbc/plugin.ts';
import type { SinkRecord } from '../../src/contract/index.ts';
import { startPostgres } from '../../test/services/postgres.ts';
import { silentLogger } from '../../test/support/silent-logger.ts';
import { alternately } from './alternately.ts';
import { benchRecord } from './records.ts';

const rows = Number(process.env['BENCH_ROWS'] ?? 60_000);
const batchSize = 2_000;
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);

const columns = 'id, customer, name, email, amount, paid, created, note';
const table = (name: string) => `create table ${name} (id bigint primary key, customer int, name text, email text, amount numeric(12,2),
  paid boolean, created timestamp(6), note text)`;

/** The rows as a user of the client holds them, column by column. */
function plainColumns(first: number): unknown[][] {
  const at = Array.from({ length: batchSize }, (_, index) => first + index);
  return [
    at,
    at.map(id => id % 1000),
    at.map(id => `Customer number ${id % 1000}`),
    at.map(id => `customer${id}@example.com`),
    at.map(id => (1234.56 + id).toFixed(2)),
    at.map(id => id % 2 === 0),
    at.map(id => new Date(1_700_000_000_000 + id).toISOString().replace('T', ' ').replace('Z', '')),
    at.map(() => 'The quick brown fox jumps over the lazy dog, again and again and again.'),
  ];
}

const upsert = (name: string) => `insert into ${name} (${columns})
  select * from unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::numeric[], $6::boolean[], $7::timestamp[], $8::text[])
  on conflict (id) do update set customer = excluded.customer, name = excluded.name, email = excluded.email, amount = excluded.amount,
    paid = excluded.paid, created = excluded.created, note = excluded.note`;

await using server = await startPostgres({
  version: 18,
  settings: { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on', shared_buffers: '256MB', max_wal_size: '4GB' },
});
const client = new pg.Client({ connectionString: server.url });
await client.connect();

/** Debezium's JDBC sink 3.6.0, one task, batches of 2,000, of the same rows on the machine whose results are published. */
const debeziumPerSecond = 7_800;

/** A bulk loop of the client: one prepared statement and one commit a batch. `guarded`: with the sink's guarantees, versions and offsets. */
async function bareLoop(name: string, guarded: boolean): Promise<number> {
  await client.query(table(name));
  if (guarded)
    await client.query(`create table if not exists bare_versions (relation integer, key text collate "C", version bigint, primary key (relation, key));
      create table if not exists bare_offsets (part int primary key, next bigint); delete from bare_versions`);
  let spentMs = 0;
  for (let index = 0; index < rows / batchSize; index++) {
    const values = plainColumns(index * batchSize);
    const startedMs = performance.now();
    await client.query('begin');
    if (guarded) {
      const ids = values[0] as number[];
      await client.query({
        name: 'versions',
        text: `insert into bare_versions as v select 1, * from unnest($1::text[], $2::bigint[])
          on conflict (relation, key) do update set version = excluded.version where v.version < excluded.version returning key`,
        values: [ids.map(String), ids],
      });
      await client.query({
        name: 'offsets',
        text: 'insert into bare_offsets values (0, $1) on conflict (part) do update set next = excluded.next',
        values: [index],
      });
    }
    await client.query({ name: `upsert_${name}`, text: upsert(name), values });
    await client.query('commit');
    spentMs += performance.now() - startedMs;
  }
  const perSecond = rows / (spentMs / 1000);
  await client.query(`drop table ${name}`);
  return perSecond;
}

/** The sink's `write`, with records in Debezium's envelope as the engine hands them over. */
async function sinkWrite(name: string, round: number): Promise<number> {
  await client.query(table(name));
  const { port } = server;
  const { config } = jdbcSink.spec.parse({
    'connection.url': `jdbc:postgresql://127.0.0.1:${port}/postgres?user=postgres&password=postgres&sslmode=disable`,
    'insert.mode': 'upsert',
    'primary.key.mode': 'record_key',
    'delete.enabled': 'true',
  });
  const clock = { nowMs: () => Date.now(), nowNs: () => process.hrtime.bigint() };
  await using sink = jdbcSink.create(config!, { connector: 'bench', task: 0, logger: silentLogger, clock });
  const never = new AbortController().signal;
  const group = 'connect-bench';
  await sink.assign({ group, generation: round + 1, partitions: [{ topic: name, partition: 0, era: 1 }] }, never);
  let spentMs = 0;
  for (let index = 0; index < rows / batchSize; index++) {
    const records: readonly SinkRecord[] = Array.from({ length: batchSize }, (_, at) => benchRecord(name, index * batchSize + at));
    const next = [{ topic: name, partition: 0, offset: BigInt((index + 1) * batchSize) }];
    const consumed = { group, member: 'bench', generation: round + 1, next };
    const startedMs = performance.now();
    const { failed } = await sink.write({ records, mode: 'live', consumed }, never);
    spentMs += performance.now() - startedMs;
    assert.equal(failed.length, 0);
  }
  const perSecond = rows / (spentMs / 1000);
  const { rows: found } = await client.query<{ n: string }>(`select count(*) as n from ${name}`);
  assert.equal(Number(found[0]!.n), rows);
  await client.query(`drop table ${name}`);
  return perSecond;
}

const [bare, guarded, sink] = await alternately(rounds, 'rows', [
  { name: 'bare bulk upsert', run: round => bareLoop(`bare_${round}`, false) },
  { name: 'bare bulk upsert with versions and offsets', run: round => bareLoop(`guarded_${round}`, true) },
  { name: 'sink.write', run: round => sinkWrite(`sink_${round}`, round) },
]);
await client.end();
process.stdout.write(
  `sink.write ${Math.round(sink!)} rows/s: ${(sink! / bare!).toFixed(2)} of a bare bulk upsert (${Math.round(bare!)}), ` +
    `${(sink! / guarded!).toFixed(2)} of one with versions and offsets (${Math.round(guarded!)}), ` +
    `${(sink! / debeziumPerSecond).toFixed(1)} x Debezium’s JDBC sink as it was measured (${debeziumPerSecond})\n`,
);
