import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { bad, bold, good, grouped, say } from '../../demo/screen.ts';
import { stockAtFirst } from '../services/stock.ts';
import type { Instance, Order } from './orders.ts';

type Row = Readonly<Record<string, unknown>>;

function rows(folder: string, service: string, select: string): readonly Row[] {
  const file = new DatabaseSync(join(folder, `${service}.db`), { readOnly: true });
  try {
    return file.prepare(select).all();
  } finally {
    file.close();
  }
}

/** Compares what the services have with what became of the orders; says what does not add up. Answers whether all does. */
export function balance(folder: string, orders: readonly Order[], instances: readonly Instance[]): boolean {
  const stateOf = new Map(instances.map(({ correlation_id: id, state }) => [id, state]));
  const confirmed = orders.filter(({ orderId }) => stateOf.get(orderId) === 'completed');
  const undone = orders.filter(({ orderId }) => stateOf.get(orderId) === 'compensated');
  const ids = new Set(confirmed.map(({ orderId }) => orderId));
  const wrong: string[] = [];

  if (confirmed.length + undone.length !== orders.length)
    wrong.push(`${orders.length - confirmed.length - undone.length} orders are neither confirmed nor undone.`);
  const says = new Set(rows(folder, 'order', 'select order_id from confirmed').map(row => String(row['order_id'])));
  if (says.size !== ids.size || [...says].some(id => !ids.has(id)))
    wrong.push('The order service has confirmed others than the sagas say.');

  const wanted = confirmed.reduce((sum, { amountCents }) => sum + amountCents, 0);
  const payments = rows(folder, 'payment', 'select order_id, cents from payments');
  const taken = payments.reduce((sum, row) => sum + Number(row['cents']), 0);
  if (taken !== wanted || payments.some(row => !ids.has(String(row['order_id']))))
    wrong.push(`${taken} cents were taken, and the confirmed orders cost ${wanted}.`);

  const sold = new Map<string, number>();
  for (const { items } of confirmed) for (const { sku, quantity } of items) sold.set(sku, (sold.get(sku) ?? 0) + quantity);
  for (const row of rows(folder, 'inventory', 'select sku, quantity from stock')) {
    const [sku, left] = [String(row['sku']), Number(row['quantity'])];
    if (left + (sold.get(sku) ?? 0) !== stockAtFirst)
      wrong.push(`Of ${sku} there are ${left} left, and ${sold.get(sku) ?? 0} were sold of ${stockAtFirst}.`);
  }

  const items = [...sold.values()].reduce((sum, count) => sum + count, 0);
  say(`\n${bold('The balance')}`);
  say(`  ${grouped(orders.length)} orders: ${grouped(confirmed.length)} confirmed, ${grouped(undone.length)} undone`);
  say(`  stock: ${grouped(items)} articles sold, the rest is in the store`);
  say(`  money: ${(taken / 100).toFixed(2)} taken, ${(wanted / 100).toFixed(2)} due`);
  for (const line of wrong) say(`  ${bad(line)}`);
  if (wrong.length === 0) say(`  ${good('Everything adds up: every order is confirmed, or fully undone.')}`);
  return wrong.length === 0;
}
