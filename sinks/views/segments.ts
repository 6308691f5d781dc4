import type { SinkRecord } from '../../src/contract/index.ts';
import type { ReducedRow } from '../sql/reduced-rows.ts';
import type { IndexedChange } from './store.ts';

/** What is done at once: rows of one table, or its truncation. */
export type Segment = { readonly table: string; readonly rows: readonly ReducedRow[]; readonly truncate: SinkRecord | null };

/** Changes by table, in the order in which the tables come; a truncation parts what is before it from what is behind. */
export function segments(changes: readonly IndexedChange[]): readonly Segment[] {
  const done: Segment[] = [];
  const open = new Map<string, ReducedRow[]>();
  for (const { table, change } of changes) {
    if ('truncate' in change) {
      const rows = open.get(table);
      if (rows) done.push({ table, rows, truncate: null });
      open.delete(table);
      done.push({ table, rows: [], truncate: change.truncate });
      continue;
    }
    const rows = open.get(table);
    if (rows) rows.push(change.row);
    else open.set(table, [change.row]);
  }
  return [...done, ...Array.from(open, ([table, rows]) => ({ table, rows, truncate: null }))];
}
