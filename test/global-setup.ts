import { startElasticsearch } from './services/elasticsearch.ts';
import { startKafka } from './services/kafka.ts';
import { startMongodb } from './services/mongodb.ts';
import { startMariadb, startMysql } from './services/mysql.ts';
import { startPostgres } from './services/postgres.ts';
import { startRedis } from './services/redis.ts';
import { serverVariables } from './support/servers.ts';

const started = new AsyncDisposableStack();

/** Starts a server unless the environment names one, and names it there for the tests' processes. */
async function provide<Server extends AsyncDisposable>(
  variable: string,
  start: () => Promise<Server>,
  address: (server: Server) => string,
): Promise<void> {
  if (process.env[variable]) return;
  const server = started.use(await start());
  process.env[variable] = address(server);
}

/** `node --test --test-global-setup`: the real servers that the tests share, once for the whole run. */
export async function globalSetup(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void globalTeardown().finally(() => process.exit(130)));
  }
  const starts = await Promise.allSettled([
    provide(
      serverVariables.postgres18,
      () => startPostgres({ version: 18 }),
      server => server.url,
    ),
    provide(
      serverVariables.postgres15,
      () => startPostgres({ version: 15 }),
      server => server.url,
    ),
    provide(
      serverVariables.mysql,
      () => startMysql(),
      server => server.url,
    ),
    provide(
      serverVariables.mariadb,
      () => startMariadb(),
      server => server.url,
    ),
    provide(
      serverVariables.mongodb,
      () => startMongodb(),
      server => server.url,
    ),
    provide(
      serverVariables.kafka,
      () => startKafka(),
      server => server.bootstrapServers,
    ),
    provide(
      serverVariables.redis,
      () => startRedis(),
      ({ host, port }) => `redis://${host}:${port}`,
    ),
    provide(
      serverVariables.elasticsearch,
      () => startElasticsearch(),
      server => server.url,
    ),
  ]);
  const failures = starts.flatMap(start => (start.status === 'rejected' ? [start.reason as Error] : []));
  if (failures.length === 0) return;
  await globalTeardown();
  throw new Error(`The tests need servers that could not be had:\n${failures.map(({ message }) => `- ${message}`).join('\n')}`);
}

/** Stops what the setup started. */
export async function globalTeardown(): Promise<void> {
  await started.disposeAsync();
}
