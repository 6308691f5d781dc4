/** A file of one view over two tables, with a part of one's own. */
export function oneView(parts: { readonly key?: string; readonly from?: string; readonly select: string }): string {
  return `tables:
  customers:
    topic: shop.customers
    key: id
    columns: { id: bigint, name: text }
  orders:
    topic: shop.orders
    key: id
    columns: { id: bigint, customer_id: bigint, total: integer }
views:
  wrong:
    key: ${parts.key ?? 'customer_id'}
    from: ${parts.from ?? '{ customers: id, orders: customer_id }'}
    select: |
      ${parts.select.replaceAll('\n', '\n      ')}
`;
}

const orders = 'from orders o';

/** Views that must be refused: the file, the place that is told, and what is said. `postgres` and `sqlite` where they differ. */
export const wrongViews: readonly {
  readonly what: string;
  readonly views: string;
  readonly place: string;
  readonly message: RegExp;
  readonly only?: 'postgres' | 'sqlite';
}[] = [
  {
    what: 'a column that is not there',
    views: oneView({ select: `select o.customer_id,\n  o.totals ${orders}` }),
    place: '16:',
    message: /totals/,
  },
  { what: 'SQL that is none', views: oneView({ select: `select o.customer_id,, 1 ${orders}` }), place: '15:', message: /syntax error/ },
  {
    what: 'a key that the select lacks',
    views: oneView({ select: `select o.id as order_id ${orders}` }),
    place: '11:3',
    message: /no column 'customer_id', its key; it has order_id/,
  },
  {
    what: 'a table that does not lead to the key',
    views: oneView({
      from: '{ customers: id }',
      select: 'select c.id as customer_id, count(o.id) as n from customers c\n  left join orders o on o.customer_id = c.id group by c.id',
    }),
    place: '11:3',
    message: /reads table orders, whose topic does not lead to its key/,
  },
  {
    what: 'a way by a column that is not there',
    views: oneView({ from: '{ orders: customer }', select: `select o.customer_id, o.total ${orders}` }),
    place: '13:',
    message: /way from table orders.*customer/,
  },
  {
    what: 'a window over all keys',
    views: oneView({ select: `select o.customer_id, row_number() over (order by o.total) as place ${orders}` }),
    place: '15:7',
    message: /depend on the whole of table orders: a window, LIMIT/,
  },
  {
    what: 'LIMIT over all keys',
    views: oneView({ select: `select o.customer_id, o.total ${orders} order by o.total limit 10` }),
    place: '15:7',
    message: /depend on the whole of table orders/,
  },
  {
    what: 'an aggregate of all rows',
    views: oneView({ select: `select o.customer_id, o.total - (select avg(total) from orders) as above ${orders}` }),
    place: '15:7',
    message: /depend on the whole of table orders/,
  },
  {
    what: 'a join with everything',
    views: oneView({ select: 'select o.customer_id, c.name from orders o cross join customers c' }),
    place: '15:7',
    message: /depend on the whole of table customers/,
  },
  {
    what: 'random()',
    views: oneView({ select: `select o.customer_id,\n  random() as chance ${orders}` }),
    place: '16:9',
    message: /calls random/,
  },
  {
    what: 'now()',
    views: oneView({ select: `select o.customer_id, now() as at ${orders}` }),
    place: '15:29',
    message: /calls now\(\)/,
    only: 'postgres',
  },
  {
    what: 'current_timestamp',
    views: oneView({ select: `select o.customer_id, current_timestamp as at ${orders}` }),
    place: '15:29',
    message: /current_timestamp/,
  },
  {
    what: "the clock of SQLite's functions",
    views: oneView({ select: `select o.customer_id, datetime('now') as at ${orders}` }),
    place: '15:38',
    message: /'now': it reads the clock/,
    only: 'sqlite',
  },
  {
    what: 'a table of the database itself',
    views: oneView({ select: `select o.customer_id, (select count(*) from pg_class) as n ${orders}` }),
    place: '15:7',
    message: /pg_catalog\.pg_class, which is none of the tables/,
    only: 'postgres',
  },
];

/** Views that look like some of those and keep the rule. */
export const rightViews: readonly string[] = [
  oneView({ select: `select o.customer_id, o.id, row_number() over (partition by o.customer_id order by o.id) as place ${orders}` }),
  oneView({ select: `select o.customer_id, sum(o.total) as total ${orders} group by o.customer_id having count(*) > 1` }),
  oneView({
    select:
      'select c.id as customer_id, c.name,\n  (select o.total from orders o where o.customer_id = c.id order by o.id desc limit 1) as latest\nfrom customers c',
  }),
  oneView({ select: "select customer_id, 'order' as kind, total from orders union all select id, 'customer', 0 from customers" }),
];
