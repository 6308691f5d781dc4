import { join } from 'node:path';
import type { DemoArguments, SourceName } from './arguments.ts';
import { Events } from './events.ts';
import { mongoShop } from './mongo-shop.ts';
import { faint, say } from './screen.ts';
import { type ServerName, serverOf } from './server.ts';
import { ElasticsearchIndex, RedisCache } from './server-targets.ts';
import type { Shop } from './shop.ts';
import type { Flow } from './sluice.ts';
import { mysqlShop, postgresShop } from './sql-shop.ts';
import { LocalCache, LocalIndex, type Target, View } from './targets.ts';

/** What the demo runs: a shop, the connectors from there to the targets, and the targets. */
export type Running = { readonly shop: Shop; readonly flow: Flow; readonly targets: readonly Target[] };

const shops: Readonly<Record<SourceName, { readonly shop: (url: string) => Promise<Shop>; readonly connector: string }>> = {
  postgres: { shop: postgresShop, connector: 'order-flow/source.yaml' },
  mysql: { shop: mysqlShop, connector: 'demo/mysql.yaml' },
  mariadb: { shop: mysqlShop, connector: 'demo/mariadb.yaml' },
  mongodb: { shop: mongoShop, connector: 'demo/mongodb.yaml' },
};

/** Starts the servers that were asked for, and opens the shop. Everything it starts goes to `resources`. */
export async function prepare(
  { source, with: wanted }: DemoArguments,
  folder: string,
  resources: AsyncDisposableStack,
  abort: AbortSignal,
): Promise<Running> {
  const urls = new Map<ServerName, string>();
  const start = async (name: ServerName) => {
    const server = resources.use(await serverOf(name, abort));
    say(faint(`  ${server.what} answers`));
    urls.set(name, server.url);
  };
  // Waits for all of them, so that each is in `resources` also where another one cannot be had.
  const started = await Promise.allSettled([source, ...wanted].map(start));
  for (const server of started) if (server.status === 'rejected') throw server.reason;
  const [database = '', redis = '', elasticsearch = ''] = ([source, 'redis', 'elasticsearch'] as const).map(name => urls.get(name));
  const shop = resources.use(await shops[source].shop(database));
  const cache = redis ? new RedisCache(redis) : new LocalCache(folder);
  const index = elasticsearch ? new ElasticsearchIndex(elasticsearch) : new LocalIndex(folder);
  const targets: readonly Target[] = [new View(folder), cache, index, new Events(join(folder, 'log'))].map(target => resources.use(target));
  const connectors = [
    shops[source].connector,
    'order-flow/views.yaml',
    'user-flow/events.yaml',
    ...(redis ? ['user-flow/redis.yaml'] : []),
    ...(elasticsearch ? ['user-flow/elasticsearch.yaml'] : []),
    ...(redis && elasticsearch ? [] : ['user-flow/local.yaml']),
  ];
  const places = { DATA_FOLDER: folder, MAIL_URL: '', REDIS_URL: redis, ELASTICSEARCH_URL: elasticsearch };
  return { shop, targets, flow: { connectors, environment: { ...shop.environment, ...places } } };
}
