import type { JsonObject, SourceOffset } from '../../src/contract/index.ts';

/**
 * A part of a table that one snapshot read: the keys behind the range before it, up to and with `to` (the key columns' texts); null: to the
 * table's end. `view` null: the stream begins exactly where the view was taken; else the stream brings changes again that the view already
 * saw.
 */
export type ReadRange<View> = { readonly view: View | null; readonly to: readonly string[] | null };

/** How far the snapshot of one table is. */
export type TableProgress<View> = {
  /** Its qualified name. */
  readonly table: string;
  readonly ranges: readonly ReadRange<View>[];
  readonly done: boolean;
};

/** The partition of a table's progress: Debezium's own partition with one more key, which its loader does not ask for. */
export function progressPartition(serverPartition: JsonObject, table: string): JsonObject {
  return { ...serverPartition, sluice_snapshot_table: table };
}

/** Whether an offset is a table's progress. */
export function isProgress({ partition }: SourceOffset): boolean {
  return partition['sluice_snapshot_table'] !== undefined;
}

/** The offset that stores a table's progress. */
export function progressOffset<View>(
  serverPartition: JsonObject,
  { table, ranges, done }: TableProgress<View>,
  written: (view: View) => JsonObject,
): SourceOffset {
  const stored = ranges.map(({ view, to }) => ({ view: view && written(view), to }));
  return { partition: progressPartition(serverPartition, table), offset: { ranges: stored, done } };
}

/** The progress stored in an offset, or null where the offset is none of a table. */
export function readProgress<View>({ partition, offset }: SourceOffset, read: (view: JsonObject) => View): TableProgress<View> | null {
  const table = partition['sluice_snapshot_table'];
  if (typeof table !== 'string' || offset === null) return null;
  const stored = offset['ranges'] as readonly { view: JsonObject | null; to: readonly string[] | null }[];
  return { table, ranges: stored.map(({ view, to }) => ({ view: view && read(view), to })), done: offset['done'] === true };
}

/** The same table read on with one more row's key, or to its end. A view is one object for all that is read under it. */
export function advance<View>(progress: TableProgress<View>, view: View | null, to: readonly string[] | null): TableProgress<View> {
  const last = progress.ranges.at(-1);
  const before = last && last.view === view ? progress.ranges.slice(0, -1) : progress.ranges;
  return { table: progress.table, ranges: [...before, { view, to }], done: to === null };
}
