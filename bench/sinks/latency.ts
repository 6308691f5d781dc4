import { startElasticsearch } from '../../test/services/elasticsearch.ts';
import { startPostgres } from '../../test/services/postgres.ts';
import { startRedis } from '../../test/services/redis.ts';
import type { ObservedSink } from '../latency/messages.ts';
import { postgresSettings } from '../workload/postgres.ts';
import { type LatencyFigures, type LatencyLoad, latencyOf } from './latency-run.ts';

const sinks: readonly ObservedSink[] = ['jdbc', 'views', 'views-sqlite', 'redis', 'elasticsearch'];
const shown: Readonly<Record<ObservedSink, string>> = {
  jdbc: 'jdbc (Postgres)',
  views: 'views (Postgres)',
  'views-sqlite': 'views (SQLite)',
  redis: 'redis (write-through)',
  elasticsearch: 'elasticsearch (to acknowledged)',
};
const targets = { p50Ms: 50, p99Ms: 250 };

/** `seconds`: of each run. */
export type LatencyOptions = { readonly quick: boolean; readonly seconds: number; readonly profileFolder: string | null };

const ms = (value: number) => value.toFixed(1).padStart(8);

function line(name: string, { p50Ms, p95Ms, p99Ms, maxMs }: LatencyFigures): string {
  const met = p50Ms < targets.p50Ms && p99Ms < targets.p99Ms;
  return `${name.padEnd(34)}${ms(p50Ms)}${ms(p95Ms)}${ms(p99Ms)}${ms(maxMs)}  ${met ? 'met' : 'not met'}\n`;
}

/**
 * Prints how long a change takes from its commit in Postgres until it is visible in each sink: of each sink with the machine to itself, then
 * of all of them in one daemon. `quick`: whether it works, all at once; no figures.
 */
export async function benchLatency({ quick, seconds, profileFolder }: LatencyOptions): Promise<void> {
  const load: LatencyLoad = quick
    ? { perSecond: 100, seconds: 2, warmUpSeconds: 1, profileFolder }
    : { perSecond: 500, seconds, warmUpSeconds: 5, profileFolder };
  await using resources = new AsyncDisposableStack();
  const owned = async <S extends AsyncDisposable>(start: Promise<S>) => resources.use(await start);
  const given = process.env['TEST_ELASTICSEARCH_URL'];
  const [postgres, redis, elasticsearchUrl] = await Promise.all([
    owned(startPostgres({ version: 18, settings: { ...postgresSettings, wal_level: 'logical' } })),
    // Tells of each key that is set.
    owned(startRedis({ settings: { 'notify-keyspace-events': 'K$' } })),
    given ? Promise.resolve(given) : owned(startElasticsearch({ heapMb: 1024 })).then(({ url }) => url),
  ]);
  const servers = { postgres, redis, elasticsearchUrl };
  process.stdout.write(
    `${load.perSecond} transactions a second of one row, from the commit until it is visible; targets p50 ${targets.p50Ms} ms, p99 ${targets.p99Ms} ms\n`,
  );
  process.stdout.write(`${''.padEnd(34)}${['p50 ms', 'p95 ms', 'p99 ms', 'max ms'].map(name => name.padStart(8)).join('')}\n`);
  if (!quick) for (const sink of sinks) process.stdout.write(line(shown[sink], (await latencyOf(servers, [sink], load)).get(sink)!));
  process.stdout.write('all in one daemon:\n');
  for (const [sink, figures] of await latencyOf(servers, sinks, load)) process.stdout.write(line(shown[sink], figures));
}
