import type { JsonObject, JsonValue, SourceOffset } from '../../src/contract/index.ts';
import { parseSnapshotView, type SnapshotView } from './snapshot-view.ts';

/**
 * A part of a table that one snapshot read: the keys behind the range before it, up to and with `to` (the key columns' texts); null: to the
 * table's end. `view` null: the slot's own snapshot, whose every change the stream brings; else the stream brings changes again that the
 * view already saw.
 */
export type ReadRange = { readonly view: SnapshotView | null; readonly to: readonly string[] | null };

/** How far the snapshot of one table is. */
export type TableProgress = {
  /** `schema.table`. */
  readonly table: string;
  readonly ranges: readonly ReadRange[];
  readonly done: boolean;
};

/** The partition of a table's progress: Debezium's own partition with one more key, which its loader does not ask for. */
export function progressPartition(serverPartition: JsonObject, table: string): JsonObject {
  return { ...serverPartition, sluice_snapshot_table: table };
}

/** The offset that stores a table's progress. */
export function progressOffset(partition: JsonObject, progress: TableProgress): SourceOffset {
  const ranges = progress.ranges.map(
    ({ view, to }): JsonValue => ({
      view: view && { snapshot: view.text, lsn: Number(view.takenAtLsn) },
      to,
    }),
  );
  return { partition, offset: { ranges, done: progress.done } };
}

/** The progress stored in an offset, or null where the offset is none of a table. */
export function readProgress({ partition, offset }: SourceOffset): TableProgress | null {
  const table = partition['sluice_snapshot_table'];
  if (typeof table !== 'string' || offset === null) return null;
  const stored = offset['ranges'] as readonly { view: { snapshot: string; lsn: number } | null; to: readonly string[] | null }[];
  return {
    table,
    ranges: stored.map(({ view, to }) => ({ view: view && parseSnapshotView(view.snapshot, BigInt(view.lsn)), to })),
    done: offset['done'] === true,
  };
}

/** The same table read on with one more row's key, or to its end. */
export function advance(progress: TableProgress, view: SnapshotView | null, to: readonly string[] | null): TableProgress {
  const last = progress.ranges.at(-1);
  const before = last && last.view?.text === view?.text ? progress.ranges.slice(0, -1) : progress.ranges;
  return { table: progress.table, ranges: [...before, { view, to }], done: to === null };
}
