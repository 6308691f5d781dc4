import type { Clock, ConnectRecord, JsonObject, Logger, OnDemandProgress, SourceSignal } from '../../src/contract/index.ts';
import { AddedTables } from '../debezium/added-tables.ts';
import type { CapturedTable } from '../debezium/captured-table.ts';
import { instantOf } from '../debezium/envelope.ts';
import { BlockingSnapshots, latestProgress } from '../debezium/incremental/blocking-snapshots.ts';
import { BlockingWindow } from '../debezium/incremental/blocking-window.ts';
import { type KnownTable, rowKey } from '../debezium/incremental/chunk-database.ts';
import { IncrementalSnapshots } from '../debezium/incremental/incremental-snapshots.ts';
import { RecentTransactions } from '../debezium/incremental/recent-transactions.ts';
import type { KnownTables } from '../debezium/known-tables.ts';
import { FileChannel } from '../debezium/signals/file-channel.ts';
import { readSignal } from '../debezium/signals/signal.ts';
import type { Row } from '../debezium/table.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import type { EventHeader } from './binlog/events.ts';
import type { RowsEvent } from './binlog/rows-event.ts';
import type { TableMap } from './binlog/table-map.ts';
import { keyedBy } from './chunk-select.ts';
import { type ChunkView, isPast, type ReachedPlace, type SurelySaw, type ViewKind, viewKind } from './chunk-view.ts';
import { connect, disconnect, query } from './connection.ts';
import { databaseFailure } from './database-error.ts';
import type { StatementEffects } from './database-schema.ts';
import { ChunkReader } from './incremental-reader.ts';
import { NewTables } from './new-tables.ts';
import { listTables } from './server.ts';
import type { Session } from './session.ts';
import type { MysqlSettings, RecordMakers } from './settings.ts';
import { keyTexts } from './snapshot-key.ts';
import type { SnapshotStatement } from './snapshot-statements.ts';
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
  readonly known: KnownTables;
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
  readonly kind: ViewKind;
  readonly #recent = new RecentTransactions<StreamedTransaction>();
  readonly xa = new XaTransactions();
  readonly #snapshots: IncrementalSnapshots<ChunkView, StreamedTransaction>;
  readonly #file: FileChannel | null;
  readonly blocking: BlockingSnapshots;
  readonly added: AddedTables;
  readonly newTables: NewTables;
  /** Of the blocking snapshot whose view is taken. */
  readonly window = new BlockingWindow<Pick<ChunkView, 'sees' | 'end'>, StreamedTransaction>((view, transaction) => view.sees(transaction));
  /** Wakes the stream; null: it does not stream yet. */
  #wake: (() => void) | null = null;
  /** Its own, since a chunk may come in the middle of a transaction. */
  readonly #sourceInfo: SourceInfo;
  /** How the key of the last change's table map was read. */
  #key: WatchedKey | null = null;

  constructor(sources: IncrementalSources) {
    this.#sources = sources;
    const { session, settings, makers, known, clock, logger } = sources;
    this.kind = viewKind(settings, session.server);
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
    this.blocking = new BlockingSnapshots(() => clock.nowMs());
    const wake = () => this.#wake?.();
    this.added = new AddedTables({ known, incremental: this.#snapshots, blocking: this.blocking, wake, logger });
    this.newTables = new NewTables({ session, settings, makers, added: this.added });
    const { file, pollMs } = signals;
    const follow = (signal: SourceSignal) => this.signal(signal);
    this.#file = file === null ? null : new FileChannel({ file, everyMs: pollMs, clock, logger, follow });
  }

  async #open(abort: AbortSignal): Promise<ChunkReader> {
    const { session, settings, makers, logger } = this.#sources;
    const { table, readOnly, deletesWatermarks } = settings.signals;
    const kind = this.kind;
    // A chunk's view must not be older than what a blocking snapshot publishes.
    await this.blocking.untilOver(abort);
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

  /** Whether a view sees the rows of all transactions that the stream has brought, of which these are surely seen. */
  seesAllBrought(sees: SurelySaw): boolean {
    return this.#recent.allSeen(this.#recent.mark, this.xa.visible(sees));
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
  }

  /** A transaction of the stream begins. */
  began(transaction: StreamedTransaction): void {
    // By GTIDs nothing is known of one that has none; a server with gtid_mode=ON writes no such transactions.
    if (transaction.gtid !== null || this.kind !== 'gtids') this.#recent.add(transaction);
  }

  /** Rows of the watched table were changed. */
  touched(event: RowsEvent, { model, captured }: ReadableTable, tables: StreamTables, transaction: StreamedTransaction): void {
    const { name } = captured;
    const touched = (key: string | null) =>
      this.window.isWatched(name) ? this.window.touched(name, key, transaction) : this.#snapshots.touched(key, transaction);
    const surrogate = this.#snapshots.watchedSurrogate;
    if (this.#key?.map !== event.table || this.#key.model !== model || this.#key.surrogate !== surrogate) {
      const keyed = model.primaryKeyColumnNames.length > 0 || surrogate === null ? model : keyedBy(model, surrogate);
      this.#key = { map: event.table, model, surrogate, keyed, found: tables.key(event.table, { model: keyed }) };
    }
    const { found, keyed } = this.#key;
    if (found === null) {
      touched(null);
      return;
    }
    event.each(found.layout, (before, after) => {
      if (before !== null) touched(rowKey(keyTexts(keyed, found.columns, before)));
      if (after !== null) touched(rowKey(keyTexts(keyed, found.columns, after)));
    });
  }

  /** The watched tables as the stream knows them, by name. */
  watchedModels(): ReadonlyMap<string, TableModel> {
    const { models } = this.#sources.session.schema;
    if (this.#snapshots.watched === null && this.window.watched.length === 0) return new Map();
    const watched = models.tables().filter(({ id }) => this.isWatched(qualifiedName(id)));
    return new Map(watched.map(model => [qualifiedName(model.id), model]));
  }

  /** A statement was applied: what was read before of watched tables that it emptied, or whose definition it changed, is read again. */
  applied(before: ReadonlyMap<string, TableModel>, { created, truncated }: StatementEffects, transaction: StreamedTransaction): void {
    for (const id of created) this.newTables.made(id);
    const now = this.watchedModels();
    const changed = [...new Set([...before.keys(), ...now.keys()])].filter(name => before.get(name) !== now.get(name));
    for (const name of [...changed, ...truncated.map(qualifiedName)])
      if (this.window.isWatched(name)) this.window.touched(name, null, transaction);
      else if (this.#snapshots.watched === name) this.#snapshots.touched(null, transaction);
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
  async signal(signal: SourceSignal): Promise<string | null> {
    const action = readSignal(signal);
    if (action.kind !== 'execute' || action.type !== 'blocking') return this.#snapshots.signal(signal);
    const why = this.blocking.ask(action, await this.#tables(), this.#sources.logger);
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

  /** What the schema history has to learn at this place: not in the middle of a transaction, of which a part may have been counted before a restart. */
  learned(place: StreamPlace): readonly SnapshotStatement[] {
    const waits = this.newTables.waits && place.progress.position.partial === null;
    return waits ? this.newTables.at(reached(place)) : [];
  }

  /** Whether a batch is owed now: the stream need not wait for the server. */
  isDue(place: StreamPlace): boolean {
    const past = (view: Pick<ChunkView, 'end'>) => isPast(reached(place), view);
    if (this.window.at(past)) this.blocking.changed = true;
    return this.blocking.changed || this.#snapshots.isDue(past);
  }

  /** Publishes the chunk whose turn it is, if there is one. Throws what the reading failed with. */
  deliver(out: ConnectRecord[], place: StreamPlace): void {
    const past = (view: Pick<ChunkView, 'end'>) => isPast(reached(place), view);
    if (this.window.at(past)) this.blocking.changed = true;
    const delivery = this.#snapshots.deliver(past);
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

  #asStreamed(captured: CapturedTable, model: TableModel): CapturedTable {
    const { session } = this.#sources;
    const streamed = session.asStreamed(model);
    return streamed === model ? captured : session.tables.compile(streamed).captured;
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
