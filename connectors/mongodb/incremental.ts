import type { MongoClient } from 'mongodb';
import type { ConnectRecord, JsonObject, OnDemandProgress, SourceSignal } from '../../src/contract/index.ts';
import { AddedTables } from '../debezium/added-tables.ts';
import type { Instant } from '../debezium/envelope.ts';
import { BlockingSnapshots, latestProgress } from '../debezium/incremental/blocking-snapshots.ts';
import type { KnownTable } from '../debezium/incremental/chunk-database.ts';
import { IncrementalSnapshots } from '../debezium/incremental/incremental-snapshots.ts';
import type { KnownTables } from '../debezium/known-tables.ts';
import { FileChannel } from '../debezium/signals/file-channel.ts';
import { readSignal } from '../debezium/signals/signal.ts';
import { BlockingPages } from './blocking-pages.ts';
import type { ChangeEvent } from './change-event.ts';
import { namespaceOf, parseNamespace } from './collection-id.ts';
import { type Collections, isReadWhenAdded } from './collections.ts';
import { databaseError } from './database-error.ts';
import { ChunkReader, type DocumentChunk } from './incremental-reader.ts';
import type { StreamPosition } from './position.ts';
import type { MongoSettings, RecordMakers } from './settings.ts';
import { shownId } from './shown-id.ts';
import { readSignalDocument } from './signal-document.ts';
import { idText } from './snapshot-collection.ts';
import type { ChunkView, StreamReach } from './stream-reach.ts';
import { Watermarks } from './watermarks.ts';

export type IncrementalSources = {
  readonly client: MongoClient;
  readonly settings: MongoSettings;
  readonly makers: RecordMakers;
  readonly collections: Collections;
  readonly reach: StreamReach;
  readonly known: KnownTables;
  /** Of the connector's offsets. */
  readonly partition: JsonObject;
};

/** What a change stream has to do with snapshots on demand: it tells of changes and signals, and publishes the chunks. */
export class StreamedSnapshots implements AsyncDisposable {
  readonly #sources: IncrementalSources;
  readonly #snapshots: IncrementalSnapshots<ChunkView, null, DocumentChunk>;
  readonly #file: FileChannel | null;
  readonly #isPast: (view: ChunkView) => boolean;
  readonly blocking: BlockingSnapshots;
  readonly added: AddedTables;
  /** Of the blocking snapshot that is being read. */
  readonly pages: BlockingPages;
  /** Wakes the stream; null: it does not stream yet. */
  #wake: (() => void) | null = null;

  constructor(sources: IncrementalSources) {
    this.#sources = sources;
    const { client, collections, settings, makers, reach, known, partition } = sources;
    const { notifications, clock, logger } = makers;
    this.blocking = new BlockingSnapshots(() => clock.nowMs());
    this.pages = new BlockingPages({
      settings,
      makers,
      blocking: this.blocking,
      reach,
      partition,
      captured: () => collections.list(client),
      reader: abort => this.#reader(abort),
    });
    const { chunkRows, rowsPerSecondMax, file, pollMs } = settings.signals;
    this.#isPast = view => reach.isPast(view);
    this.#snapshots = new IncrementalSnapshots<ChunkView, null, DocumentChunk>({
      open: async abort => {
        await this.blocking.untilOver(abort);
        return this.#reader(abort);
      },
      tables: () => this.#tables(),
      // What comes while a chunk is read, or waits, may have been seen or not: it is published anyway.
      sees: () => false,
      chunkRows,
      rowsPerSecondMax,
      notifications,
      shownKey: ([id]) => shownId(id ?? ''),
      readsJavaKeys: false,
      clock,
      logger,
    });
    const wake = () => this.#wake?.();
    this.added = new AddedTables({ known, incremental: this.#snapshots, blocking: this.blocking, wake, logger });
    const follow = (signal: SourceSignal) => this.signal(signal);
    this.#file = file === null ? null : new FileChannel({ file, everyMs: pollMs, clock, logger, follow });
  }

  #reader(abort: AbortSignal): ChunkReader {
    const { client, collections, settings, makers, reach } = this.#sources;
    const { table, readOnly, deletesWatermarks } = settings.signals;
    const signals = table === null || readOnly ? null : parseNamespace(table);
    const watermarks = signals === null ? null : new Watermarks(client, signals, deletesWatermarks, makers.logger);
    return new ChunkReader({ client, collections, reach, watermarks, abort });
  }

  /** Looks for collections that were added to the lists; `all`: this start reads every collection, or none. */
  async findAdded(all: boolean): Promise<void> {
    const { client, collections, settings } = this.#sources;
    const listed = await collections.list(client);
    const found = listed.map(id => ({ name: namespaceOf(id), rowsEstimated: null, isRead: isReadWhenAdded(id, settings) }));
    this.added.find(found, all);
  }

  async #tables(): Promise<readonly KnownTable[]> {
    const { client, collections, settings } = this.#sources;
    try {
      const listed = (await collections.list(client)).filter(id => !settings.filters.isSignals(id));
      const known = async ({ derived, ...id }: (typeof listed)[number]) => ({
        name: namespaceOf(id),
        rowsEstimated: derived ? null : await client.db(id.database).collection(id.collection).estimatedDocumentCount(),
      });
      return await Promise.all(listed.map(known));
    } catch (error) {
      throw databaseError(error, 'Listing the collections');
    }
  }

  /** Of the one that began last. */
  get progress(): OnDemandProgress | null {
    return latestProgress(this.#snapshots.progress, this.blocking.progress);
  }

  /** No incremental snapshot is under way. */
  get isIdle(): boolean {
    return Object.keys(this.#snapshots.store()).length === 0;
  }

  /** Chunks or pages are being read. */
  get running(): boolean {
    return this.#snapshots.running || this.blocking.next?.begun === true;
  }

  restore(offset: JsonObject): void {
    this.#snapshots.restore(offset);
    this.blocking.restore(offset);
  }

  store(): JsonObject {
    return { ...this.#snapshots.store(), ...this.blocking.store() };
  }

  /** Streaming begins. */
  start(wake: () => void): void {
    this.#wake = wake;
    this.#snapshots.start(wake);
    this.#file?.start();
    // The stream brings all that changes behind the stored token, whatever was captured then: a chunk that is read from now on lacks nothing.
    if (this.added.waits) this.added.ask();
  }

  /** A document of that collection was changed. An update that is published without the document takes no row's place. */
  touched(name: string, { operation, documentKey }: ChangeEvent): void {
    const [isOfChunk, isOfPage] = [this.#snapshots.watched === name, this.pages.isWatched(name)];
    if (!isOfChunk && !isOfPage) return;
    const whole = operation !== 'update' || this.#sources.settings.capture.fullDocument !== null;
    const id = idText(documentKey!);
    if (isOfChunk) this.#snapshots.touched(id, null, whole);
    if (isOfPage && !this.pages.touched(id, whole)) this.blocking.changed = true;
  }

  /** Whether the change is a signal (`signal.enabled.channels` has `source`). */
  isSignal(event: ChangeEvent): boolean {
    const { settings } = this.#sources;
    return event.operation === 'insert' && event.fullDocument !== null && settings.signals.fromTable && settings.filters.isSignals(event);
  }

  /** A document inserted into the signal collection. Rejects with what the database failed with. */
  async inserted(document: Buffer): Promise<void> {
    const { makers, settings } = this.#sources;
    const signal = readSignalDocument(document);
    const { table } = settings.signals;
    if (signal === null) {
      makers.logger.warn(
        { collection: table },
        `A document of the signal collection ${table} is no signal: it needs _id, type and data, in this order`,
      );
      return;
    }
    const why = await this.signal(signal);
    const { id, type } = signal;
    if (why !== null) makers.logger.warn({ signal: id }, `The signal ${id} (${type}) is not followed: ${why}`);
  }

  /** Answers why a signal is not followed, or null. */
  async signal(signal: SourceSignal): Promise<string | null> {
    const action = readSignal(signal);
    if (action.kind === 'execute' && action.surrogateKey !== null) return 'collections are read by _id: surrogate-key is not supported';
    if (action.kind !== 'execute' || action.type !== 'blocking') return this.#snapshots.signal(signal);
    const why = this.blocking.ask(action, await this.#tables(), this.#sources.makers.logger);
    this.#wake?.();
    return why;
  }

  /** Whether what is stored has changed since it was asked last. */
  takeChanged(): boolean {
    const changed = this.#snapshots.changed || this.blocking.changed;
    this.#snapshots.changed = false;
    this.blocking.changed = false;
    return changed;
  }

  /** Whether a batch is owed now: the stream need not wait for the server. */
  get isDue(): boolean {
    if (this.pages.isPublishable) this.blocking.changed = true;
    return this.blocking.changed || this.#snapshots.isDue(this.#isPast);
  }

  /** Publishes the chunk whose turn it is, if there is one. Throws what the reading failed with. */
  deliver(out: ConnectRecord[], position: StreamPosition, at: Instant): void {
    if (this.pages.isPublishable) this.blocking.changed = true;
    const delivery = this.#snapshots.deliver(this.#isPast);
    if (delivery === null) return;
    const { chunk, places } = delivery;
    for (const place of places) chunk.records.emitChunkRow(out, chunk.rows[place]!, position, at);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.[Symbol.asyncDispose]();
    await this.#snapshots[Symbol.asyncDispose]();
  }
}
