import type { MongoClient } from 'mongodb';
import type { ConnectRecord, JsonObject, SnapshotProgress, SourceBatch, SourceOffset } from '../../src/contract/index.ts';
import { instantOf } from '../debezium/envelope.ts';
import { merge } from '../debezium/merge.ts';
import { withSnapshotMarker } from '../debezium/snapshot-marker.ts';
import { namespaceOf } from './collection-id.ts';
import type { Collections, ListedCollection } from './collections.ts';
import type { MongoSettings, RecordMakers } from './settings.ts';
import { idText, type ReadingOrder, readCollection, readingOrder } from './snapshot-collection.ts';
import { boundariesOf } from './snapshot-plan.ts';
import { type CollectionRange, rangeOffset, rangePartition, rangesBetween, type StoredRanges, wholeCollection } from './snapshot-ranges.ts';

export type SnapshotParts = {
  readonly client: MongoClient;
  readonly collections: Collections;
  readonly settings: MongoSettings;
  readonly makers: RecordMakers;
  readonly partition: JsonObject;
  /** Progress of an interrupted snapshot. */
  readonly stored: StoredRanges;
};

/** Records whose range is read to its end, held back because the last of them may be the snapshot's last. */
type Finished = { readonly records: readonly ConnectRecord[]; readonly bytes: number; readonly offset: SourceOffset };

/** What one reader reads next. */
type Work = { readonly collection: ListedCollection; readonly range: CollectionRange };

/**
 * The initial snapshot: each collection's documents as read records, with offsets from which an interrupted one goes on. With several
 * readers, collections are read side by side, and a large one in ranges of its ids. Only the very last record has a marker of its own
 * (MongoDbSnapshotChangeEventSource).
 */
export class MongoSnapshot {
  readonly #parts: SnapshotParts;
  #progress: SnapshotProgress = { tables: 0, tablesDone: 0, rows: 0, rowsEstimated: null };
  #finished: Finished | null = null;
  /** Ranges that are still to be read, by collection. */
  readonly #rangesLeft = new Map<string, number>();
  /** Read by this run of the task, by collection; missing: none of its ranges is read yet. */
  readonly #documents = new Map<string, number>();
  /** Where progress was stored. */
  readonly #partitions: JsonObject[] = [];

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
  }

  get progress(): SnapshotProgress {
    return this.#progress;
  }

  /** What deletes the progress of all collections, once the snapshot is complete. */
  get deletions(): readonly SourceOffset[] {
    return this.#partitions.map(partition => ({ partition, offset: null }));
  }

  /** Reads the collections. The last batch ends with the record marked `last`. */
  async *read(collections: readonly ListedCollection[], abort: AbortSignal): AsyncGenerator<SourceBatch> {
    this.#progress = { ...this.#progress, tables: collections.length };
    const queue: Work[] = [];
    for (const collection of collections) {
      const name = namespaceOf(collection);
      const stored = this.#parts.stored.get(name);
      const ranges = stored ?? (await this.#plan(collection, abort));
      if (abort.aborted) return;
      // The cut must be durable before anything that is read by it: after a restart it would be another one.
      if (!stored && ranges.length > 1)
        yield this.#batch(
          [],
          0,
          ranges.map(range => this.#offset(range)),
        );
      const left = ranges.filter(({ done }) => !done);
      this.#rangesLeft.set(name, left.length);
      this.#partitions.push(...ranges.map(range => rangePartition(this.#parts.partition, range)));
      queue.push(...left.map(range => ({ collection, range })));
    }
    const done = [...this.#rangesLeft.values()].filter(left => left === 0).length;
    this.#progress = { ...this.#progress, tablesDone: done };
    const readers = Math.max(1, Math.min(this.#parts.settings.snapshot.threadsMax, queue.length));
    yield* merge(Array.from({ length: readers }, () => this.#readAll(queue, abort)));
    if (this.#finished && !abort.aborted) yield this.#release(this.#finished, true);
  }

  /** The ranges of a collection that nothing was read of yet. */
  async #plan(collection: ListedCollection, abort: AbortSignal): Promise<readonly CollectionRange[]> {
    const { client, settings, makers } = this.#parts;
    const { threadsMax, batchSize } = settings.snapshot;
    const name = namespaceOf(collection);
    const boundaries = await boundariesOf(client, collection, { readers: threadsMax, batchSize }, abort);
    if (boundaries.length === 0) return [wholeCollection(name)];
    const ranges = rangesBetween(name, boundaries);
    makers.logger.info({ collection: name, ranges: ranges.length }, `Collection ${name} is read in ${ranges.length} ranges of its ids`);
    return ranges;
  }

  async *#readAll(queue: Work[], abort: AbortSignal): AsyncGenerator<SourceBatch> {
    for (let next = queue.shift(); next && !abort.aborted; next = queue.shift()) yield* this.#readRange(next, abort);
  }

  async *#readRange({ collection, range: from }: Work, abort: AbortSignal): AsyncGenerator<SourceBatch> {
    const { client, collections, settings, makers } = this.#parts;
    const { batchSize, filters } = settings.snapshot;
    const name = namespaceOf(collection);
    const records = collections.of(collection);
    // What was begun by ids goes on by them, also where little is left of the collection.
    const order = from.of > 1 || from.after !== null ? 'id' : await readingOrder(client, collection, batchSize);
    let range = from;
    this.#announce(range, order);
    if (!this.#documents.has(name)) {
      this.#documents.set(name, 0);
      this.#notify('IN_PROGRESS', { current_collection_in_progress: name });
    }
    let out: ConnectRecord[] = [];
    let documentsRead = 0;
    let bytesRead = 0;
    let lastId = range.after;
    const reading = { order, range, filter: filters.get(name), batchSize };
    for await (const { documents, bytes } of readCollection(client, collection, reading, abort)) {
      if (abort.aborted) return;
      bytesRead += bytes;
      documentsRead += documents.length;
      const at = instantOf(makers.clock.nowNs());
      for (const document of documents) records.emitRead(out, document, 'true', at);
      if (order !== 'whole' && out.length > 1) {
        // The newest document stays behind: it may turn out to be the snapshot's last.
        const newest = out.pop()!;
        if (order === 'id') range = { ...range, after: documents.length > 1 ? idText(documents.at(-2)!) : lastId };
        yield this.#batch(out, bytesRead, [this.#offset(range)]);
        out = [newest];
        bytesRead = 0;
      }
      const newest = documents.at(-1);
      if (order === 'id' && newest) lastId = idText(newest);
      this.#progress = { ...this.#progress, rows: this.#progress.rows + documents.length };
    }
    if (abort.aborted) return;
    yield* this.#end({ ...range, done: true }, documentsRead, out, bytesRead);
  }

  /** A range is read: its last records wait until it is known whether more come after them. */
  *#end(range: CollectionRange, documents: number, records: readonly ConnectRecord[], bytes: number): Generator<SourceBatch> {
    const { collection } = range;
    const left = this.#rangesLeft.get(collection)! - 1;
    this.#rangesLeft.set(collection, left);
    const read = (this.#documents.get(collection) ?? 0) + documents;
    this.#documents.set(collection, read);
    if (left === 0)
      this.#notify('TABLE_SCAN_COMPLETED', { scanned_collection: collection, total_rows_scanned: String(read), status: 'SUCCEEDED' });
    if (left === 0) this.#progress = { ...this.#progress, tablesDone: this.#progress.tablesDone + 1 };
    this.#parts.makers.logger.info({ collection, documents }, `${shown(range)} is read`);
    const offset = this.#offset(range);
    if (records.length === 0) {
      yield this.#batch([], 0, [offset]);
      return;
    }
    // Exchanged in one step: while this reader answers, another one may finish a range, and would find none held back.
    const before = this.#finished;
    this.#finished = { records, bytes, offset };
    if (before) yield this.#release(before, false);
  }

  #notify(type: 'IN_PROGRESS' | 'TABLE_SCAN_COMPLETED', data: Readonly<Record<string, string>>): void {
    const data_collections = [...this.#rangesLeft.keys()].join(',');
    this.#parts.makers.notifications.send({ aggregate: 'Initial Snapshot', type, id: null, data: { data_collections, ...data } });
  }

  #offset(range: CollectionRange): SourceOffset {
    return rangeOffset(this.#parts.partition, range);
  }

  #announce(range: CollectionRange, order: ReadingOrder): void {
    const { logger } = this.#parts.makers;
    const { collection, after } = range;
    if (after !== null) logger.info({ collection }, `The snapshot goes on behind the last document that is in the log: ${shown(range)}`);
    else if (order === 'unordered' && this.#parts.stored.has(collection))
      logger.warn({ collection }, `${shown(range)} is read again: it has no ids to go on by, so documents may be in the log twice`);
    else logger.info({ collection, order }, `${shown(range)} is being read`);
  }

  #batch(records: readonly ConnectRecord[], bytes: number, offsets: readonly SourceOffset[]): SourceBatch {
    return { records, bytes, offsets, committedAtMs: null };
  }

  #release({ records, bytes, offset }: Finished, last: boolean): SourceBatch {
    const marked = last ? [...records.slice(0, -1), withSnapshotMarker(records.at(-1)!, 'last')] : records;
    return this.#batch(marked, bytes, [offset]);
  }
}

/** A range as a person reads it. */
function shown({ collection, index, of }: CollectionRange): string {
  return of === 1 ? `Collection ${collection}` : `Range ${index + 1} of ${of} of collection ${collection}`;
}
