import { setTimeout } from 'node:timers/promises';
import { type JsonObject, type OnDemandProgress, SluiceError, type SourceSignal, toSluiceError } from '../../../src/contract/index.ts';
import type { NotificationType } from '../notifications/notifications.ts';
import { expandCollections, readSignal, type SnapshotRequest } from '../signals/signal.ts';
import { type Chunk, type ChunkDatabase, fatalCodes, type KnownTable, UnfitTable } from './chunk-database.ts';
import { ChunkWindow } from './chunk-window.ts';
import type { IncrementalParts } from './incremental-parts.ts';
import { IncrementalProgress } from './progress.ts';
import { type Collection, IncrementalState } from './state.ts';

/** How often a chunk is read again because it could not be told what is newer; then its table is skipped. */
const rereadsMax = 100;

/** What the stream publishes of a chunk, at the moment when it is its turn. */
export type Delivery<View> = { readonly chunk: Chunk<View>; readonly places: readonly number[] };

/**
 * Incremental snapshots beside a stream: tables are read in chunks by their keys, and each chunk is published by the stream itself, between
 * two changes, once the stream is past what the chunk's view saw (`ChunkWindow` tells why that is right). Which table and key are next is in the
 * offset of every batch (`store`), so a restart goes on behind the last chunk published. One chunk at a time is read ahead (invariant 6).
 */
export class IncrementalSnapshots<View, Transaction> implements AsyncDisposable {
  readonly #parts: IncrementalParts<View, Transaction>;
  readonly #state = new IncrementalState();
  readonly #progress: IncrementalProgress;
  readonly #window: ChunkWindow<View, Transaction, Chunk<View>>;
  readonly #ended = new AbortController();
  #database: Promise<ChunkDatabase<View>> | null = null;
  /** Wakes the stream; null: it does not stream yet. */
  #wake: (() => void) | null = null;
  #reading: Promise<void> | null = null;
  #failure: SluiceError | null = null;
  #rereads = 0;
  /** The pace allows no chunk before it. */
  #nextReadAtMs = 0;
  /** The table of which changes must be told (`touched`); null: none. */
  watched: string | null = null;
  /** What is stored has changed: a batch is owed, if an empty one. */
  changed = false;

  constructor(parts: IncrementalParts<View, Transaction>) {
    this.#parts = parts;
    this.#progress = new IncrementalProgress(this.#state, () => parts.clock.nowMs());
    this.#window = new ChunkWindow<View, Transaction, Chunk<View>>((view, transaction) => parts.sees(view, transaction));
  }

  get progress(): OnDemandProgress | null {
    return this.#progress.view;
  }

  /** The column that the watched table is read by in its key's place; null: its key. */
  get watchedSurrogate(): string | null {
    return this.#state.current?.surrogateKey ?? null;
  }

  /** The keys of a batch's offset. */
  store(): JsonObject {
    return this.#state.store();
  }

  /** Takes up what an offset holds. Reading begins with `start`. */
  restore(offset: JsonObject): void {
    const known = this.#state.restore(offset);
    const { current } = this.#state;
    if (current === null) return;
    const { logger } = this.#parts;
    if (known)
      logger.info({ table: current.name }, `The incremental snapshot goes on in ${current.name}, behind the last chunk that is in the log`);
    else
      logger.warn(
        { table: current.name },
        `The incremental snapshot of ${current.name} starts again: its key is stored in a form that is not known here, so rows may be in the log twice`,
      );
  }

  /** The stream has begun; `wake` ends its waiting. */
  start(wake: () => void): void {
    this.#wake = wake;
    this.#read();
  }

  /** A change of the watched table. `key`: `rowKey` of its identity; null where it is not known, as of a truncation. */
  touched(key: string | null, transaction: Transaction): void {
    if (this.#window.touched(key, transaction)) return;
    this.#rereads++;
    this.#parts.logger.debug({ table: this.watched }, 'A chunk is read again: a change did not tell which row it is of');
    this.#read();
  }

  /** Whether `deliver` has something, or what is stored has changed: nothing wakes a stream that does not wait yet. */
  isDue(isPast: (view: View) => boolean): boolean {
    const loaded = this.#window.loaded;
    return this.changed || this.#failure !== null || (loaded !== null && isPast(loaded.view));
  }

  /**
   * The chunk whose turn it is, if there is one: `isPast` tells whether the stream has brought everything a view saw. Counts as published
   * with that. Throws what the reading failed with.
   */
  deliver(isPast: (view: View) => boolean): Delivery<View> | null {
    if (this.#failure) throw this.#failure;
    const loaded = this.#window.loaded;
    if (loaded === null || !isPast(loaded.view)) return null;
    const delivery = this.#window.take();
    const { chunk } = delivery;
    const collection = this.#state.current!;
    this.#state.advance(chunk.last!, chunk.rows.length, chunk.classes);
    this.#progress.rows(collection.name, chunk.rows.length);
    this.#notify('IN_PROGRESS', {
      current_collection_in_progress: collection.name,
      maximum_key: this.#state.maximum!.join(','),
      last_processed_key: chunk.last!.join(','),
    });
    this.#rereads = 0;
    this.#pace(chunk.rows.length);
    this.changed = true;
    if (chunk.rows.length < this.#parts.chunkRows) this.#end(collection, 'SUCCEEDED', null);
    this.#unwatch();
    this.#read();
    return delivery;
  }

  /** Follows a signal; answers why it cannot, or null. Rejects with what the database failed with. */
  async signal(signal: SourceSignal): Promise<string | null> {
    const { logger } = this.#parts;
    const action = readSignal(signal);
    if (action.kind === 'unfit') return action.why;
    if (action.kind === 'log') logger.info({ signal: signal.id }, action.message.replace('{}', JSON.stringify(this.store())));
    else if (action.kind === 'execute') return this.#execute(action);
    else if (action.kind === 'stop') return this.#stop(signal.id, action.collections);
    else if (action.kind !== 'watermark') return this.#pause(action.kind === 'pause');
    return null;
  }

  async #execute({ id, type, collections, conditions, surrogateKey }: SnapshotRequest): Promise<string | null> {
    if (type === 'blocking') return 'blocking snapshots are not supported; ask for an incremental one';
    const known = await this.#parts.tables();
    const wanted = expandCollections(
      collections,
      known.map(({ name }) => name),
    ).map(
      (name): Collection => ({
        name,
        filter: conditions.find(({ matches }) => matches(name))?.filter || null,
        surrogateKey,
        signal: id,
      }),
    );
    this.#add(wanted, known, id);
    return null;
  }

  /** Reads whole tables that nobody sent a signal for; `id` stands in a signal's place. What waits to be read whole is not read twice. */
  request(tables: readonly KnownTable[], id: string): void {
    const waiting = new Set(this.#state.collections.filter(({ filter }) => filter === null).map(({ name }) => name));
    const wanted = tables.filter(({ name }) => !waiting.has(name));
    const collection = ({ name }: KnownTable): Collection => ({ name, filter: null, surrogateKey: null, signal: id });
    if (wanted.length > 0) this.#add(wanted.map(collection), wanted, id);
  }

  /** What else must be done for it has failed: the stream ends with that. */
  fail(error: SluiceError): void {
    this.#failure ??= error;
    this.#wake?.();
  }

  #add(wanted: readonly Collection[], known: readonly KnownTable[], id: string): void {
    const fresh = this.#state.current === null;
    this.#state.add(wanted, id, this.#parts.clock.nowMs());
    this.#progress.add(wanted, known, fresh);
    if (fresh) this.#notify('STARTED', {});
    this.changed = true;
    const names = wanted.map(({ name }) => name);
    this.#parts.logger.info({ signal: id, tables: names }, `An incremental snapshot of ${names.join(', ')} was asked for`);
    this.#wake?.();
    this.#read();
  }

  async #stop(signal: string, patterns: readonly string[] | null): Promise<string | null> {
    const { collections, current } = this.#state;
    if (current === null) return 'no incremental snapshot is under way';
    const names = collections.map(({ name }) => name);
    const meant = new Set(patterns === null ? names : expandCollections(patterns, names));
    const removed = this.#state.remove(name => meant.has(name));
    if (removed.length === 0) return `none of these tables is part of the incremental snapshot: ${[...meant].join(', ')}`;
    if (meant.has(current.name)) {
      this.#window.close();
      this.#unwatch();
    }
    for (const { name } of removed) this.#progress.ended(name, 'stopped', null);
    this.#notify('ABORTED', { data_collections: removed.map(({ name }) => name).join(',') });
    this.changed = true;
    this.#parts.logger.info({ signal, tables: removed.map(({ name }) => name) }, 'Tables were taken out of the incremental snapshot');
    if (this.#reading === null) this.#release();
    this.#wake?.();
    this.#read();
    return null;
  }

  #pause(paused: boolean): string | null {
    if (this.#state.current === null) return 'no incremental snapshot is under way';
    if (this.#state.paused === paused) return null;
    this.#state.paused = paused;
    this.changed = true;
    this.#notify(paused ? 'PAUSED' : 'RESUMED', {});
    // What waits is read again: nothing more is published of it until then.
    if (paused) this.#window.close();
    this.#unwatch();
    this.#parts.logger.info({}, paused ? 'The incremental snapshot is paused' : 'The incremental snapshot goes on');
    this.#wake?.();
    this.#read();
    return null;
  }

  #connected(): Promise<ChunkDatabase<View>> {
    this.#database ??= this.#parts.open(this.#ended.signal).catch(error => {
      this.#database = null;
      throw error;
    });
    return this.#database;
  }

  /** Begins to read the next chunk, where there is one to be read and none is being read or waits. */
  #read(): void {
    if (this.#reading !== null || this.#wake === null || this.#failure !== null || this.#ended.signal.aborted) return;
    if (this.#state.current === null || this.#state.paused || this.#window.loaded !== null) return;
    this.#reading = this.#readNext()
      .catch(error => {
        if (!this.#ended.signal.aborted) this.#failure = toSluiceError(error);
      })
      .finally(() => {
        this.#reading = null;
        this.#release();
        this.#wake?.();
        // What was asked for in the last moment of it.
        this.#read();
      });
  }

  /** Reads until a chunk waits to be published, or nothing is left. */
  async #readNext(): Promise<void> {
    const waitMs = this.#nextReadAtMs - this.#parts.clock.nowMs();
    if (waitMs > 0) await setTimeout(waitMs, undefined, { signal: this.#ended.signal });
    const known = this.progress === null ? await this.#parts.tables() : null;
    if (known !== null) this.#progress.add(this.#state.collections, known, false);
    for (let current = this.#state.current; current !== null && !this.#ended.signal.aborted; current = this.#state.current) {
      if (this.#state.paused || (await this.#readFrom(current))) return;
    }
  }

  /** Reads one chunk. Answers whether it waits to be published. */
  async #readFrom(collection: Collection): Promise<boolean> {
    const isCurrent = () => this.#state.current === collection;
    try {
      if (this.#rereads > rereadsMax)
        throw new SluiceError(
          'SNAPSHOT_FAILED',
          `A chunk of ${collection.name} was changed ${rereadsMax} times before it could be published.`,
        );
      const database = await this.#connected();
      if (this.#state.maximum === null) {
        const last = await database.lastKey(collection);
        if (!isCurrent()) return false;
        if (last === null) {
          this.#end(collection, 'EMPTY', null);
          return false;
        }
        this.#state.begin(last.key, last.classes);
      }
      this.#window.begin();
      this.watched = collection.name;
      const { key: after, maximum: upTo } = this.#state;
      const chunk = await database.readChunk({ collection, after, upTo: upTo!, rowsMax: this.#parts.chunkRows });
      if (!isCurrent() || this.#state.paused) this.#window.close();
      else if (chunk.rows.length === 0) {
        this.#window.close();
        this.#end(collection, 'SUCCEEDED', null);
      } else if (this.#window.load(chunk)) return true;
      else this.#rereads++;
    } catch (thrown) {
      this.#window.close();
      const error = toSluiceError(thrown);
      if (fatalCodes.has(error.code) || this.#ended.signal.aborted) throw error;
      if (isCurrent()) this.#skip(collection, error);
    } finally {
      this.#unwatch();
    }
    return false;
  }

  /** As Debezium does: what concerns one table does not stop the stream, nor the other tables. */
  #skip(collection: Collection, error: SluiceError): void {
    this.#parts.logger.warn(
      { table: collection.name, code: error.code, remedy: error.remedy },
      `The incremental snapshot leaves table ${collection.name} out: ${error.message}`,
    );
    this.#end(collection, error instanceof UnfitTable ? error.status : 'SQL_EXCEPTION', error.message);
  }

  /** The current table is done with. `reason`: why it was skipped; null: it was read. */
  #end({ name }: Collection, status: 'SUCCEEDED' | 'EMPTY' | 'SQL_EXCEPTION' | UnfitTable['status'], reason: string | null): void {
    const { logger } = this.#parts;
    this.#notify('TABLE_SCAN_COMPLETED', { scanned_collection: name, total_rows_scanned: String(this.#progress.rowsOf(name)), status });
    this.#state.next();
    this.#rereads = 0;
    this.#progress.ended(name, reason === null ? 'done' : 'skipped', reason);
    this.changed = true;
    if (reason === null) logger.info({ table: name }, `Table ${name} is read by the incremental snapshot`);
    if (this.#state.current !== null) return;
    this.#notify('COMPLETED', null);
    logger.info({ rows: this.#state.rows, chunks: this.#state.chunks }, 'The incremental snapshot is complete');
    if (this.#reading === null) this.#release();
  }

  /** `data` null: the tables are not told either. */
  #notify(type: NotificationType, data: Readonly<Record<string, string>> | null): void {
    const data_collections = this.#state.collections.map(({ name }) => name).join(',');
    const told = data === null ? {} : { data_collections, ...data };
    this.#parts.notifications.send({ aggregate: 'Incremental Snapshot', type, id: this.#state.signal, data: told });
  }

  #pace(rows: number): void {
    const { rowsPerSecondMax, clock } = this.#parts;
    if (rowsPerSecondMax > 0) this.#nextReadAtMs = Math.max(this.#nextReadAtMs, clock.nowMs()) + (rows / rowsPerSecondMax) * 1000;
  }

  #unwatch(): void {
    if (!this.#window.open) this.watched = null;
  }

  /** Where nothing is left to be read, the connection is not kept. */
  #release(): void {
    if (this.#state.current === null) void this.#close();
  }

  async #close(): Promise<void> {
    const opened = this.#database;
    this.#database = null;
    const database = await opened?.catch(() => null);
    await database?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    this.#wake = null;
    await this.#close();
    await this.#reading;
  }
}
