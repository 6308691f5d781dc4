import { type Consumed, type SinkRecord, SluiceError } from '../../src/contract/index.ts';
import { bisect } from '../sql/bisect.ts';
import { type ReducedRow, ReducedRows } from '../sql/reduced-rows.ts';
import { AffectedKeys, type KeyParts } from './affected-keys.ts';
import type { Bookkeeping } from './bookkeeping.ts';
import type { TableDefinition, ViewDefinition } from './definition.ts';
import type { Led, LedTarget } from './led.ts';
import type { Active } from './migration.ts';
import { segments } from './segments.ts';
import type { ApplyResult, IndexedChange } from './store.ts';

export type Part = string | number | bigint | Uint8Array;

/** Writes base rows of one table: newer ones only. What it answers is where old and new rows lead. */
export interface RowsWriting<P extends Part> {
  /** `refilling`: a record that is the row's own version goes over it: it fills columns that the row did not have, or heals it. */
  write(rows: Iterable<ReducedRow>, refilling: boolean): Promise<readonly Led<P>[]>;
  truncate(): Promise<readonly Led<P>[]> | readonly Led<P>[];
}

/** Keeps the table of one view. */
export interface ViewWriting<P extends Part> {
  /** Keys that a table's rows lead to through others, by their columns' values. */
  through(table: TableDefinition, values: readonly KeyParts<P>[]): Promise<readonly (readonly (P | null)[])[]>;
  /** Computes the rows of these keys anew. */
  recompute(keys: readonly KeyParts<P>[]): Promise<void>;
}

/** All that is written, as it stands since the last assignment. */
export type Writers<P extends Part> = {
  readonly active: Active;
  readonly tables: ReadonlyMap<
    string,
    { readonly writer: RowsWriting<P>; readonly targets: readonly LedTarget[]; readonly definition: TableDefinition }
  >;
  readonly views: ReadonlyMap<ViewDefinition, ViewWriting<P>>;
};

/** Whether a record was applied before: what has no version of its own, a truncation, must not be done again. */
type IsNew = (record: SinkRecord) => boolean;

/**
 * Applies changes in the open transaction; refused ones are found by halves. `undoable` does work that leaves nothing behind where it rejects.
 * `consumed` is not moved yet.
 */
export async function applyChanges<P extends Part>(
  writers: Writers<P> | null,
  changes: readonly IndexedChange[],
  consumed: Consumed | null,
  books: Bookkeeping,
  undoable: (work: () => Promise<void>) => Promise<void>,
): Promise<ApplyResult> {
  if (writers === null) throw new SluiceError('INTERNAL', 'Views were written before their partitions were assigned.');
  const isNew = await newness(changes, consumed, books);
  const again = consumed === null;
  return bisect(changes, items => undoable(() => write(writers, items, isNew, again)));
}

async function newness(changes: readonly IndexedChange[], consumed: Consumed | null, books: Bookkeeping): Promise<IsNew> {
  if (consumed === null) return () => false;
  if (!changes.some(({ change }) => 'truncate' in change)) return () => true;
  const stored = await books.offsets.offsets(consumed.group);
  const next = new Map(stored.map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]));
  return ({ place }) => place.offset >= (next.get(`${place.topic}-${place.partition}`) ?? 0n);
}

async function write<P extends Part>(writers: Writers<P>, items: readonly IndexedChange[], isNew: IsNew, again: boolean): Promise<void> {
  const keys = new AffectedKeys<P>();
  const pending = new Map<string, { readonly view: ViewDefinition; readonly table: TableDefinition; readonly values: AffectedKeys<P> }>();
  const note = (name: string, led: readonly Led<P>[]) => {
    const { targets, definition: table } = writers.tables.get(name)!;
    for (const { target, parts } of led) {
      const { view } = targets[target]!;
      if (view.routes.get(name)!.kind === 'direct') {
        keys.add(view, parts);
        continue;
      }
      const id = JSON.stringify([view.name, name]);
      const hop = pending.get(id) ?? { view, table, values: new AffectedKeys<P>() };
      pending.set(id, hop);
      hop.values.add(view, parts);
    }
  };
  for (const { table, rows, truncate } of segments(items)) {
    const { writer, definition } = writers.tables.get(table)!;
    if (truncate) {
      if (isNew(truncate)) note(table, await writer.truncate());
      continue;
    }
    const reduced = new ReducedRows(definition.key.map(name => definition.columns.findIndex(column => column.name === name)));
    for (const row of rows) reduced.add(row);
    note(table, await writer.write(reduced.rows(), again || writers.active.refills.has(table)));
  }
  // Looked up when all rows are in place: the rows passed through that changed as well have told their own keys, old and new.
  for (const { view, table, values } of pending.values())
    for (const key of await writers.views.get(view)!.through(table, values.of(view))) keys.add(view, key);
  for (const [view, writer] of writers.views) await writer.recompute(keys.of(view));
}
