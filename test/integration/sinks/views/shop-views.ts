/** Three tables and views over them: joins, aggregates, filters, several keys, a way through two tables, two views of one topic. */
export const shopViews = `
tables:
  customers:
    topic: shop.customers
    key: id
    columns: { id: bigint, name: text, region: text }
  orders:
    topic: shop.orders
    key: id
    columns: { id: bigint, customer_id: bigint, status: text, total: integer }
  lines:
    topic: shop.lines
    key: [order_id, line]
    columns: { order_id: bigint, line: integer, product: text, amount: integer }
views:
  customer_orders:
    key: customer_id
    from:
      customers: id
      orders: customer_id
      lines: { through: orders, on: { id: order_id } }
    select: |
      select c.id as customer_id, c.name, count(distinct o.id) as orders, coalesce(sum(l.amount), 0) as pieces, max(o.total) as dearest
        from customers c
        left join orders o on o.customer_id = c.id and o.status <> 'cancelled'
        left join lines l on l.order_id = o.id
       group by c.id, c.name
  status_totals:
    key: [region, status]
    from:
      orders: { through: customers, on: { id: customer_id } }
      customers: { region: region, status: "'open'" }
    select: |
      select c.region, 'open' as status, count(*) as orders, sum(o.total) as total
        from orders o join customers c on c.id = o.customer_id
       where o.status = 'open'
       group by c.region
  big_orders:
    key: order_id
    from: { orders: id, customers: { through: orders, on: { customer_id: id } } }
    select: |
      select o.id as order_id, o.total, c.name,
             (select count(*) from customers other where other.id = o.customer_id and other.region = 'north') as northern
        from orders o left join customers c on c.id = o.customer_id
       where o.total > 50
`;

/** The same selects over the source's own tables, as the oracle runs them. */
export const shopSelects: Readonly<Record<string, string>> = Object.fromEntries(
  [...shopViews.matchAll(/^ {2}(\w+):\n {4}key: [^\n]*\n[\s\S]*?select: \|\n((?: {6}.*\n)+)/gm)].map(([, name, select]) => [
    name!,
    select!,
  ]),
);
