import type pg from 'pg';

/** What a shop does all day, with how often of a hundred. Each is one transaction. */
const actions: readonly (readonly [share: number, run: (client: pg.Client, n: number) => Promise<number>])[] = [
  [45, placeOrder],
  [25, shipOrders],
  [12, registerCustomer],
  [8, changePrice],
  [6, cancelOrder],
  [4, deleteCustomer],
];

/** One action chosen by a number of 0 to 99; answers how many rows it changed. */
export async function act(client: pg.Client, choice: number, n: number): Promise<number> {
  let upTo = 0;
  for (const [share, run] of actions) {
    upTo += share;
    if (choice < upTo) return run(client, n);
  }
  return 0;
}

async function changed(client: pg.Client, statement: string, values: readonly unknown[] = []): Promise<number> {
  return (await client.query(statement, [...values])).rowCount ?? 0;
}

async function placeOrder(client: pg.Client, n: number): Promise<number> {
  await client.query('begin');
  const quantity = (n % 5) + 1;
  const ordered = await changed(
    client,
    `insert into orders (customer_id, product_id, quantity, total)
     select c.id, p.id, $1, p.price * $1
       from (select id from customers where id >= $2 % (select max(id) from customers) order by id limit 1) c, products p where p.id = $3`,
    [quantity, n * 7919, (n % 50) + 1],
  );
  const stocked = await changed(client, 'update products set stock = stock - $1 where id = $2', [quantity, (n % 50) + 1]);
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
  return changed(client, `insert into customers (name, email) values ($1, $2) on conflict do nothing`, [
    `Newcomer ${n} ✓`,
    `newcomer${n}@example.com`,
  ]);
}

function changePrice(client: pg.Client, n: number): Promise<number> {
  return changed(client, 'update products set price = price + 0.10 where id = $1', [(n % 50) + 1]);
}

function cancelOrder(client: pg.Client): Promise<number> {
  return changed(client, `delete from orders where id = (select id from orders where state = 'placed' order by id desc limit 1)`);
}

/** The orders go with the customer: a cascade in one transaction. */
async function deleteCustomer(client: pg.Client): Promise<number> {
  await client.query('begin');
  const { rows } = await client.query(
    'select c.id, (select count(*)::int from orders o where o.customer_id = c.id) as orders from customers c where (select count(*) from customers) > 50 order by id limit 1',
  );
  const customer = rows[0];
  const deleted = customer ? await changed(client, 'delete from customers where id = $1', [customer.id]) : 0;
  await client.query('commit');
  return deleted + (customer?.orders ?? 0);
}
