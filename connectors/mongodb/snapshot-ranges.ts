import type { JsonObject, SourceOffset } from '../../src/contract/index.ts';
import { isProgress, progressPartition } from '../debezium/snapshot-progress.ts';

/**
 * A part of a collection that one reader reads, and how far it is: the whole collection, or the ids from one to another. Ids are texts
 * (`idText`). The stream begins before the first read, so there are no views to remember.
 */
export type CollectionRange = {
  /** `database.collection`. */
  readonly collection: string;
  /** Its place among the collection's ranges, and how many these are. */
  readonly index: number;
  readonly of: number;
  /** The first id; null: the collection's first. */
  readonly from: string | null;
  /** The first id that is not in it any more; null: to the collection's end. */
  readonly until: string | null;
  /** The last document that is in the log; null: none yet. */
  readonly after: string | null;
  readonly done: boolean;
};

/** A collection that one reader reads. */
export function wholeCollection(collection: string): CollectionRange {
  return { collection, index: 0, of: 1, from: null, until: null, after: null, done: false };
}

/** A collection's ranges between these ids, which are in the index's order. */
export function rangesBetween(collection: string, boundaries: readonly string[]): readonly CollectionRange[] {
  const of = boundaries.length + 1;
  return Array.from({ length: of }, (_, index) => ({
    ...wholeCollection(collection),
    index,
    of,
    from: boundaries[index - 1] ?? null,
    until: boundaries[index] ?? null,
  }));
}

/** The partition that a range's progress is stored under: one of its own, so that ranges move on each by itself. */
export function rangePartition(serverPartition: JsonObject, { collection, index, of }: CollectionRange): JsonObject {
  const partition = progressPartition(serverPartition, collection);
  return of === 1 ? partition : { ...partition, sluice_snapshot_range: index };
}

/** The offset that stores a range's progress. */
export function rangeOffset(serverPartition: JsonObject, range: CollectionRange): SourceOffset {
  const { of, from, until, after, done } = range;
  return { partition: rangePartition(serverPartition, range), offset: { of, from, until, after, done } };
}

/** The progress stored in an offset; null where the offset is none of a collection. */
export function readRange(stored: SourceOffset): CollectionRange | null {
  const { partition, offset } = stored;
  const [collection, index] = [partition['sluice_snapshot_table'], partition['sluice_snapshot_range']];
  if (!isProgress(stored) || offset === null || typeof collection !== 'string') return null;
  const text = (name: string) => (typeof offset[name] === 'string' ? offset[name] : null);
  return {
    collection,
    index: typeof index === 'number' ? index : 0,
    of: typeof offset['of'] === 'number' ? offset['of'] : 1,
    from: text('from'),
    until: text('until'),
    after: text('after'),
    done: offset['done'] === true,
  };
}

/** By collection, in the order of their ids. */
export type StoredRanges = ReadonlyMap<string, readonly CollectionRange[]>;

/** What an interrupted snapshot stored. */
export function storedRanges(offsets: readonly SourceOffset[]): StoredRanges {
  const ranges = offsets.map(readRange).filter(range => range !== null);
  const byCollection = Map.groupBy(ranges, ({ collection }) => collection);
  for (const found of byCollection.values()) found.sort((a, b) => a.index - b.index);
  return byCollection;
}
