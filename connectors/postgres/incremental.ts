import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import type {
  Clock,
  ConnectRecord,
  JsonObject,
  Logger,
  OnDemandProgress,
  SluiceError,
  SourceOffset,
  SourceSignal,
} from '../../src/contract/index.ts';
import { AddedTables } from '../debezium/added-tables.ts';
import { instantOf } from '../debezium/envelope.ts';
import { BlockingSnapshots, latestProgress } from '../debezium/incremental/blocking-snapshots.ts';
import { BlockingWindow } from '../debezium/incremental/blocking-window.ts';
import { type KnownTable, rowKey } from '../debezium/incremental/chunk-database.ts';
import { IncrementalSnapshots } from '../debezium/incremental/incremental-snapshots.ts';
import { RecentTransactions } from '../debezium/incremental/recent-transactions.ts';
import { readWholeTables } from '../debezium/incremental/whole-tables.ts';
import type { KnownTables } from '../debezium/known-tables.ts';
import { FileChannel } from '../debezium/signals/file-channel.ts';
import { readSignal } from '../debezium/signals/signal.ts';
import type { TableId } from '../debezium/table.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import { Catalog } from './catalog.ts';
import { connect } from './connection.ts';
import { databaseFailure } from './database-error.ts';
import { HeadroomBrake } from './headroom-brake.ts';
import { ChunkReader } from './incremental-reader.ts';
import { NewTables } from './new-tables.ts';
import { promptQuery } from './prompt-query.ts';
import { columnTexts } from './row-key.ts';
import type { PostgresSettings, RecordMakers } from './settings.ts';
import { Watermarks } from './signal-table.ts';
import { type HealStart, healSignal, SlotHeal } from './slot-heal.ts';
import { isLongPast, parseSnapshotView, type SnapshotView, sees } from './snapshot-view.ts';
import { type ReadableTable, Tables } from './tables.ts';
import type { TypeCatalog } from './values/type-catalog.ts';

/** Between two looks at what somebody else has to end. */
const checkIntervalMs = 10;

export type IncrementalSources = {
  readonly settings: Pick<PostgresSettings, 'connection' | 'signals' | 'slot' | 'guard'>;
  readonly types: TypeCatalog;
  /** On the stream's own ordinary connection. */
  readonly tables: Tables;
  readonly client: pg.Client;
  readonly known: KnownTables;
  /** Whether the rows of a table that was added to the lists are to be read. */
  reads(id: TableId): boolean;
  readonly heal: HealStart;
  readonly makers: RecordMakers;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** Where the stream is. */
export type StreamPlace = { readonly sentLsn: bigint; readonly lsn: bigint; readonly lastCommitLsn: bigint | null };

/** What a stream of Postgres has to do with snapshots on demand: it tells of transactions, changes and signals, and publishes the chunks. */
export class StreamedSnapshots implements AsyncDisposable {
  readonly #sources: IncrementalSources;
  readonly #recent = new RecentTransactions();
  readonly #snapshots: IncrementalSnapshots<SnapshotView, number>;
  readonly #file: FileChannel | null;
  readonly newTables: NewTables;
  readonly heal: SlotHeal;
  readonly blocking: BlockingSnapshots;
  /** Of the blocking snapshot whose view is taken. */
  readonly window = new BlockingWindow<SnapshotView, number>(sees);
  /** Wakes the stream; null: it does not stream yet. */
  #wake: (() => void) | null = null;

  constructor(sources: IncrementalSources) {
    this.#sources = sources;
    const { settings, client, makers, clock, logger } = sources;
    const { signals, slot, guard } = settings;
    this.#snapshots = new IncrementalSnapshots<SnapshotView, number>({
      open: abort => this.#open(abort),
      tables: () => this.#tables(),
      sees,
      chunkRows: signals.chunkRows,
      rowsPerSecondMax: signals.rowsPerSecondMax,
      brake: new HeadroomBrake({ client, slot: slot.name, guard, clock, logger }),
      notifications: makers.notifications,
      ended: ({ name, signal }, read) => this.#tableEnded(name, signal, read),
      clock,
      logger,
    });
    const { file, pollMs } = signals;
    const follow = (signal: SourceSignal) => this.signal(signal);
    this.#file = file === null ? null : new FileChannel({ file, everyMs: pollMs, clock, logger, follow });
    const { known, reads, heal } = sources;
    this.blocking = new BlockingSnapshots(
      () => clock.nowMs(),
      (table, id, read) => this.#tableEnded(table, id, read),
    );
    const readers = { incremental: this.#snapshots, blocking: this.blocking, wake: () => this.#wake?.() };
    const isData = (id: TableId) => qualifiedName(id) !== signals.table;
    const fail = (error: SluiceError) => this.#snapshots.fail(error);
    this.newTables = new NewTables({
      added: new AddedTables({ ...readers, known, logger }),
      client,
      reads: id => reads(id) && isData(id),
      fail,
      logger,
    });
    this.heal = new SlotHeal({
      ...heal,
      client,
      reads: id => heal.includes(id) && isData(id),
      isRequested: table => this.#snapshots.isRequested(table, healSignal) || this.blocking.isRequested(table, healSignal),
      request: (keyed, keyless) => readWholeTables(readers, healSignal, keyed, keyless, 'the same'),
      fail,
      notifications: makers.notifications,
      clock,
      logger,
    });
  }

  #tableEnded(table: string, signal: string | null, read: boolean): void {
    if (signal === healSignal) this.heal.ended(table, read);
  }

  /** What is owed to the next batch's offsets, beside the stream's place. */
  take(): readonly SourceOffset[] {
    return [...this.newTables.take(), ...this.heal.take()];
  }

  async #open(abort: AbortSignal): Promise<ChunkReader> {
    const { settings, types, makers, logger } = this.#sources;
    const { connection, signals } = settings;
    // A chunk's view must not be older than what a blocking snapshot publishes.
    await this.blocking.untilOver(abort);
    const client = await connect(connection, false, abort);
    const catalog = new Catalog(client, connection.database);
    const { table, readOnly, deletesWatermarks } = signals;
    return new ChunkReader({
      client,
      catalog,
      tables: new Tables(catalog, types, makers, logger),
      recent: this.#recent,
      watermarks: table === null || readOnly ? null : new Watermarks(table, deletesWatermarks, logger),
      abort,
    });
  }

  async #tables(): Promise<readonly KnownTable[]> {
    const { tables, settings } = this.#sources;
    const captured = await tables.list().catch(error => Promise.reject(databaseFailure(error, 'Listing the tables')));
    return captured
      .map(({ id, rowsEstimated }) => ({ name: qualifiedName(id), rowsEstimated: rowsEstimated < 0 ? null : rowsEstimated }))
      .filter(({ name }) => name !== settings.signals.table);
  }

  /** Of the one that began last. */
  get progress(): OnDemandProgress | null {
    return latestProgress(this.#snapshots.progress, this.blocking.progress);
  }

  /** No incremental snapshot is under way. */
  get isIdle(): boolean {
    return Object.keys(this.#snapshots.store()).length === 0;
  }

  /** Whether changes of a table must be told. */
  isWatched(table: string): boolean {
    return this.#snapshots.watched === table || this.window.isWatched(table);
  }

  restore(offset: JsonObject): void {
    this.#snapshots.restore(offset);
    this.blocking.restore(offset);
  }

  store(): JsonObject {
    return { ...this.#snapshots.store(), ...this.blocking.store() };
  }

  /** Streaming begins behind this transaction. */
  start(lastTransaction: number | null, wake: () => void): void {
    if (lastTransaction !== null) this.#recent.add(lastTransaction);
    this.#wake = wake;
    this.#snapshots.start(wake);
    this.#file?.start();
    this.newTables.start();
    this.heal.start();
  }

  /** A transaction of the stream begins. */
  began(transaction: number): void {
    this.#recent.add(transaction);
  }

  /** A change of the watched table. Offsets are those of its rows; null: not there. */
  touched(table: ReadableTable, message: Buffer, oldOffset: number | null, newOffset: number | null, transaction: number): void {
    const { primaryKey } = table.captured.definition;
    const surrogate = this.#snapshots.watchedSurrogate;
    const columns = primaryKey.length > 0 || surrogate === null ? primaryKey : [surrogate];
    const { name } = table.captured;
    if (this.window.isWatched(name)) {
      const key = (texts: readonly (string | null)[]) => (primaryKey.length > 0 ? rowKey(texts) : null);
      if (oldOffset !== null) this.window.touched(name, key(columnTexts(table, primaryKey, message, oldOffset)), transaction);
      if (newOffset !== null) this.window.touched(name, key(columnTexts(table, primaryKey, message, newOffset, oldOffset)), transaction);
      return;
    }
    if (oldOffset !== null) this.#snapshots.touched(rowKey(columnTexts(table, columns, message, oldOffset)), transaction);
    if (newOffset !== null) this.#snapshots.touched(rowKey(columnTexts(table, columns, message, newOffset, oldOffset)), transaction);
  }

  /** The watched table was truncated. */
  truncated({ captured }: ReadableTable, transaction: number): void {
    if (this.window.isWatched(captured.name)) this.window.touched(captured.name, null, transaction);
    else this.#snapshots.touched(null, transaction);
  }

  /** A captured table's first change comes; answers whether its inserted rows are signals (`signal.enabled.channels` has `source`). */
  described({ captured }: ReadableTable): boolean {
    const { table, fromTable } = this.#sources.settings.signals;
    this.newTables.described(captured.name);
    return fromTable && captured.name === table;
  }

  /** A row inserted into the signal table: its first three columns are id, type and data. Rejects with what the database failed with. */
  async inserted(table: ReadableTable, message: Buffer, offset: number): Promise<void> {
    const { logger } = this.#sources;
    const names = table.readers.flatMap(reader => (reader === null ? [] : [reader.name]));
    const [id, type, data] = columnTexts(table, names.slice(0, 3), message, offset);
    if (names.length !== 3 || typeof id !== 'string' || typeof type !== 'string') {
      logger.warn(
        { table: table.captured.name },
        `A row of the signal table ${table.captured.name} is no signal: it needs the columns id, type and data`,
      );
      return;
    }
    const why = await this.signal({ id, type, data: data ?? null });
    if (why !== null) logger.warn({ signal: id }, `The signal ${id} (${type}) is not followed: ${why}`);
  }

  /** Answers why a signal is not followed, or null. */
  async signal(signal: SourceSignal): Promise<string | null> {
    const action = readSignal(signal);
    if (action.kind !== 'execute' || action.type !== 'blocking') return this.#snapshots.signal(signal);
    const why = this.blocking.ask(action, await this.#tables(), this.#sources.logger);
    this.#wake?.();
    return why;
  }

  /** Until a view sees every transaction that the stream has brought: a commit reaches the log before it is visible. */
  async untilVisible(client: pg.Client, abort: AbortSignal): Promise<void> {
    const { mark } = this.#recent;
    for (;;) {
      const { rows } = await promptQuery(client, 'SELECT pg_catalog.pg_current_snapshot()::text AS view');
      const view = parseSnapshotView(rows[0].view, 0n);
      if (this.#recent.allSeen(mark, id => sees(view, id) || isLongPast(view, id))) return;
      await setTimeout(checkIntervalMs, undefined, { signal: abort });
    }
  }

  /** Whether what is stored has changed since it was asked last. */
  takeChanged(): boolean {
    const changed = this.#snapshots.changed || this.blocking.changed;
    this.#snapshots.changed = false;
    this.blocking.changed = false;
    return changed;
  }

  /** Whether a batch is owed now: the stream need not wait for the server. */
  isDue(sentLsn: bigint): boolean {
    const isPast = ({ takenAtLsn }: SnapshotView) => takenAtLsn <= sentLsn;
    if (this.window.at(isPast)) this.blocking.changed = true;
    return this.blocking.changed || this.#snapshots.isDue(isPast);
  }

  /** Publishes the chunk whose turn it is; answers whether there was one. Throws what the reading failed with. */
  deliver(out: ConnectRecord[], { sentLsn, lsn, lastCommitLsn }: StreamPlace): boolean {
    const isPast = ({ takenAtLsn }: SnapshotView) => takenAtLsn <= sentLsn;
    if (this.window.at(isPast)) this.blocking.changed = true;
    const delivery = this.#snapshots.deliver(isPast);
    if (delivery === null) return false;
    const { clock, makers } = this.#sources;
    const { captured, rows } = delivery.chunk;
    const nowNs = clock.nowNs();
    makers.sourceInfo.enter({ timestampUs: nowNs / 1000n, txId: null, lastCommitLsn, xmin: null, origin: null, originLsn: null });
    const context = { source: makers.sourceInfo.make(captured.id, lsn, 'incremental'), at: instantOf(nowNs), transaction: null };
    for (const place of delivery.places) captured.emitRead(out, rows[place]!, context);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.newTables[Symbol.asyncDispose]();
    await this.heal[Symbol.asyncDispose]();
    await this.#file?.[Symbol.asyncDispose]();
    await this.#snapshots[Symbol.asyncDispose]();
  }
}
