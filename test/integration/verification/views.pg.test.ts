import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { databaseOptions } from '../../support/database-options.ts';
import { connectTo, type FreshDatabase, freshDatabase } from '../../support/fresh-database.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { sharedPostgres } from '../../support/servers.ts';
import { until } from '../../support/until.ts';
import { jdbcUrl } from '../sinks/views/views-target.ts';
import { differencesOf, steadyLoad, VerifiedDaemon } from './verified-daemon.ts';

const views = `
tables:
  customers: { topic: shop.public.customers, key: id, columns: { id: bigint, name: text } }
  orders: { topic: shop.public.orders, key: id, columns: { id: bigint, customer_id: bigint, total: integer, at: text, doc: text } }
views:
  customer_orders:
    key: customer_id
    from: { customers: id, orders: customer_id }
    select: |
      select c.id as customer_id, c.name, count(o.id) as orders, coalesce(sum(o.total), 0) as total
        from customers c left join orders o on o.customer_id = c.id group by c.id, c.name
`;

describe('verification of views: their base rows against the source, and they against their selects', { timeout: 300_000 }, () => {
  const resources = new AsyncDisposableStack();
  let source: FreshDatabase;
  let target: FreshDatabase;
  let daemon: Daemon;
  let verified: VerifiedDaemon;
  let file: string;

  before(async () => {
    const server = await sharedPostgres(18);
    source = resources.use(await freshDatabase(server));
    target = resources.use(await freshDatabase(server));
    const scratch = new ScratchFolder('verified-views');
    resources.defer(() => scratch[Symbol.dispose]());
    file = scratch.file('views.db');
    writeFileSync(scratch.file('views.yaml'), views);
    await source.run(
      `create table customers (id bigint primary key, name text);
       create table orders (id bigint primary key, customer_id bigint, total int, at timestamptz default '2026-01-01 00:00:00.5Z', unseen text, doc json default '{"a":  1}');
       insert into customers select n, 'customer ' || n from generate_series(1, 200) n;
       insert into orders (id, customer_id, total) select n, 1 + n % 200, n from generate_series(1, 600) n`,
    );
    daemon = resources.use(await startDaemon({}));
    verified = new VerifiedDaemon(daemon, 'shop');
    await verified.rest.putConfig('shop', {
      'connector.class': 'postgres',
      ...databaseOptions(source.url),
      'topic.prefix': 'shop',
      'plugin.name': 'pgoutput',
      'slot.name': source.name,
    });
    const sink = { 'connector.class': 'views', topics: 'shop.public.customers,shop.public.orders', views: scratch.file('views.yaml') };
    await verified.rest.putConfig('postgres', { ...sink, 'connection.url': jdbcUrl(target.url) });
    await verified.rest.putConfig('sqlite', { ...sink, 'connection.url': `jdbc:sqlite:${file}` });
    await verified.applied('postgres');
    await source.run('update orders set total = total + 1 where id = 11');
    for (const name of ['postgres', 'sqlite']) await verified.applied(name);
  });
  after(() => resources.disposeAsync());

  /** Four faults in the base rows of orders, three in the view. */
  const faults = (rows: string, view: string) => [
    `delete from ${rows} where id = 1`,
    `update ${rows} set total = total - 1 where id = 11`,
    `update ${rows} set total = total + 1000 where id = 16`,
    `insert into ${rows} (id, customer_id, total, _sluice_version, _sluice_deleted) values (900001, 30, 5, 7, false)`,
    `delete from ${view} where customer_id = 50`,
    `update ${view} set total = total + 1 where customer_id = 51`,
    `insert into ${view} (customer_id, name, orders, total) values (999, 'nobody', 0, 0)`,
  ];
  const inRows = ['changed 16', 'extra 900001', 'missing 1', 'stale 11'];
  const inView = ['changed 51', 'extra 999', 'missing 50'];

  for (const sink of ['postgres', 'sqlite'])
    test(`${sink}: exactly the planted faults are found and repaired, under load`, async () => {
      await using client = await connectTo(source.url);
      await using _ = steadyLoad(async round => {
        // Of other customers than those whose rows are tampered with.
        await client.query('update orders set total = total + 1 where id = $1', [100 + (round % 90)]);
        if (round % 5 === 0) await client.query('insert into orders values ($1, 3, 1)', [10_000 + round]);
        if (round % 5 === 3) await client.query('delete from orders where id >= 10000');
      }, 3);
      const clean = await verified.verify({ against: sink });
      assert.deepEqual([clean.state, clean.error, differencesOf(clean)], ['COMPLETED', null, []]);
      assert.deepEqual(
        clean.tables.map(({ table }) => table),
        ['public.customers', 'public.orders', 'view customer_orders'],
      );
      if (sink === 'postgres')
        for (const statement of faults('sluice_postgres._rows_orders', 'customer_orders')) await target.run(statement);
      else {
        using opened = new DatabaseSync(file, { timeout: 20_000 });
        for (const statement of faults('_rows_orders', 'customer_orders')) opened.exec(statement);
      }
      // What the select makes of wrong base rows is not what the view still holds.
      const found = await verified.verify({ against: sink });
      const led = ['changed 12', 'changed 17', 'changed 2', 'changed 30'];
      assert.deepEqual(differencesOf(found), [...inRows, ...inView, ...led].sort(), JSON.stringify(found.tables));
      const repaired = await verified.verify({ against: sink, repair: true });
      assert.deepEqual(
        differencesOf(repaired),
        [...inRows, ...inView].map(text => `${text} repaired`).sort(),
        JSON.stringify(repaired.tables),
      );
      assert.deepEqual(differencesOf(await verified.verify({ against: sink })), []);
    });

  test('views as they are held are those of the source after all of it', async () => {
    const wanted = await source.client.query(
      `select c.id::int as customer_id, c.name, count(o.id)::int as orders, coalesce(sum(o.total), 0)::int as total
       from customers c left join orders o on o.customer_id = c.id group by c.id, c.name order by c.id`,
    );
    const select = (types: string) =>
      `select customer_id${types}, name, orders${types}, total${types} from customer_orders order by customer_id`;
    using opened = new DatabaseSync(file, { readOnly: true, timeout: 20_000 });
    const held = {
      postgres: async () => (await target.client.query(select('::int'))).rows,
      sqlite: async () =>
        opened
          .prepare(select(''))
          .all()
          .map(row => ({ ...row })),
    };
    // What the source did last may still be on its way to the log.
    for (const [sink, rows] of Object.entries(held))
      await until(async () => isDeepStrictEqual(await rows(), wanted.rows), {
        what: `${sink} to hold what the source does`,
        timeoutMs: 60_000,
      });
  });
});
