import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { PostgresAddress } from '../../services/postgres.ts';
import { connectTo, type FreshDatabase, freshDatabase } from '../../support/fresh-database.ts';
import { randomOf } from '../../support/random-changes.ts';

/** Between two transactions: a steady load that leaves the sinks room, on a machine that starts servers beside them. */
const pauseMs = 4;
const customers = 60;
const orders = 900;

/** Long notes are stored apart (TOAST): an update that leaves one as it is does not send it, and every sink has to keep it. */
const setup = `
  create table customers (id int primary key, name text not null, city text);
  create table orders (id int primary key, customer_id int not null, cents int not null, note text);
  alter table orders alter note set storage external;
  insert into customers select n, 'Customer ' || n, 'City ' || n % 7 from generate_series(1, ${customers}) n;
  insert into orders select n, n % ${customers} + 1, n, case when n % 3 = 0 then repeat(md5(n::text), 80) else 'short' end
    from generate_series(1, ${orders}) n;
  create publication everything for table customers, orders;`;

/** What is in the tables, and in the view of them that the sink `views` keeps. */
const reads = {
  customers: 'select id, name, city from customers order by id',
  orders: 'select id, customer_id, cents, note from orders order by id',
  customer_orders: `select c.id as customer_id, c.name, c.city, count(o.id)::int as orders, coalesce(sum(o.cents), 0)::int as cents
    from customers c left join orders o on o.customer_id = c.id group by c.id order by c.id`,
} as const;

export type ShopRows = Readonly<Record<keyof typeof reads, readonly Readonly<Record<string, unknown>>[]>>;

/** One transaction: orders made, changed in part, moved to other customers, deleted and made again; customers as well, with their keys. */
async function transact(client: pg.Client, random: (below: number) => number, n: number): Promise<void> {
  await client.query('begin');
  for (let step = 0; step <= random(3); step++) {
    const [id, customer] = [1 + random(orders * 1.3), 1 + random(customers * 1.2)];
    const statements = [
      ['update orders set cents = $2 where id between $1 and $1 + 4', [id, n]],
      [`update orders set note = repeat(md5($2::text), 80) where id = $1`, [id, n]],
      [`update orders set note = 'note ' || $2::text where id = $1`, [id, n]],
      ['update orders set customer_id = $2 where id = $1', [id, customer]],
      ['delete from orders where id = $1', [id]],
      [
        'insert into orders values ($1, $2, $3, repeat(md5($1::int::text), 80)) on conflict (id) do update set cents = excluded.cents',
        [id, customer, n],
      ],
      ['update customers set name = $2 where id = $1', [customer, `Name ${n}`]],
      ['update customers set id = id + 1000 where id = $1 and not exists (select from customers where id = $1 + 1000)', [customer]],
      ['delete from customers where id = $1', [customer + (random(2) === 0 ? 1000 : 0)]],
      ['insert into customers values ($1, $2, null) on conflict (id) do update set city = $2', [customer, `New ${n}`]],
    ] as const;
    const [statement, values] = statements[random(statements.length)]!;
    await client.query(statement, [...values]);
  }
  await client.query(random(10) === 0 ? 'rollback' : 'commit');
}

/** The source: a shop whose tables change all the time, by chance, until it is told to rest. */
export class Shop implements AsyncDisposable {
  readonly database: FreshDatabase;
  readonly slot: string;
  /** Topics are this one's alone, also on a broker that others use. */
  readonly prefix: string;
  readonly #server: PostgresAddress;
  readonly #random: (below: number) => number;
  #busy = true;
  #failure: unknown = null;
  #transactions = 0;
  #load: Promise<void> = Promise.resolve();

  private constructor(server: PostgresAddress, database: FreshDatabase, seed: number) {
    this.#server = server;
    this.database = database;
    this.slot = `slot_${database.name}`;
    this.prefix = `shop_${database.name}`;
    this.#random = randomOf(seed);
  }

  static async open(server: PostgresAddress, seed: number): Promise<Shop> {
    const database = await freshDatabase(server);
    await database.run(setup);
    const shop = new Shop(server, database, seed);
    shop.#load = shop.#change();
    shop.#load.catch(error => {
      shop.#failure = error;
    });
    return shop;
  }

  async #change(): Promise<void> {
    await using client = await connectTo(this.database.url);
    while (this.#busy) {
      await transact(client, this.#random, this.#transactions++);
      await delay(pauseMs);
    }
  }

  /** Throws what the load has ended with, before it was told to. */
  assertChanging(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  get transactions(): number {
    return this.#transactions;
  }

  topic(table: 'customers' | 'orders'): string {
    return `${this.prefix}.public.${table}`;
  }

  /** What captures it, into two partitions a topic. */
  get config(): Readonly<Record<string, string>> {
    const { host, port, user, password } = this.#server;
    return {
      'connector.class': 'postgres',
      'topic.prefix': this.prefix,
      'database.hostname': host,
      'database.port': String(port),
      'database.user': user,
      'database.password': password || 'x',
      'database.dbname': this.database.name,
      'slot.name': this.slot,
      'slot.retry.delay.ms': '100',
      'slot.max.retries': '100',
      'publication.name': 'everything',
      'status.update.interval.ms': '100',
      'topic.creation.default.partitions': '2',
      'topic.creation.default.replication.factor': '1',
      'key.converter': 'json',
      'value.converter': 'json',
    };
  }

  /** Ends the changes. */
  async rest(): Promise<void> {
    this.#busy = false;
    await this.#load;
  }

  async rows(): Promise<ShopRows> {
    const { client } = this.database;
    const rows = async (sql: string) => (await client.query<Record<string, unknown>>(sql)).rows;
    return { customers: await rows(reads.customers), orders: await rows(reads.orders), customer_orders: await rows(reads.customer_orders) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#busy = false;
    await this.#load.catch(() => {});
    await this.database[Symbol.asyncDispose]();
  }
}
