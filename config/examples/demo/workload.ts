import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';

/** Actions a second of the lively shop: enough to watch, and still readable. */
const livelyActionsPerSecond = 12;
/** No action changes more rows than this: so near the end of a counted run, only actions of one row are taken. */
const rowsOfActionMax = 100;

type Action = (client: pg.Client, n: number) => Promise<number>;

/** What a shop does all day, with how often of a hundred. Each is one transaction. */
const actions: readonly (readonly [share: number, run: Action])[] = [
  [45, placeOrder],
  [25, shipOrders],
  [12, registerCustomer],
  [8, changePrice],
  [6, cancelOrder],
  [4, deleteCustomer],
];

/** The action at a number of 0 to 99. */
function chosen(choice: number): Action {
  let upTo = 0;
  for (const [share, run] of actions) {
    upTo += share;
    if (choice < upTo) return run;
  }
  return changePrice;
}

/** Keeps the shop busy until it is told to stop. */
export async function lively(client: pg.Client, abort: AbortSignal): Promise<void> {
  for (let n = 1; !abort.aborted; n++) {
    await chosen((n * 37) % 100)(client, n);
    await pause(1000 / livelyActionsPerSecond, undefined, { signal: abort }).catch(() => {});
  }
}

/** Changes exactly so many rows, as fast as one client can; fewer where it is told to stop. */
export async function changeRows(client: pg.Client, rows: number, abort: AbortSignal): Promise<void> {
  let changed = 0;
  for (let n = 1; changed < rows && !abort.aborted; n++) {
    const action = rows - changed > rowsOfActionMax ? chosen((n * 37) % 100) : changePrice;
    changed += await action(client, n);
  }
}

async function changed(client: pg.Client, statement: string, values: readonly unknown[] = []): Promise<number> {
  return (await client.query(statement, [...values])).rowCount ?? 0;
}

/** Two tables in one transaction. */
async function placeOrder(client: pg.Client, n: number): Promise<number> {
  await client.query('begin');
  const quantity = (n % 5) + 1;
  const product = (n % 50) + 1;
  const ordered = await changed(
    client,
    `insert into orders (customer_id, product_id, quantity, total)
     select c.id, p.id, $1::int, p.price * $1::int
       from (select id from customers where id >= $2 % (select max(id) from customers) order by id limit 1) c, products p where p.id = $3`,
    [quantity, n * 7919, product],
  );
  const stocked = await changed(client, 'update products set stock = stock - $1 where id = $2', [quantity, product]);
  await client.query('commit');
  return ordered + stocked;
}

/** Several rows in one statement. */
function shipOrders(client: pg.Client): Promise<number> {
  return changed(
    client,
    `update orders set state = 'shipped' where id in (select id from orders where state = 'placed' order by id limit 4)`,
  );
}

function registerCustomer(client: pg.Client, n: number): Promise<number> {
  return changed(client, 'insert into customers (name, email) values ($1, $2)', [`Newcomer ${n} ✓`, `newcomer${n}@example.com`]);
}

function changePrice(client: pg.Client, n: number): Promise<number> {
  return changed(client, 'update products set price = price + 0.10 where id = $1', [(n % 50) + 1]);
}

function cancelOrder(client: pg.Client): Promise<number> {
  return changed(client, `delete from orders where id = (select id from orders where state = 'placed' order by id desc limit 1)`);
}

/** The orders go with the customer: a cascade in one transaction. A customer of many orders is kept. */
async function deleteCustomer(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ id: string; orders: number }>(
    `select c.id, count(o.id)::int as orders from customers c left join orders o on o.customer_id = c.id
      group by c.id having count(o.id) < $1 and (select count(*) from customers) > 50 order by c.id limit 1`,
    [rowsOfActionMax],
  );
  const customer = rows[0];
  if (!customer) return 0;
  return (await changed(client, 'delete from customers where id = $1', [customer.id])) + customer.orders;
}
