import { join } from 'node:path';
import type { ConnectorProgress } from '../../src/engine/supervisor/supervisor-states.ts';
import type { PostgresServer } from '../../test/services/postgres.ts';
import type { RedisServer } from '../../test/services/redis.ts';
import { type FreshDatabase, freshDatabase } from '../../test/support/fresh-database.ts';
import { ScratchFolder } from '../../test/support/scratch-folder.ts';
import { until } from '../../test/support/until.ts';
import { HelperProcess } from '../latency/helper-process.ts';
import type { ObservedSink, ObserverMessage, ObserverTask, WriterMessage, WriterTask } from '../latency/messages.ts';
import { percentile } from '../scenarios/latency.ts';
import { startSluice } from '../subjects/sluice.ts';
import { type Worker, withWorker } from '../subjects/worker.ts';

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const source = 'orders';
const patienceMs = 120_000;
/** Far more than are under way at a time, so that no update is overtaken by the next of its row. */
const rows = 10_000;

export type LatencyServers = { readonly postgres: PostgresServer; readonly redis: RedisServer; readonly elasticsearchUrl: string };
export type LatencyLoad = {
  readonly perSecond: number;
  readonly seconds: number;
  /** Left out of the figures. */
  readonly warmUpSeconds: number;
  /** Where node writes a CPU profile of the daemon; null: none. */
  readonly profileFolder: string | null;
};
export type LatencyFigures = { readonly p50Ms: number; readonly p95Ms: number; readonly p99Ms: number; readonly maxMs: number };

const columns = `(id bigint primary key, customer_id bigint not null, product text not null, quantity integer not null,
  price numeric(10,2) not null, paid boolean not null, created_at timestamptz not null, note text not null)`;

/** No row has a number that an update sets. */
const content = `select n, -1, 'Product number ' || n % 5000, n % 9 + 1, (n % 100000)::numeric / 100 + 1, n % 2 = 0,
  timestamptz '2026-01-01 00:00:00+00' + n * interval '1 second', 'Please leave the parcel with the neighbours of house ' || n
  from generate_series(1::bigint, ${rows}) n`;

/** One run in a folder, databases and names of its own. */
type Run = { readonly prefix: string; readonly scratch: ScratchFolder; readonly from: FreshDatabase; readonly to: FreshDatabase };

function sourceConfig({ postgres }: LatencyServers, { prefix, from }: Run): Record<string, string> {
  return {
    'connector.class': 'postgres',
    'topic.prefix': prefix,
    'database.hostname': postgres.host,
    'database.port': String(postgres.port),
    'database.user': postgres.user,
    'database.password': postgres.password,
    'database.dbname': from.name,
    'slot.name': prefix,
    'publication.name': 'orders',
    'key.converter': 'json',
    'value.converter': 'json',
  };
}

function sinkConfigs({ postgres, redis }: LatencyServers, { prefix, scratch, to }: Run, proxyPort: number) {
  const topic = `${prefix}.public.orders`;
  const common = { topics: topic, 'key.converter': 'json', 'value.converter': 'json' };
  const url = `jdbc:postgresql://${postgres.host}:${postgres.port}/${to.name}?user=${postgres.user}&password=${postgres.password}&sslmode=disable`;
  const views = `
tables:
  orders: { topic: ${topic}, key: id, columns: { id: bigint, customer_id: bigint, quantity: integer, price: "numeric(10,2)" } }
views:
  order_values:
    key: id
    from: { orders: id }
    select: select id, customer_id, quantity * price as value from orders
`;
  const jdbc = { 'insert.mode': 'upsert', 'delete.enabled': 'true', 'primary.key.mode': 'record_key', 'collection.name.format': 'copies' };
  const configs: Readonly<Record<ObservedSink, Readonly<Record<string, string>>>> = {
    jdbc: { ...common, ...jdbc, 'connector.class': 'jdbc', 'connection.url': url },
    views: { ...common, 'connector.class': 'views', 'connection.url': url, views },
    'views-sqlite': { ...common, 'connector.class': 'views', 'connection.url': `jdbc:sqlite:${scratch.file('views.db')}`, views },
    redis: {
      ...common,
      'connector.class': 'redis',
      'redis.mode': 'write-through',
      'redis.uri': `redis://${redis.host}:${redis.port}`,
      'redis.keys': `${prefix}:{id}`,
    },
    elasticsearch: {
      ...common,
      'connector.class': 'elasticsearch',
      'connection.url': `http://127.0.0.1:${proxyPort}`,
      'behavior.on.null.values': 'delete',
      'index.settings': '{"number_of_replicas": 0}',
      'read.timeout.ms': '30000',
    },
  };
  return configs;
}

/** Each row's new number, told to who listens when its transaction is visible. */
const trigger = (table: string) => `create trigger seen after insert or update on ${table} for each row execute function seen()`;
const notify = `create function seen() returns trigger language plpgsql as
  $$ begin perform pg_notify('seen', tg_table_name || ':' || new.customer_id); return null; end $$`;

/** Waits until the snapshot is in every target. */
async function filled({ rest }: Worker, sinks: readonly ObservedSink[]): Promise<void> {
  const streaming = async () => {
    const { tasks } = await rest.call<ConnectorProgress>('GET', `/sluice/connectors/${source}`);
    return tasks[0]?.phase === 'streaming' && tasks[0].records >= rows;
  };
  await until(streaming, { what: 'the snapshot to be read', timeoutMs: patienceMs, everyMs: 50 });
  for (const sink of sinks) {
    await rest.running(sink);
    await rest.call('GET', `/connectors/${sink}/wait?timeout=${patienceMs}`);
  }
}

/**
 * From the answer to a commit in Postgres until the row is visible in each of the sinks (Elasticsearch: acknowledged), at a steady rate of
 * transactions of one row each, with one daemon and the embedded log between.
 */
export async function latencyOf(
  servers: LatencyServers,
  sinks: readonly ObservedSink[],
  { perSecond, seconds, warmUpSeconds, profileFolder }: LatencyLoad,
): Promise<ReadonlyMap<ObservedSink, LatencyFigures>> {
  using scratch = new ScratchFolder('bench-latency');
  const { postgres, redis, elasticsearchUrl } = servers;
  const prefix = `latency_${process.pid}_${sinks.length}_${sinks[0]!.replace('-', '_')}`;
  await using from = await freshDatabase(postgres, `${prefix}_from`);
  await using to = await freshDatabase(postgres, `${prefix}_to`);
  const run: Run = { prefix, scratch, from, to };
  await from.run(`create table orders ${columns}; insert into orders ${content}; create publication orders for table orders`);
  await to.run(`create table copies ${columns}; ${notify}`);
  const count = Math.round(perSecond * (seconds + warmUpSeconds));
  using observer = new HelperProcess<ObserverTask, ObserverMessage>('observer');
  const watching = observer.answer('watching', patienceMs);
  observer.give({
    sinks,
    count,
    postgresUrl: to.url,
    tables: { copies: 'jdbc', order_values: 'views' },
    redis: { host: redis.host, port: redis.port },
    redisPrefix: `${prefix}:`,
    sqliteFile: scratch.file('views.db'),
    sqliteTable: 'order_values',
    elasticsearchUrl,
  });
  const configs = sinkConfigs(servers, run, (await watching).port);
  const profiling = profileFolder === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  const start = () => startSluice({ command: main, log: null, nodeOptions: profiling });
  const written = await withWorker(start, async worker => {
    await worker.rest.putConfig(source, sourceConfig(servers, run));
    for (const sink of sinks) await worker.rest.putConfig(sink, configs[sink]);
    await filled(worker, sinks);
    if (sinks.includes('jdbc')) await to.run(trigger('copies'));
    if (sinks.includes('views')) await to.run(trigger('order_values'));
    using writer = new HelperProcess<WriterTask, WriterMessage>('writer');
    const loadMs = (seconds + warmUpSeconds) * 1000;
    const both = [writer.answer('written', 3 * loadMs + patienceMs), observer.answer('seen', 3 * loadMs + 2 * patienceMs)] as const;
    writer.give({ url: from.url, table: 'orders', rows, perSecond, count });
    const [{ committedMs }, { seenMs }] = await Promise.all(both);
    return { committedMs, seenMs };
  });
  if (sinks.includes('elasticsearch')) await fetch(`${elasticsearchUrl}/${prefix}.public.orders`, { method: 'DELETE' });
  const first = Math.round(perSecond * warmUpSeconds);
  return new Map(sinks.map(sink => [sink, figures(written.seenMs[sink]!, written.committedMs, first)]));
}

function figures(seenMs: Float64Array, committedMs: Float64Array, first: number): LatencyFigures {
  const sorted = seenMs
    .map((ms, number) => ms - committedMs[number]!)
    .subarray(first)
    .sort();
  return { p50Ms: percentile(sorted, 0.5), p95Ms: percentile(sorted, 0.95), p99Ms: percentile(sorted, 0.99), maxMs: sorted.at(-1)! };
}
