import { applyChanges, type Part, type Writers } from './apply-changes.ts';
import type { Bookkeeping } from './bookkeeping.ts';
import type { IndexedChange, RemovedRow } from './store.ts';

/** Forgets, in the open transaction, versions of rows deleted before that time, at most so many; answers how many. */
export async function pruneVersions(
  books: Bookkeeping,
  writers: Pick<Writers<Part>, 'active'> | null,
  beforeMs: number,
  max: number,
): Promise<number> {
  await books.lock();
  let pruned = 0;
  for (const table of writers?.active.tables ?? []) pruned += await books.prune(table, beforeMs, max - pruned);
  return pruned;
}

/** Removes, in the open transaction, the rows that `which` names once no other writes. Throws what refuses one; `undoable` as for `applyChanges`. */
export async function removeBaseRows<P extends Part>(
  writers: Writers<P> | null,
  books: Bookkeeping,
  which: () => Promise<readonly RemovedRow[]>,
  undoable: (work: () => Promise<void>) => Promise<void>,
): Promise<void> {
  await books.lock();
  const rows = await which();
  const changes = rows.map(({ table, row }, index): IndexedChange => ({ index, table, change: { row } }));
  const [refused] = await applyChanges(writers, changes, null, books, undoable);
  if (refused !== undefined) throw refused.error;
  // Nothing says which version of theirs is gone: what comes for them later is new.
  for (const { table, row } of rows) await books.forgetRow(writers!.tables.get(table)!.definition, row);
}
