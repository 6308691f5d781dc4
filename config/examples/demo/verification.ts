import type { History, Operation } from './history.ts';
import type { Latencies } from './latencies.ts';
import { bad, bold, good, grouped, say } from './screen.ts';
import { type Shop, tables } from './shop.ts';

/**
 * Compares what the log says with what the database holds, row by row, and says what came of it. `wanted` is how many rows the workload
 * changed. Answers whether all is right.
 */
export async function verify(shop: Shop, history: History, latencies: Latencies, wanted: number): Promise<boolean> {
  for (const table of tables) history.compare(table, await shop.rows(table));
  say(bold('\nIn the log, by table and operation:'));
  let changes = 0;
  for (const [table, counts] of history.counts) {
    const shown = (operation: Operation) => grouped(counts.get(operation) ?? 0).padStart(7);
    say(`  ${table.padEnd(9)}  read ${shown('r')}  create ${shown('c')}  update ${shown('u')}  delete ${shown('d')}`);
    for (const [operation, count] of counts) changes += operation === 'r' ? 0 : count;
  }
  say(`From commit to log: ${latencies.text}, over ${grouped(changes)} changes`);
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
