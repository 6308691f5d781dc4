import { BSON } from 'mongodb';
import { type ConnectRecord, type JsonObject, SluiceError, type SourceBatch, type SourceOffset } from '../../src/contract/index.ts';
import { instantOf } from '../debezium/envelope.ts';
import type { BlockingReading } from '../debezium/incremental/blocking-reader.ts';
import type { BlockingRequest, BlockingSnapshots } from '../debezium/incremental/blocking-snapshots.ts';
import { UnfitTable } from '../debezium/incremental/chunk-database.ts';
import { ChunkSize } from '../debezium/incremental/chunk-size.ts';
import { ChunkWindow } from '../debezium/incremental/chunk-window.ts';
import type { Collection } from '../debezium/incremental/state.ts';
import { namespaceOf } from './collection-id.ts';
import type { Collections } from './collections.ts';
import type { ChunkReader, DocumentChunk } from './incremental-reader.ts';
import type { MongoSettings, RecordMakers } from './settings.ts';
import { type CollectionRange, rangeOffset, rangePartition, type StoredRanges, wholeCollection } from './snapshot-ranges.ts';
import type { ChunkView, StreamReach } from './stream-reach.ts';

/** How often a page is read again because documents of it changed in part; then the snapshot is given up. */
const rereadsMax = 100;

export type BlockingPagesParts = {
  readonly settings: Pick<MongoSettings, 'snapshot'>;
  readonly makers: Pick<RecordMakers, 'notifications' | 'clock' | 'logger'>;
  readonly blocking: BlockingSnapshots;
  readonly reach: StreamReach;
  readonly partition: JsonObject;
  /** The captured collections as they are now. */
  captured(): ReturnType<Collections['list']>;
  reader(abort: AbortSignal): ChunkReader;
};

/** A collection that is being read. */
type Current = { readonly collection: Collection; readonly upTo: readonly string[]; rows: number; isLast: boolean };

/** One request's reading. */
type Run = { readonly reader: ChunkReader; readonly names: string; readonly left: Collection[]; current: Current | null };

/**
 * Reads collections page by page (`snapshot.fetch.size`), in the order of their ids, while the change stream waits. MongoDB has no view that would last
 * for all of a collection, so between two pages the stream goes on: just until it is past what the page saw. The page is published then, but for
 * documents of which the stream has brought a change meanwhile (invariant 7). Where it is, is stored with each page.
 */
export class BlockingPages implements BlockingReading {
  readonly #parts: BlockingPagesParts;
  /** A page may have seen what comes while it waits, or not: it is published anyway. */
  readonly #window = new ChunkWindow<ChunkView, null, DocumentChunk>(() => false);
  readonly #size: ChunkSize;
  #ranges = new Map<string, CollectionRange>();
  #rereads = 0;
  #run: Run | null = null;

  constructor(parts: BlockingPagesParts) {
    this.#parts = parts;
    this.#size = new ChunkSize(parts.settings.snapshot.batchSize);
  }

  /** Takes up what is stored of a request's reading. */
  restore(stored: StoredRanges): void {
    this.#ranges = new Map([...stored].flatMap(([name, [range]]) => (range === undefined ? [] : [[name, range]])));
  }

  /** Deletes what is stored. */
  forget(): readonly SourceOffset[] {
    const partitions = [...this.#ranges.values()].map(range => rangePartition(this.#parts.partition, range));
    this.#ranges = new Map();
    return partitions.map(partition => ({ partition, offset: null }));
  }

  get isReady(): boolean {
    return this.#window.loaded === null || this.isPublishable;
  }

  /** A page waits no longer: the stream is past it. */
  get isPublishable(): boolean {
    const page = this.#window.loaded;
    return page !== null && this.#parts.reach.isPast(page.view);
  }

  /** Whether changes of a collection must be told. */
  isWatched(name: string): boolean {
    return this.#window.open && this.#run?.current?.collection.name === name;
  }

  /** A document of the watched collection was changed. `whole` false: the change does not hold it as it then is. Answers false where the page must be read again. */
  touched(id: string, whole: boolean): boolean {
    if (this.#window.touched(id, null, whole)) return true;
    this.#rereads++;
    this.#size.shrink();
    return false;
  }

  async *advance(request: BlockingRequest, abort: AbortSignal): AsyncGenerator<SourceBatch, boolean> {
    this.#run ??= await this.#begin(request, abort);
    const run = this.#run;
    while (!abort.aborted) {
      if (this.isPublishable) yield this.#publish(run);
      else if (this.#window.loaded !== null) return false;
      const current = run.current ?? (await this.#next(run));
      if (current === null) return true;
      // Published before its turn to be read comes again.
      if (this.#window.loaded === null && !(await this.#read(run, current))) yield this.#batch([], 0, this.#end(run, current));
    }
    return false;
  }

  async #begin({ id, tables }: BlockingRequest, abort: AbortSignal): Promise<Run> {
    const { blocking, makers, settings, captured, reader } = this.#parts;
    const names = (await captured()).map(namespaceOf);
    blocking.leaveOutMissing(names, makers.logger);
    const found = names.filter(name => tables.some(table => table.name === name));
    const left = found.map((name): Collection => {
      const override = settings.snapshot.filters.get(name);
      const filter =
        tables.find(table => table.name === name)?.filter ?? (override ? BSON.EJSON.stringify(override, { relaxed: false }) : null);
      return { name, filter, surrogateKey: null, signal: id };
    });
    return { reader: reader(abort), names: found.join(','), left, current: null };
  }

  /** Turns to the next collection that is not read; null: there is none. */
  async #next(run: Run): Promise<Current | null> {
    const { blocking, makers } = this.#parts;
    for (let collection = run.left.shift(); collection !== undefined; collection = run.left.shift()) {
      const { name } = collection;
      if (this.#ranges.get(name)?.done) continue;
      try {
        this.#notify(run, 'IN_PROGRESS', { current_collection_in_progress: name });
        const last = await run.reader.lastKey(collection);
        blocking.mark(name, 'reading');
        makers.logger.info({ collection: name }, `Reading collection ${name}`);
        if (last !== null) {
          run.current = { collection, upTo: last.key, rows: 0, isLast: false };
          return run.current;
        }
        this.#scanned(run, name, 0);
      } catch (error) {
        if (!(error instanceof UnfitTable)) throw error;
        blocking.leaveOut(name, error.message, makers.logger);
      }
    }
    return null;
  }

  /** Reads a page, which then waits. Answers false where there is nothing left. */
  async #read({ reader }: Run, current: Current): Promise<boolean> {
    const { collection, upTo } = current;
    if (this.#rereads > rereadsMax)
      throw new SluiceError(
        'SNAPSHOT_FAILED',
        `A page of ${collection.name} was changed ${rereadsMax} times before it could be published.`,
        {
          remedy: 'Ask for it again at a quieter time, or set capture.mode=change_streams_update_full.',
        },
      );
    const after = this.#ranges.get(collection.name)?.after ?? null;
    const rowsMax = this.#size.rows;
    this.#window.begin();
    const page = await reader.readChunk({ collection, after: after === null ? null : [after], upTo, rowsMax });
    current.isLast = page.rows.length < rowsMax && page.more !== true;
    if (page.rows.length > 0) return this.#window.load(page);
    this.#window.close();
    return false;
  }

  #publish(run: Run): SourceBatch {
    const { clock } = this.#parts.makers;
    const current = run.current!;
    const { chunk, places } = this.#window.take();
    const { name } = current.collection;
    const at = instantOf(clock.nowNs());
    const out: ConnectRecord[] = [];
    let bytes = 0;
    // That it is the last of all is known of a last page that is not empty.
    const lastPlace = current.isLast && run.left.length === 0 ? places.at(-1) : undefined;
    for (const place of places) {
      const document = chunk.rows[place]!;
      chunk.records.emitRead(out, document, place === lastPlace ? 'last' : 'true', at);
      bytes += document.length;
    }
    current.rows += places.length;
    this.#parts.blocking.mark(name, 'reading', current.rows);
    this.#rereads = 0;
    this.#size.grow();
    const range = { ...(this.#ranges.get(name) ?? wholeCollection(name)), after: chunk.last![0]! };
    this.#ranges.set(name, range);
    return this.#batch(out, bytes, current.isLast ? this.#end(run, current) : [rangeOffset(this.#parts.partition, range)]);
  }

  /** The collection is read: what stores that. */
  #end(run: Run, { collection: { name }, rows }: Current): readonly SourceOffset[] {
    run.current = null;
    const range = { ...(this.#ranges.get(name) ?? wholeCollection(name)), done: true };
    this.#ranges.set(name, range);
    this.#scanned(run, name, rows);
    return [rangeOffset(this.#parts.partition, range)];
  }

  #scanned(run: Run, name: string, rows: number): void {
    this.#parts.blocking.mark(name, 'done', rows);
    this.#notify(run, 'TABLE_SCAN_COMPLETED', { scanned_collection: name, total_rows_scanned: String(rows), status: 'SUCCEEDED' });
  }

  #notify({ names }: Run, type: 'IN_PROGRESS' | 'TABLE_SCAN_COMPLETED', data: Readonly<Record<string, string>>): void {
    this.#parts.makers.notifications.send({ aggregate: 'Initial Snapshot', type, id: null, data: { data_collections: names, ...data } });
  }

  #batch(records: readonly ConnectRecord[], bytes: number, offsets: readonly SourceOffset[]): SourceBatch {
    return { records, bytes, offsets, committedAtMs: null };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#window.close();
    this.#rereads = 0;
    const run = this.#run;
    this.#run = null;
    await run?.reader[Symbol.asyncDispose]();
  }
}
