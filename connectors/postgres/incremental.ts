import type pg from 'pg';
import type { Clock, ConnectRecord, JsonObject, Logger, OnDemandProgress, SourceSignal } from '../../src/contract/index.ts';
import { instantOf } from '../debezium/envelope.ts';
import { type KnownTable, rowKey } from '../debezium/incremental/chunk-database.ts';
import { IncrementalSnapshots } from '../debezium/incremental/incremental-snapshots.ts';
import { RecentTransactions } from '../debezium/incremental/recent-transactions.ts';
import type { KnownTables } from '../debezium/known-tables.ts';
import type { SignalSettings } from '../debezium/options/signal-options.ts';
import { FileChannel } from '../debezium/signals/file-channel.ts';
import type { TableId } from '../debezium/table.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import { Catalog } from './catalog.ts';
import { type ConnectionSettings, connect } from './connection.ts';
import { databaseFailure } from './database-error.ts';
import { ChunkReader } from './incremental-reader.ts';
import { NewTables } from './new-tables.ts';
import { columnTexts } from './row-key.ts';
import type { RecordMakers } from './settings.ts';
import { Watermarks } from './signal-table.ts';
import { type SnapshotView, sees } from './snapshot-view.ts';
import { type ReadableTable, Tables } from './tables.ts';
import type { TypeCatalog } from './values/type-catalog.ts';

export type IncrementalSources = {
  readonly connection: ConnectionSettings;
  readonly signals: SignalSettings;
  readonly types: TypeCatalog;
  /** On the stream's own ordinary connection. */
  readonly tables: Tables;
  readonly client: pg.Client;
  readonly known: KnownTables;
  /** Whether the rows of a table that was added to the lists are to be read. */
  reads(id: TableId): boolean;
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

  constructor(sources: IncrementalSources) {
    this.#sources = sources;
    const { signals, makers, clock, logger } = sources;
    this.#snapshots = new IncrementalSnapshots<SnapshotView, number>({
      open: abort => this.#open(abort),
      tables: () => this.#tables(),
      sees,
      chunkRows: signals.chunkRows,
      rowsPerSecondMax: signals.rowsPerSecondMax,
      notifications: makers.notifications,
      clock,
      logger,
    });
    const { file, pollMs } = signals;
    const follow = (signal: SourceSignal) => this.signal(signal);
    this.#file = file === null ? null : new FileChannel({ file, everyMs: pollMs, clock, logger, follow });
    const { known, client, reads } = sources;
    this.newTables = new NewTables({
      known,
      client,
      reads: id => reads(id) && qualifiedName(id) !== signals.table,
      request: tables => this.#snapshots.request(tables, 'tables-added'),
      fail: error => this.#snapshots.fail(error),
      logger,
    });
  }

  async #open(abort: AbortSignal): Promise<ChunkReader> {
    const { connection, signals, types, makers, logger } = this.#sources;
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
    const { tables, signals } = this.#sources;
    const captured = await tables.list().catch(error => Promise.reject(databaseFailure(error, 'Listing the tables')));
    return captured
      .map(({ id, rowsEstimated }) => ({ name: qualifiedName(id), rowsEstimated: rowsEstimated < 0 ? null : rowsEstimated }))
      .filter(({ name }) => name !== signals.table);
  }

  get progress(): OnDemandProgress | null {
    return this.#snapshots.progress;
  }

  /** The table of which changes must be told; null: none. */
  get watched(): string | null {
    return this.#snapshots.watched;
  }

  restore(offset: JsonObject): void {
    this.#snapshots.restore(offset);
  }

  store(): JsonObject {
    return this.#snapshots.store();
  }

  /** Streaming begins behind this transaction. */
  start(lastTransaction: number | null, wake: () => void): void {
    if (lastTransaction !== null) this.#recent.add(lastTransaction);
    this.#snapshots.start(wake);
    this.#file?.start();
    this.newTables.start();
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
    if (oldOffset !== null) this.#snapshots.touched(rowKey(columnTexts(table, columns, message, oldOffset)), transaction);
    if (newOffset !== null) this.#snapshots.touched(rowKey(columnTexts(table, columns, message, newOffset, oldOffset)), transaction);
  }

  /** The watched table was truncated. */
  truncated(transaction: number): void {
    this.#snapshots.touched(null, transaction);
  }

  /** A captured table's first change comes; answers whether its inserted rows are signals (`signal.enabled.channels` has `source`). */
  described({ captured }: ReadableTable): boolean {
    const { table, fromTable } = this.#sources.signals;
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
  signal(signal: SourceSignal): Promise<string | null> {
    return this.#snapshots.signal(signal);
  }

  /** Whether what is stored has changed since it was asked last. */
  takeChanged(): boolean {
    const { changed } = this.#snapshots;
    this.#snapshots.changed = false;
    return changed;
  }

  /** Whether a batch is owed now: the stream need not wait for the server. */
  isDue(sentLsn: bigint): boolean {
    return this.#snapshots.isDue(({ takenAtLsn }) => takenAtLsn <= sentLsn);
  }

  /** Publishes the chunk whose turn it is; answers whether there was one. Throws what the reading failed with. */
  deliver(out: ConnectRecord[], { sentLsn, lsn, lastCommitLsn }: StreamPlace): boolean {
    const delivery = this.#snapshots.deliver(({ takenAtLsn }) => takenAtLsn <= sentLsn);
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
    await this.#file?.[Symbol.asyncDispose]();
    await this.#snapshots[Symbol.asyncDispose]();
  }
}
