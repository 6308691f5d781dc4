import type { MongoClient } from 'mongodb';
import type { ConnectRecord, JsonObject, OnDemandProgress, SourceSignal } from '../../src/contract/index.ts';
import type { Instant } from '../debezium/envelope.ts';
import type { KnownTable } from '../debezium/incremental/chunk-database.ts';
import { IncrementalSnapshots } from '../debezium/incremental/incremental-snapshots.ts';
import { FileChannel } from '../debezium/signals/file-channel.ts';
import { readSignal } from '../debezium/signals/signal.ts';
import type { ChangeEvent } from './change-event.ts';
import { namespaceOf, parseNamespace } from './collection-id.ts';
import type { Collections } from './collections.ts';
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
};

/** What a change stream has to do with snapshots on demand: it tells of changes and signals, and publishes the chunks. */
export class StreamedSnapshots implements AsyncDisposable {
  readonly #sources: IncrementalSources;
  readonly #snapshots: IncrementalSnapshots<ChunkView, null, DocumentChunk>;
  readonly #file: FileChannel | null;
  readonly #isPast: (view: ChunkView) => boolean;

  constructor(sources: IncrementalSources) {
    this.#sources = sources;
    const { settings, makers, reach } = sources;
    const { notifications, clock, logger } = makers;
    const { chunkRows, rowsPerSecondMax, file, pollMs } = settings.signals;
    this.#isPast = view => reach.isPast(view);
    this.#snapshots = new IncrementalSnapshots<ChunkView, null, DocumentChunk>({
      open: async abort => this.#reader(abort),
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

  get progress(): OnDemandProgress | null {
    return this.#snapshots.progress;
  }

  /** Chunks are being read. */
  get running(): boolean {
    return this.#snapshots.running;
  }

  /** The collection of which changes must be told; null: none. */
  get watched(): string | null {
    return this.#snapshots.watched;
  }

  restore(offset: JsonObject): void {
    this.#snapshots.restore(offset);
  }

  store(): JsonObject {
    return this.#snapshots.store();
  }

  /** Streaming begins. */
  start(wake: () => void): void {
    this.#snapshots.start(wake);
    this.#file?.start();
  }

  /** A document of the watched collection was changed. An update that is published without the document takes no row's place. */
  touched({ operation, documentKey }: ChangeEvent): void {
    const whole = operation !== 'update' || this.#sources.settings.capture.fullDocument !== null;
    this.#snapshots.touched(idText(documentKey!), null, whole);
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
    return this.#snapshots.signal(signal);
  }

  /** Whether what is stored has changed since it was asked last. */
  takeChanged(): boolean {
    const { changed } = this.#snapshots;
    this.#snapshots.changed = false;
    return changed;
  }

  /** Whether a batch is owed now: the stream need not wait for the server. */
  get isDue(): boolean {
    return this.#snapshots.isDue(this.#isPast);
  }

  /** Publishes the chunk whose turn it is, if there is one. Throws what the reading failed with. */
  deliver(out: ConnectRecord[], position: StreamPosition, at: Instant): void {
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
