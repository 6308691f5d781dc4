import { DatabaseSync } from 'node:sqlite';
import type { ElasticsearchServer } from '../../services/elasticsearch.ts';
import type { PostgresServer } from '../../services/postgres.ts';
import type { RedisServer } from '../../services/redis.ts';
import { ElasticsearchReader } from '../../support/elasticsearch.ts';
import { connectTo } from '../../support/fresh-database.ts';
import type { Shop, ShopRows } from './shop.ts';

/** The servers that sinks write to: each may be killed and started again on its data, and loses nothing that it has acknowledged. */
export type TargetServers = { readonly redis: RedisServer; readonly postgres: PostgresServer; readonly elasticsearch: ElasticsearchServer };

/** A sink, and what its target holds, read by nothing of the sink's own. */
export type Follower = {
  /** The connector's. */
  readonly name: string;
  /** The server whose end it notices; null: a file. */
  readonly on: keyof TargetServers | null;
  readonly config: Readonly<Record<string, string>>;
  held(): Promise<Partial<ShopRows>>;
  /** Lets the target forget what it remembers for a while only. */
  forget?(): Promise<void>;
};

const rowId = (row: Readonly<Record<string, unknown>>) => Number(row['id']);

/** Every sink that holds state, on the shop's topics. */
export function followers(shop: Shop, servers: TargetServers, viewsFile: string): readonly Follower[] {
  const [customers, orders] = [shop.topic('customers'), shop.topic('orders')];
  const common = {
    topics: `${customers},${orders}`,
    'key.converter': 'json',
    'value.converter': 'json',
    'errors.retry.delay.max.ms': '300',
    // On Kafka a killed member's partitions come to others only after this.
    'consumer.override.session.timeout.ms': '6000',
    // Many batches, so that a kill strikes in the middle of some.
    'sink.batch.max.records': '200',
  };
  const views = `
tables:
  customers: { topic: ${customers}, key: id, columns: { id: integer, name: text, city: text } }
  orders: { topic: ${orders}, key: id, columns: { id: integer, customer_id: integer, cents: integer } }
views:
  customer_orders:
    key: customer_id
    from: { customers: id, orders: customer_id }
    select: |
      select c.id as customer_id, c.name, c.city, count(o.id) as orders, coalesce(sum(o.cents), 0) as cents
        from customers c left join orders o on o.customer_id = c.id group by c.id, c.name, c.city
`;
  const readView = 'select customer_id, name, city, orders, cents from customer_orders order by customer_id';
  const { redis, postgres, elasticsearch } = servers;
  const jdbcUrl = `jdbc:postgresql://${postgres.host}:${postgres.port}/postgres?user=${postgres.user}&password=${postgres.password}&sslmode=disable`;
  const reader = new ElasticsearchReader(elasticsearch.url);
  const cache = redis.connect();

  async function inPostgres(queries: Readonly<Record<string, string>>): Promise<Partial<ShopRows>> {
    await using client = await connectTo(postgres.url);
    const found: Record<string, readonly Readonly<Record<string, unknown>>[]> = {};
    for (const [name, sql] of Object.entries(queries)) found[name] = (await client.query(sql)).rows;
    return found;
  }

  async function cached(prefix: string): Promise<ShopRows['orders']> {
    const keys = await cache.keys(`${prefix}:*`);
    const texts = keys.length === 0 ? [] : await cache.mget(...keys);
    return texts
      .map(text => {
        const { __version: _, ...row } = JSON.parse(text ?? '{}') as Record<string, unknown>;
        return row;
      })
      .sort((a, b) => rowId(a) - rowId(b));
  }

  async function indexed(topic: string): Promise<ShopRows['orders']> {
    const found = await reader.documents(topic);
    return found.map(({ _source }) => _source).sort((a, b) => rowId(a) - rowId(b));
  }

  return [
    {
      name: 'tables',
      on: 'postgres',
      config: {
        ...common,
        'connector.class': 'jdbc',
        'tasks.max': '2',
        'connection.url': jdbcUrl,
        'insert.mode': 'upsert',
        'delete.enabled': 'true',
        'primary.key.mode': 'record_key',
        'schema.evolution': 'basic',
      },
      held: () => {
        const table = (topic: string) => `"${topic.replaceAll('.', '_')}"`;
        return inPostgres({
          customers: `select id, name, city from ${table(customers)} order by id`,
          orders: `select id, customer_id, cents, note from ${table(orders)} order by id`,
        });
      },
    },
    {
      name: 'views',
      on: 'postgres',
      config: { ...common, 'connector.class': 'views', 'connection.url': jdbcUrl, views },
      held: () => inPostgres({ customer_orders: readView.replace('orders, cents', 'orders::int, cents::int') }),
    },
    {
      name: 'views-in-a-file',
      on: null,
      config: { ...common, 'connector.class': 'views', 'connection.url': `jdbc:sqlite:${viewsFile}`, views },
      async held() {
        using database = new DatabaseSync(viewsFile, { readOnly: true, timeout: 5_000 });
        const rows = database.prepare(readView).all();
        return { customer_orders: rows.map(row => ({ ...row })) };
      },
    },
    {
      name: 'cache',
      on: 'redis',
      config: {
        ...common,
        'connector.class': 'redis',
        'tasks.max': '2',
        'redis.uri': `redis://${redis.host}:${redis.port}`,
        'redis.mode': 'write-through',
        [`redis.keys.${customers}`]: 'customer:{id}',
        [`redis.keys.${orders}`]: 'order:{id}',
      },
      held: async () => ({ customers: await cached('customer'), orders: await cached('order') }),
    },
    {
      name: 'search',
      on: 'elasticsearch',
      config: {
        ...common,
        'connector.class': 'elasticsearch',
        'tasks.max': '2',
        'connection.url': elasticsearch.url,
        'behavior.on.null.values': 'delete',
        'index.settings': '{"number_of_replicas": 0}',
        'read.timeout.ms': '30000',
        'max.retries': '0',
      },
      held: async () => ({ customers: await indexed(customers), orders: await indexed(orders) }),
      forget: () => reader.forgetDeletes(`${shop.prefix}*`),
    },
  ];
}

/** Kills one of the servers, as a crash would. */
export function kill(servers: TargetServers, name: keyof TargetServers): Promise<void> {
  return name === 'redis' ? servers.redis.kill() : servers[name].stopImmediately();
}
