import type pg from 'pg';
import type { History, Operation } from './history.ts';
import type { Latencies } from './latencies.ts';
import { bad, bold, good, grouped, say } from './screen.ts';

const instant = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as ${column}`;
/** The rows of each table in the form in which the connector writes their values. */
const rowsAsRecords = {
  customers: `select id, name, email, status, ${instant('created_at')} from customers`,
  products: 'select id, name, price::text, stock from products',
  orders: `select id, customer_id, product_id, quantity, total::text, state, ${instant('placed_at')} from orders`,
};

export type Table = keyof typeof rowsAsRecords;
export const tables = Object.keys(rowsAsRecords) as readonly Table[];

/**
 * Compares what the log says with what the database holds, row by row, and says what came of it. `wanted` is how many rows the workload
 * changed. Answers whether all is right.
 */
export async function verify(client: pg.Client, history: History, latencies: Latencies, wanted: number): Promise<boolean> {
  for (const table of tables) {
    const { rows } = await client.query(`select row_to_json(t) as row from (${rowsAsRecords[table]}) t`);
    history.compare(
      table,
      rows.map(({ row }) => row),
    );
  }
  say(bold('\nIn the log, by table and operation:'));
  let changes = 0;
  for (const [table, counts] of history.counts) {
    const shown = (operation: Operation) => grouped(counts.get(operation) ?? 0).padStart(7);
    say(`  ${table.padEnd(9)}  read ${shown('r')}  create ${shown('c')}  update ${shown('u')}  delete ${shown('d')}`);
    for (const [operation, count] of counts) changes += operation === 'r' ? 0 : count;
  }
  say(`\nFrom commit to log: p50 ${latencies.percentile(0.5)} ms, p99 ${latencies.percentile(0.99)} ms, over ${grouped(changes)} changes`);
  for (const fault of history.faults) say(bad(`  ${fault}`));
  if (history.faultCount > history.faults.length) say(bad(`  ... and ${history.faultCount - history.faults.length} more`));
  const countWrong = changes !== wanted;
  if (countWrong) say(bad(`  The workload changed ${grouped(wanted)} rows, but the log has ${grouped(changes)} changes.`));
  const right = history.faultCount === 0 && !countWrong;
  say(
    right
      ? good('The log and the database agree row by row: nothing missing, doubled or out of order.')
      : bad('The log and the database do not agree.'),
  );
  return right;
}
