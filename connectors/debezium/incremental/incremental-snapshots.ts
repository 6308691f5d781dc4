import { type JsonObject, type OnDemandProgress, SluiceError, type SourceSignal, toSluiceError } from '../../../src/contract/index.ts';
import { expandCollections, readSignal, type SnapshotRequest } from '../signals/signal.ts';
import { ChunkConnection } from './chunk-connection.ts';
import { type AnyChunk, type Chunk, fatalCodes, type KnownTable, UnfitTable } from './chunk-database.ts';
import { ChunkSize } from './chunk-size.ts';
import { ChunkWindow } from './chunk-window.ts';
import { requestedCollections, wholeCollections } from './collections.ts';
import type { IncrementalParts } from './incremental-parts.ts';
import { IncrementalNotices } from './notices.ts';
import { Pace } from './pace.ts';
import { IncrementalProgress } from './progress.ts';
import { type Collection, IncrementalState } from './state.ts';

/** How often a chunk is read again because it could not be told what is newer; then its table is skipped. */
const rereadsMax = 100;

/** What the stream publishes of a chunk, at the moment when it is its turn. */
export type Delivery<Read> = { readonly chunk: Read; readonly places: readonly number[] };

/**
 * Incremental snapshots beside a stream: tables are read in chunks by their keys, and each chunk is published by the stream itself, between
 * two changes, once the stream is past what the chunk's view saw (`ChunkWindow` tells why that is right). Which table and key are next is in the
 * offset of every batch (`store`), so a restart goes on behind the last chunk published. One chunk at a time is read ahead (invariant 6).
 */
export class IncrementalSnapshots<View, Transaction, Read extends AnyChunk<View> = Chunk<View>> implements AsyncDisposable {
  readonly #parts: IncrementalParts<View, Transaction, Read>;
  readonly #state: IncrementalState;
  readonly #progress: IncrementalProgress;
  readonly #window: ChunkWindow<View, Transaction, Read>;
  readonly #size: ChunkSize;
  readonly #pace: Pace;
  readonly #notices: IncrementalNotices;
  readonly #ended = new AbortController();
  readonly #connection: ChunkConnection<View, Read>;
  /** Wakes the stream; null: it does not stream yet. */
  #wake: (() => void) | null = null;
  #reading: Promise<void> | null = null;
  #failure: SluiceError | null = null;
  #rereads = 0;
  /** The chunk that waits ends its table. */
  #isLast = false;
  /** The table of which changes must be told (`touched`); null: none. */
  watched: string | null = null;
  /** What is stored has changed: a batch is owed, if an empty one. */
  changed = false;

  constructor(parts: IncrementalParts<View, Transaction, Read>) {
    this.#parts = parts;
    this.#state = new IncrementalState(parts.readsJavaKeys);
    this.#notices = new IncrementalNotices(parts.notifications, this.#state, parts.shownKey);
    this.#connection = new ChunkConnection(() => parts.open(this.#ended.signal));
    this.#size = new ChunkSize(parts.chunkRows);
    this.#pace = new Pace(parts.rowsPerSecondMax, parts.clock);
    this.#progress = new IncrementalProgress(this.#state, () => parts.clock.nowMs());
    this.#window = new ChunkWindow<View, Transaction, Read>((view, transaction) => parts.sees(view, transaction));
  }

  get progress(): OnDemandProgress | null {
    const [progress, reason] = [this.#progress.view, this.#parts.brake?.reason ?? null];
    return progress !== null && reason !== null && this.running ? { ...progress, waitsFor: reason } : progress;
  }

  /** There is something to be read, and it is not paused. */
  get running(): boolean {
    return this.#state.current !== null && !this.#state.paused;
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

  /**
   * A change of the watched table. `key`: `rowKey` of its identity; null where it is not known, as of a truncation. `whole` false: it does not
   * hold the row as it then is.
   */
  touched(key: string | null, transaction: Transaction, whole = true): void {
    if (this.#window.touched(key, transaction, whole)) return;
    this.#again();
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
  deliver(isPast: (view: View) => boolean): Delivery<Read> | null {
    if (this.#failure) throw this.#failure;
    const loaded = this.#window.loaded;
    if (loaded === null || !isPast(loaded.view)) return null;
    const delivery = this.#window.take();
    const { chunk } = delivery;
    const collection = this.#state.current!;
    this.#state.advance(chunk.last!, chunk.rows.length, chunk.classes);
    this.#progress.rows(collection.name, chunk.rows.length);
    this.#notices.inProgress(collection.name, chunk.last!);
    this.#rereads = 0;
    this.#size.grow();
    this.#pace.add(chunk.rows.length);
    this.changed = true;
    if (this.#isLast) this.#end(collection, 'SUCCEEDED', null);
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

  async #execute(request: SnapshotRequest): Promise<string | null> {
    if (request.type === 'blocking') return 'blocking snapshots are not supported; ask for an incremental one';
    const known = await this.#parts.tables();
    this.#add(requestedCollections(request, known), known, request.id);
    return null;
  }

  /** Reads whole tables that nobody sent a signal for; `id` stands in a signal's place. What waits to be read whole (`of`: whom) is not read twice. */
  request(tables: readonly KnownTable[], id: string, of: 'anybody' | 'the same' = 'anybody'): void {
    const wanted = wholeCollections(tables, id, this.#state.collections, of);
    if (wanted.length > 0) this.#add(wanted, tables, id);
  }

  /** Whether a table is to be read, or is being read, for that signal. */
  isRequested(table: string, id: string): boolean {
    return this.#state.collections.some(({ name, signal }) => name === table && signal === id);
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
    if (fresh) this.#notices.send('STARTED', {});
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
    for (const collection of removed) {
      this.#progress.ended(collection.name, 'stopped', null);
      this.#parts.ended?.(collection, false);
    }
    this.#notices.send('ABORTED', { data_collections: removed.map(({ name }) => name).join(',') });
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
    this.#notices.send(paused ? 'PAUSED' : 'RESUMED', {});
    // What waits is read again: nothing more is published of it until then.
    if (paused) this.#window.close();
    this.#unwatch();
    this.#parts.logger.info({}, paused ? 'The incremental snapshot is paused' : 'The incremental snapshot goes on');
    this.#wake?.();
    this.#read();
    return null;
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
    await this.#pace.turn(this.#ended.signal);
    await this.#parts.brake?.turn(() => this.running, this.#ended.signal);
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
      const database = await this.#connection.get();
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
      const rowsMax = this.#size.rows;
      const chunk = await database.readChunk({ collection, after, upTo: upTo!, rowsMax });
      this.#isLast = chunk.rows.length < rowsMax && chunk.more !== true;
      if (!isCurrent() || this.#state.paused) this.#window.close();
      else if (chunk.rows.length === 0) {
        this.#window.close();
        this.#end(collection, 'SUCCEEDED', null);
      } else if (this.#window.load(chunk)) return true;
      else this.#again();
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

  /** It cannot be told of a chunk what is newer. */
  #again(): void {
    this.#rereads++;
    this.#size.shrink();
    this.#parts.logger.debug({ table: this.watched }, 'A chunk is read again because of what changed meanwhile');
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
  #end(collection: Collection, status: 'SUCCEEDED' | 'EMPTY' | 'SQL_EXCEPTION' | UnfitTable['status'], reason: string | null): void {
    const { logger } = this.#parts;
    const { name } = collection;
    this.#notices.send('TABLE_SCAN_COMPLETED', {
      scanned_collection: name,
      total_rows_scanned: String(this.#progress.rowsOf(name)),
      status,
    });
    this.#state.next();
    this.#rereads = 0;
    this.#progress.ended(name, reason === null ? 'done' : 'skipped', reason);
    this.#parts.ended?.(collection, reason === null);
    this.changed = true;
    if (reason === null) logger.info({ table: name }, `Table ${name} is read by the incremental snapshot`);
    if (this.#state.current !== null) return;
    this.#notices.send('COMPLETED', null);
    logger.info({ rows: this.#state.rows, chunks: this.#state.chunks }, 'The incremental snapshot is complete');
    if (this.#reading === null) this.#release();
  }

  #unwatch(): void {
    if (!this.#window.open) this.watched = null;
  }

  /** Where nothing is left to be read, the connection is not kept. */
  #release(): void {
    if (this.#state.current === null) void this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    this.#wake = null;
    await this.#connection.close();
    await this.#reading;
  }
}
