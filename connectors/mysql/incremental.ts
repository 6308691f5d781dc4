import type { Clock, ConnectRecord, JsonObject, Logger, OnDemandProgress, SourceSignal } from '../../src/contract/index.ts';
import type { CapturedTable } from '../debezium/captured-table.ts';
import { instantOf } from '../debezium/envelope.ts';
import { type KnownTable, rowKey } from '../debezium/incremental/chunk-database.ts';
import { IncrementalSnapshots } from '../debezium/incremental/incremental-snapshots.ts';
import { RecentTransactions } from '../debezium/incremental/recent-transactions.ts';
import { FileChannel } from '../debezium/signals/file-channel.ts';
import type { Row } from '../debezium/table.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import type { EventHeader } from './binlog/events.ts';
import type { RowsEvent } from './binlog/rows-event.ts';
import type { TableMap } from './binlog/table-map.ts';
import { keyedBy } from './chunk-select.ts';
import { type ChunkView, isPast, type ReachedPlace, type ViewKind, viewKind } from './chunk-view.ts';
import { connect, disconnect, query } from './connection.ts';
import { databaseFailure } from './database-error.ts';
import { ChunkReader } from './incremental-reader.ts';
import { listTables } from './server.ts';
import type { Session } from './session.ts';
import type { MysqlSettings, RecordMakers } from './settings.ts';
import { keyTexts } from './snapshot-key.ts';
import type { StreamedTransaction } from './snapshot-view.ts';
import { SourceInfo } from './source-info.ts';
import type { StreamProgress } from './stream-progress.ts';
import type { StreamedKey, StreamTables } from './stream-tables.ts';
import type { TableModel } from './table-model.ts';
import type { ReadableTable } from './tables.ts';
import { Watermarks } from './watermarks.ts';
import { XaTransactions } from './xa-transactions.ts';

export type IncrementalSources = {
  /** The stream's own. */
  readonly session: Session;
  readonly settings: MysqlSettings;
  readonly makers: RecordMakers;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** Where the stream is. */
export type StreamPlace = {
  readonly header: Readonly<EventHeader>;
  readonly progress: Pick<StreamProgress, 'gtid' | 'position'>;
};

/** How the key of a watched table's rows is read: `keyed` is the table with the key that its chunks are read by. */
type WatchedKey = {
  readonly map: TableMap;
  readonly model: TableModel;
  readonly surrogate: string | null;
  readonly keyed: TableModel;
  readonly found: StreamedKey | null;
};

/** What a stream of MySQL or MariaDB has to do with snapshots on demand: it tells of transactions, changes and signals, and publishes the chunks. */
export class StreamedSnapshots implements AsyncDisposable {
  readonly #sources: IncrementalSources;
  readonly #kind: ViewKind;
  readonly #recent = new RecentTransactions<StreamedTransaction>();
  readonly xa = new XaTransactions();
  readonly #snapshots: IncrementalSnapshots<ChunkView, StreamedTransaction>;
  readonly #file: FileChannel | null;
  /** Its own, since a chunk may come in the middle of a transaction. */
  readonly #sourceInfo: SourceInfo;
  /** How the key of the last change's table map was read. */
  #key: WatchedKey | null = null;

  constructor(sources: IncrementalSources) {
    this.#sources = sources;
    const { session, settings, makers, clock, logger } = sources;
    this.#kind = viewKind(settings, session.server);
    const { signals, flavor, topicPrefix } = settings;
    this.#sourceInfo = new SourceInfo(flavor, topicPrefix, makers.sourceInfo.schema);
    this.#snapshots = new IncrementalSnapshots<ChunkView, StreamedTransaction>({
      open: abort => this.#open(abort),
      tables: () => this.#tables(),
      sees: (view, transaction) => view.sees(transaction),
      chunkRows: signals.chunkRows,
      rowsPerSecondMax: signals.rowsPerSecondMax,
      notifications: makers.notifications,
      clock,
      logger,
    });
    const { file, pollMs } = signals;
    const follow = (signal: SourceSignal) => this.signal(signal);
    this.#file = file === null ? null : new FileChannel({ file, everyMs: pollMs, clock, logger, follow });
  }

  async #open(abort: AbortSignal): Promise<ChunkReader> {
    const { session, settings, makers, logger } = this.#sources;
    const { table, readOnly, deletesWatermarks } = settings.signals;
    const kind = this.#kind;
    const client = await connect(session.connection);
    try {
      await query(client, 'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    } catch (error) {
      await disconnect(client);
      throw error;
    }
    return new ChunkReader({
      client,
      session,
      flavor: settings.flavor,
      makers,
      kind,
      recent: this.#recent,
      visible: sees => this.xa.visible(sees),
      watermarks:
        table === null || readOnly ? null : new Watermarks(table, { deletes: deletesWatermarks, needed: kind === 'write' }, logger),
      abort,
    });
  }

  async #tables(): Promise<readonly KnownTable[]> {
    const { session, settings, makers } = this.#sources;
    const listed = await listTables(session.client).catch(error => Promise.reject(databaseFailure(error, 'Listing the tables')));
    return listed
      .filter(({ id }) => makers.includesTable(id))
      .map(({ id, rowsEstimated }) => ({ name: qualifiedName(id), rowsEstimated: rowsEstimated < 0 ? null : rowsEstimated }))
      .filter(({ name }) => name !== settings.signals.table);
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

  /** Streaming begins. */
  start(wake: () => void): void {
    this.#snapshots.start(wake);
    this.#file?.start();
  }

  /** A transaction of the stream begins. */
  began(transaction: StreamedTransaction): void {
    // By GTIDs nothing is known of one that has none; a server with gtid_mode=ON writes no such transactions.
    if (transaction.gtid !== null || this.#kind !== 'gtids') this.#recent.add(transaction);
  }

  /** Rows of the watched table were changed. */
  touched(event: RowsEvent, { model }: ReadableTable, tables: StreamTables, transaction: StreamedTransaction): void {
    const surrogate = this.#snapshots.watchedSurrogate;
    if (this.#key?.map !== event.table || this.#key.model !== model || this.#key.surrogate !== surrogate) {
      const keyed = model.primaryKeyColumnNames.length > 0 || surrogate === null ? model : keyedBy(model, surrogate);
      this.#key = { map: event.table, model, surrogate, keyed, found: tables.key(event.table, { model: keyed }) };
    }
    const { found, keyed } = this.#key;
    if (found === null) {
      this.#snapshots.touched(null, transaction);
      return;
    }
    event.each(found.layout, (before, after) => {
      if (before !== null) this.#snapshots.touched(rowKey(keyTexts(keyed, found.columns, before)), transaction);
      if (after !== null) this.#snapshots.touched(rowKey(keyTexts(keyed, found.columns, after)), transaction);
    });
  }

  /** The watched table was emptied, or its definition changed: a chunk that was read before is read again. */
  altered(transaction: StreamedTransaction): void {
    this.#snapshots.touched(null, transaction);
  }

  /** Whether rows inserted into a table are signals (`signal.enabled.channels` has `source`). */
  isSignalTable({ captured }: ReadableTable): boolean {
    const { table, fromTable } = this.#sources.settings.signals;
    return fromTable && captured.name === table;
  }

  /** A row inserted into the signal table: its three columns are id, type and data. Rejects with what the database failed with. */
  async inserted(name: string, row: Row): Promise<void> {
    const { logger } = this.#sources;
    const [id, type, data] = row;
    if (row.length !== 3 || typeof id !== 'string' || typeof type !== 'string' || (typeof data !== 'string' && data !== null)) {
      logger.warn({ table: name }, `A row of the signal table ${name} is no signal: it needs the columns id, type and data, all texts`);
      return;
    }
    const why = await this.signal({ id, type, data });
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
  isDue(place: StreamPlace): boolean {
    return this.#snapshots.isDue(view => isPast(reached(place), view));
  }

  /** Publishes the chunk whose turn it is, if there is one. Throws what the reading failed with. */
  deliver(out: ConnectRecord[], place: StreamPlace): void {
    const delivery = this.#snapshots.deliver(view => isPast(reached(place), view));
    if (delivery === null) return;
    const { file, position, serverId } = place.header;
    const { chunk, places } = delivery;
    const nowNs = this.#sources.clock.nowNs();
    const captured = this.#asStreamed(chunk.captured, chunk.view.model);
    this.#sourceInfo.enter({ timestampNs: nowNs, gtid: place.progress.gtid, threadId: null });
    this.#sourceInfo.at({ file, position, serverId });
    const { catalog, table } = captured.id;
    const context = { source: this.#sourceInfo.make(catalog, table, 0, 'incremental'), at: instantOf(nowNs), transaction: null };
    for (const row of places) captured.emitRead(out, chunk.rows[row]!, context);
  }

  /** The stream's own version of the table where it is the same: its records then have the same schemas. */
  #asStreamed(captured: CapturedTable, model: TableModel): CapturedTable {
    const { schema, tables } = this.#sources.session;
    const streamed = schema.models.table(model.id);
    const described = ({ columns, primaryKeyColumnNames }: TableModel) => JSON.stringify([columns, primaryKeyColumnNames]);
    return streamed !== null && described(streamed) === described(model) ? tables.compile(streamed).captured : captured;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.[Symbol.asyncDispose]();
    await this.#snapshots[Symbol.asyncDispose]();
  }
}

/** The stream has read everything before it. */
function reached({ header: { file, nextPosition }, progress }: StreamPlace): ReachedPlace {
  return { file, position: nextPosition, gtids: () => progress.position.gtids };
}
