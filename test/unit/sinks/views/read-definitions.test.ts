import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprint } from '../../../../sinks/views/definition.ts';
import { readDefinitions } from '../../../../sinks/views/read-definitions.ts';
import { restoredView } from '../../../../sinks/views/restored-view.ts';

const good = `
tables:
  orders: { topic: shop.orders, key: id, columns: { id: bigint, customer_id: bigint } }
  lines: { topic: shop.lines, key: [order_id, line], columns: { order_id: bigint, line: integer } }
views:
  by_customer:
    key: customer_id
    from: { orders: customer_id, lines: { through: orders, on: { id: order_id } } }
    select: |
      select o.customer_id
        from orders o
`;

test('a file is read, with the places of its texts', () => {
  const { definitions, faults } = readDefinitions(good, 'views.yaml');
  assert.deepEqual(faults, []);
  const [view] = definitions!.views;
  assert.deepEqual([...view!.routes.keys()], ['orders', 'lines']);
  assert.deepEqual(view!.select.placeOf(view!.select.text.indexOf('from')), { line: 11, column: 9 });
  assert.equal(fingerprint(restoredView('by_customer', fingerprint(view!), definitions!)!), fingerprint(view!));
});

const wrong: readonly (readonly [what: string, replace: readonly [string, string], fault: RegExp])[] = [
  ['an unknown key', ['    key: customer_id', '    keys: customer_id'], /^7:5: View by_customer has no 'keys'; did you mean 'key'\?/],
  ['a table that is not there', ['from: { orders:', 'from: { order:'], /^8:13: There is no table 'order'; did you mean 'orders'\?/],
  ['a column of on that is not there', ['{ id: order_id }', '{ id: order }'], /^8:\d+: Table lines has no column 'order'/],
  ['a way in a circle', ['orders: customer_id,', 'orders: { through: lines, on: { order_id: id } },'], /never to the key/],
  ['a type that is none', ['customer_id: bigint }', 'customer_id: "bigint; drop table x" }'], /is no type/],
  ['a key column that is none', ['key: id,', 'key: nr,'], /none of its columns/],
  ['YAML that is none', ['tables:', 'tables: ['], /^\d+:\d+: /],
  ['no select', ['    select: |\n      select o.customer_id\n        from orders o\n', ''], /The select of view by_customer is missing/],
  ['two tables of a topic', ['shop.lines', 'shop.orders'], /has the topic of table orders/],
];

test('what is wrong is told with its place', () => {
  for (const [what, [from, to], fault] of wrong) {
    const { definitions, faults } = readDefinitions(good.replace(from, to), 'views.yaml');
    assert.equal(definitions, null, what);
    const found = faults.map(({ place, message }) => `${place.line}:${place.column}: ${message}`);
    assert.ok(
      found.some(text => fault.test(text)),
      `${what}: ${found.join('\n')}`,
    );
  }
});
