import type { MongoClient } from 'mongodb';
import type { ConnectRecord, JsonObject, SnapshotProgress, SourceBatch, SourceOffset } from '../../src/contract/index.ts';
import { instantOf } from '../debezium/envelope.ts';
import { merge } from '../debezium/merge.ts';
import { withSnapshotMarker } from '../debezium/snapshot-marker.ts';
import { advance, progressOffset, type TableProgress } from '../debezium/snapshot-progress.ts';
import { namespaceOf } from './collection-id.ts';
import type { Collections, ListedCollection } from './collections.ts';
import type { MongoSettings, RecordMakers } from './settings.ts';
import { idText, type ReadingOrder, readCollection, readingOrder } from './snapshot-collection.ts';

/** How far the snapshot of one collection is. The stream begins before the first read, so there are no views to remember. */
export type CollectionProgress = TableProgress<JsonObject>;

export type SnapshotParts = {
  readonly client: MongoClient;
  readonly collections: Collections;
  readonly settings: MongoSettings;
  readonly makers: RecordMakers;
  readonly partition: JsonObject;
  /** Progress of an interrupted snapshot by collection. */
  readonly progress: ReadonlyMap<string, CollectionProgress>;
};

/** Records whose collection is read to its end, held back because the last of them may be the snapshot's last. */
type Finished = { readonly records: readonly ConnectRecord[]; readonly bytes: number; readonly offset: SourceOffset };

/**
 * The initial snapshot: each collection's documents as read records, with offsets from which an interrupted one goes on. With several
 * readers, collections are read side by side. Only the very last record has a marker of its own (MongoDbSnapshotChangeEventSource).
 */
export class MongoSnapshot {
  readonly #parts: SnapshotParts;
  #progress: SnapshotProgress = { tables: 0, tablesDone: 0, rows: 0, rowsEstimated: null };
  #finished: Finished | null = null;
  /** Progress by collection as it is after the batches answered so far. */
  readonly results: Map<string, CollectionProgress>;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
    this.results = new Map(parts.progress);
  }

  get progress(): SnapshotProgress {
    return this.#progress;
  }

  /** Reads the collections. The last batch ends with the record marked `last`. */
  async *read(collections: readonly ListedCollection[], abort: AbortSignal): AsyncGenerator<SourceBatch> {
    const queue = collections.filter(id => !this.#parts.progress.get(namespaceOf(id))?.done);
    this.#progress = { ...this.#progress, tables: collections.length, tablesDone: collections.length - queue.length };
    const readers = Math.max(1, Math.min(this.#parts.settings.snapshot.threadsMax, queue.length));
    yield* merge(Array.from({ length: readers }, () => this.#readAll(queue, abort)));
    if (this.#finished && !abort.aborted) yield this.#release(this.#finished, true);
  }

  async *#readAll(queue: ListedCollection[], abort: AbortSignal): AsyncGenerator<SourceBatch> {
    for (let next = queue.shift(); next && !abort.aborted; next = queue.shift()) yield* this.#readCollection(next, abort);
  }

  async *#readCollection(collection: ListedCollection, abort: AbortSignal): AsyncGenerator<SourceBatch> {
    const { client, collections, settings, makers, partition } = this.#parts;
    const { logger, clock } = makers;
    const { batchSize, filters } = settings.snapshot;
    const name = namespaceOf(collection);
    const records = collections.of(collection);
    const order = await readingOrder(client, collection, batchSize);
    let progress = this.results.get(name) ?? { table: name, ranges: [], done: false };
    if (order !== 'id') progress = { ...progress, ranges: [] };
    const after = progress.ranges.at(-1)?.to?.[0] ?? null;
    this.#announce(name, order, after !== null);
    let out: ConnectRecord[] = [];
    let documentsRead = 0;
    let bytesRead = 0;
    let lastId: string | null = after;
    for await (const { documents, bytes } of readCollection(client, collection, order, after, filters.get(name), batchSize, abort)) {
      if (abort.aborted) return;
      bytesRead += bytes;
      documentsRead += documents.length;
      const at = instantOf(clock.nowNs());
      for (const document of documents) records.emitRead(out, document, 'true', at);
      if (order !== 'whole' && out.length > 1) {
        // The newest document stays behind: it may turn out to be the snapshot's last.
        const newest = out.pop()!;
        const to = documents.length > 1 ? idText(documents.at(-2)!) : lastId;
        if (order === 'id' && to !== null) progress = advance(progress, null, [to]);
        yield this.#batch(out, bytesRead, order === 'id' ? [this.#offset(progress)] : []);
        if (order === 'id') this.results.set(name, progress);
        out = [newest];
        bytesRead = 0;
      }
      const newest = documents.at(-1);
      if (order === 'id' && newest) lastId = idText(newest);
      this.#progress = { ...this.#progress, rows: this.#progress.rows + documents.length };
    }
    if (abort.aborted) return;
    progress = advance(progress, null, null);
    this.#progress = { ...this.#progress, tablesDone: this.#progress.tablesDone + 1 };
    this.results.set(name, progress);
    const offset = progressOffset(partition, progress, view => view);
    logger.info({ collection: name, documents: documentsRead }, `Collection ${name} is read`);
    if (out.length === 0) {
      yield this.#batch([], 0, [offset]);
      return;
    }
    // Exchanged in one step: while this reader answers, another one may finish a collection, and would find none held back.
    const before = this.#finished;
    this.#finished = { records: out, bytes: bytesRead, offset };
    if (before) yield this.#release(before, false);
  }

  #offset(progress: CollectionProgress): SourceOffset {
    return progressOffset(this.#parts.partition, progress, view => view);
  }

  #announce(name: string, order: ReadingOrder, resumed: boolean): void {
    const { logger } = this.#parts.makers;
    if (resumed) logger.info({ collection: name }, `The snapshot of ${name} goes on behind the last document that is in the log`);
    else if (order === 'unordered' && this.#parts.progress.has(name))
      logger.warn(
        { collection: name },
        `The snapshot of ${name} starts again: it has no ids to go on by, so documents may be in the log twice`,
      );
    else logger.info({ collection: name, order }, `Reading collection ${name}`);
  }

  #batch(records: readonly ConnectRecord[], bytes: number, offsets: readonly SourceOffset[]): SourceBatch {
    return { records, bytes, offsets, committedAtMs: null };
  }

  #release({ records, bytes, offset }: Finished, last: boolean): SourceBatch {
    const shown = last ? [...records.slice(0, -1), withSnapshotMarker(records.at(-1)!, 'last')] : records;
    return this.#batch(shown, bytes, [offset]);
  }
}
