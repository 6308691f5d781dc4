import type { Connection } from 'mysql2';
import {
  type CheckResult,
  type Clock,
  crashPoint,
  type InternalTopics,
  isStreamOffset,
  type JsonObject,
  type Logger,
  type OnDemandProgress,
  type SnapshotProgress,
  type SourceBatch,
  type SourceOffset,
  type SourceSignal,
} from '../../src/contract/index.ts';
import type { ChangeDatabase, FoundOffsets } from '../debezium/coordinator.ts';
import { watchGuardrail } from '../debezium/filters.ts';
import { KnownTables } from '../debezium/known-tables.ts';
import type { Snapshot } from '../debezium/snapshot.ts';
import { TablesProgress } from '../debezium/tables-progress.ts';
import { unmatchedPatterns } from '../debezium/unmatched.ts';
import { blockingReader } from './blocking-snapshot.ts';
import { checkDatabase } from './check.ts';
import { connect, disconnect } from './connection.ts';
import { databaseFailure } from './database-error.ts';
import { breakOffAfter } from './disconnect.ts';
import { heartbeatAction } from './heartbeat-action.ts';
import { StreamedSnapshots } from './incremental.ts';
import type { MysqlConfig } from './options.ts';
import {
  type BinlogPosition,
  offsetOf,
  positionOffset,
  readPosition,
  type StoredPosition,
  serverPartition,
  snapshotKeys,
} from './position.ts';
import { SeenChanges } from './seen-changes.ts';
import { type CatalogTable, listTables } from './server.ts';
import { Session } from './session.ts';
import type { MysqlSettings, RecordMakers } from './settings.ts';
import { newSnapshot } from './snapshot.ts';
import { openReaders, type SnapshotReaders, warnOfFirstMoment } from './snapshot-readers.ts';
import { applySnapshotSchema, readSnapshotSchema } from './snapshot-schema.ts';
import type { SnapshotStatement } from './snapshot-statements.ts';
import { smallTables } from './snapshot-table.ts';
import { readView, type SnapshotView } from './snapshot-view.ts';
import { ChangeStream } from './stream.ts';
import { StreamTables } from './stream-tables.ts';

/** One MySQL or MariaDB server as a source of changes: snapshot by SELECT, then the binlog. */
export class MysqlDatabase implements ChangeDatabase {
  readonly #config: MysqlConfig;
  readonly #settings: MysqlSettings;
  readonly #makers: RecordMakers;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #partition: JsonObject;
  readonly #resources = new AsyncDisposableStack();
  #session: Session | null = null;
  #stored: StoredPosition | null = null;
  readonly #ranges: TablesProgress<SnapshotView>;
  /** Deletes what was stored of an interrupted snapshot that is not gone on with. */
  #outdated: readonly SourceOffset[] = [];
  #snapshot: Snapshot<CatalogTable, Connection, SnapshotView> | null = null;
  #stream: ChangeStream | null = null;
  #onDemand: StreamedSnapshots | null = null;
  #start: BinlogPosition | null = null;
  readonly retry = null;
  warnings: readonly string[] = [];

  constructor(config: MysqlConfig, makers: RecordMakers, logger: Logger, clock: Clock) {
    this.#config = config;
    this.#settings = config.settings;
    this.#makers = makers;
    this.#logger = logger;
    this.#clock = clock;
    this.#partition = serverPartition(config.settings.topicPrefix);
    this.#ranges = new TablesProgress(this.#partition, readView);
  }

  readonly signal = (signal: SourceSignal): Promise<string | null> => this.#onDemand!.signal(signal);

  get onDemand(): OnDemandProgress | null {
    return this.#onDemand?.progress ?? null;
  }

  get position(): string | null {
    return this.#stream?.position ?? (this.#start && `${this.#start.file}:${this.#start.position}`);
  }

  get snapshotProgress(): SnapshotProgress | null {
    return this.#snapshot?.progress ?? null;
  }

  check(abort: AbortSignal): Promise<readonly CheckResult[]> {
    return checkDatabase(this.#settings, this.#config.filters, abort);
  }

  async open(from: readonly SourceOffset[], abort: AbortSignal, internal: InternalTopics): Promise<FoundOffsets> {
    return this.#open(from, abort, internal).catch(error => Promise.reject(databaseFailure(error, 'Opening the database')));
  }

  async #open(from: readonly SourceOffset[], abort: AbortSignal, internal: InternalTopics): Promise<FoundOffsets> {
    const settings = this.#settings;
    const connection = await settings.connection();
    const client = await connect(connection);
    this.#resources.defer(() => disconnect(client));
    using _ = breakOffAfter(abort, client);
    const parts = { client, connection, settings, makers: this.#makers, partition: this.#partition, logger: this.#logger };
    const session = await Session.open(parts);
    this.#session = session;
    const listed = await listTables(client);
    const ids = listed.map(({ id }) => id);
    for (const { message } of unmatchedPatterns(this.#config.filters, ids, null, 'shop.orders')) this.#warn(message);
    watchGuardrail(this.#config.shared.guardrail, ids.filter(id => this.#makers.includesTable(id)).length, this.#logger);
    // As in Connect, a connector finds the offsets of its own topic.prefix only: under another one it begins anew.
    const own = from.filter(({ partition }) => partition['server'] === this.#partition['server']);
    const known = new KnownTables(this.#partition, own);
    this.#onDemand = this.#resources.use(new StreamedSnapshots({ ...parts, session, known, clock: this.#clock }));
    const main = own.find(isStreamOffset);
    this.#stored = main?.offset ? readPosition(main.offset) : null;
    this.#ranges.restore(own);
    if (this.#stored === null) return { state: 'none', lost: null };
    // Without streaming nothing can be lost.
    const lost = settings.streams ? await this.#session.lost(this.#stored, internal, abort) : null;
    return { state: this.#stored.snapshotCompleted ? 'streaming' : 'unfinished', lost };
  }

  #warn(message: string): void {
    this.warnings = [...this.warnings, message];
    this.#logger.warn({}, message);
  }

  async prepare(...decided: Parameters<ChangeDatabase['prepare']>): Promise<void> {
    return this.#prepare(...decided).catch(error => Promise.reject(databaseFailure(error, 'Looking for tables that were added')));
  }

  async #prepare(...[{ snapshot, stream, fresh }, abort]: Parameters<ChangeDatabase['prepare']>): Promise<void> {
    using _ = breakOffAfter(abort, this.#session!.client);
    if (fresh) {
      this.#stored = null;
      this.#session!.schema.models.clear();
    }
    // Every start of `always` reads all tables again; a snapshot that goes on keeps what it has.
    // What is not gone on with is deleted with the new position: it must not count as read under that.
    if (fresh || (snapshot && this.#stored?.snapshotCompleted)) this.#outdated = this.#ranges.forget();
    if (!stream) return;
    if (!snapshot && this.#stored) this.#onDemand!.restore(this.#stored.offset);
    await this.#onDemand!.newTables.prepare(snapshot || this.#stored === null, this.#settings.recoversSchema);
  }

  async *snapshot(abort: AbortSignal): AsyncGenerator<SourceBatch> {
    try {
      yield* this.#readSnapshot(abort);
    } catch (error) {
      throw databaseFailure(error, 'Reading the snapshot');
    }
  }

  async *#readSnapshot(abort: AbortSignal): AsyncGenerator<SourceBatch> {
    const { snapshot } = this.#settings;
    const session = this.#session!;
    const listed = await listTables(session.client);
    const captured = this.#makers.inSnapshotOrder(listed.filter(({ id }) => this.#makers.includesTable(id)));
    const read = captured.filter(({ id }) => snapshot.includesTable(id));
    if (read.length === 0) this.#logger.warn({}, 'No table matches the include and exclude lists: the snapshot is empty');
    const fresh = this.#stored === null;
    const described = fresh ? this.#describedTables(listed) : read;
    const small = await smallTables(session.client, read);
    const threads = Math.max(1, Math.min(snapshot.threadsMax, read.length));
    let statements: readonly SnapshotStatement[] = [];
    await using readers = await this.#openReaders(
      threads,
      captured,
      described,
      found => {
        statements = found;
      },
      abort,
    );
    crashPoint('snapshot-view-taken');
    let { models } = session.schema;
    if (fresh) {
      this.#start = readers.position;
      const begun = this.#schemaBatch(statements, readers.position, snapshotKeys(false));
      yield { ...begun, offsets: [...begun.offsets, ...this.#outdated] };
    } else {
      // What is left is read as the tables are now; the stream goes on with them as they were at its position.
      this.#start = this.#stored!.position;
      models = session.modelsOf(statements);
      yield { records: [], bytes: 0, offsets: [this.#offset(this.#start, snapshotKeys(false)), ...this.#outdated], committedAtMs: null };
    }
    const { sourceInfo, notifications } = this.#makers;
    const { file, position, gtids } = readers.position;
    const view = fresh ? null : { file, position, gtids };
    const { override, chunkRows: batchRecordsMax } = snapshot;
    const modelOf = ({ id }: CatalogTable) => models.table(id);
    const [partition, progress, clock, logger] = [this.#partition, this.#ranges.tables, this.#clock, this.#logger];
    this.#snapshot = newSnapshot(
      { tables: session.tables, control: session.client, modelOf, override, batchRecordsMax, small },
      { readers, sourceInfo, view, partition, progress, notifications, clock, logger },
    );
    yield* this.#snapshot.read(read, abort);
    if (abort.aborted) return;
    this.#ranges.tables = this.#snapshot.results;
    // What was read under a view of its own is kept until the stream is past it.
    const forgotten = this.#seenChanges().empty ? this.#ranges.forget() : [];
    const completed = [this.#offset(this.#start, snapshotKeys(true)), ...forgotten, ...this.#onDemand!.added.take()];
    yield { records: [], bytes: 0, offsets: completed, committedAtMs: null };
    crashPoint('snapshot-complete');
    this.#logger.info({ rows: this.#snapshot.progress.rows }, 'The snapshot is complete');
  }

  /** Tables whose structure is recorded at a snapshot's beginning: those whose statements are recorded later, too. */
  #describedTables(listed: readonly CatalogTable[]): readonly CatalogTable[] {
    const { onlyCapturedTables, onlyCapturedDatabases } = this.#settings.history;
    const described = listed.filter(({ id }) => {
      if (onlyCapturedTables) return this.#makers.includesTable(id);
      return !onlyCapturedDatabases || this.#makers.includesDatabase(id.catalog);
    });
    return this.#makers.inSnapshotOrder(described);
  }

  async #openReaders(
    count: number,
    captured: readonly CatalogTable[],
    described: readonly CatalogTable[],
    found: (statements: readonly SnapshotStatement[]) => void,
    abort: AbortSignal,
  ): Promise<SnapshotReaders> {
    const { client: control, connection, server } = this.#session!;
    const parts = { settings: this.#settings, connection, control, server, logger: this.#logger };
    const readers = await openReaders(parts, count, captured, async client => found(await readSnapshotSchema(client, described)), abort);
    warnOfFirstMoment(readers, server, this.#logger);
    return readers;
  }

  /** The schema as it is at a snapshot's beginning, published and recorded. */
  #schemaBatch(statements: readonly SnapshotStatement[], position: BinlogPosition, keys: JsonObject): SourceBatch {
    const { sourceInfo } = this.#makers;
    sourceInfo.at({ file: position.file, position: position.position, serverId: 0 });
    const { records, internal } = applySnapshotSchema(this.#session!.schema, statements, () => {
      sourceInfo.enter({ timestampNs: this.#clock.nowNs(), gtid: null, threadId: null });
      return {
        source: (db, table) => sourceInfo.make(db, table, 0, 'true'),
        position: offsetOf(position, keys),
        nowMs: this.#clock.nowMs(),
      };
    });
    return { records, internal, bytes: 0, offsets: [this.#offset(position, keys)], committedAtMs: null };
  }

  /** snapshot.mode=no_data and recovery: the schema alone, at the place where streaming begins. */
  async *#readSchema(abort: AbortSignal): AsyncGenerator<SourceBatch> {
    const listed = await listTables(this.#session!.client);
    const captured = listed.filter(({ id }) => this.#makers.includesTable(id));
    let statements: readonly SnapshotStatement[] = [];
    await using readers = await this.#openReaders(
      1,
      captured,
      this.#describedTables(listed),
      found => {
        statements = found;
      },
      abort,
    );
    this.#start = this.#stored?.position ?? readers.position;
    yield this.#schemaBatch(statements, this.#start, {});
  }

  async *stream(abort: AbortSignal): AsyncGenerator<SourceBatch> {
    try {
      if (this.#stored === null ? this.#start === null : this.#settings.recoversSchema) yield* this.#readSchema(abort);
      yield* this.#readStream(abort);
    } catch (error) {
      throw databaseFailure(error, 'Streaming the binlog');
    }
  }

  async *#readStream(abort: AbortSignal): AsyncGenerator<SourceBatch> {
    const session = this.#session!;
    const { client, connection, server, schema, tables } = session;
    const { actionQuery } = this.#config.shared.heartbeat;
    const position = this.#start ?? this.#stored!.position;
    this.#start = position;
    let place = position;
    const [settings, makers, partition, clock, logger] = [this.#settings, this.#makers, this.#partition, this.#clock, this.#logger];
    const [onDemand, ranges] = [this.#onDemand!, this.#ranges];
    const offset = () => this.#offset(place, { ...makers.metadata?.store(), ...onDemand.store() });
    await using blocking = blockingReader({ settings, session, makers, onDemand, ranges, partition, clock, logger, offset });
    if (makers.metadata && this.#stored) makers.metadata.restore(this.#stored.offset);
    const captured = onDemand.added.take();
    if (captured.length > 0) yield { records: [], bytes: 0, offsets: captured, committedAtMs: null };
    using _ = breakOffAfter(abort, client);
    await using binlog = await this.#session!.binlog(position);
    crashPoint('stream-started');
    this.#logger.info(
      { file: position.file, position: position.position, gtids: position.gtids },
      `Streaming from ${position.file}:${position.position}`,
    );
    this.#stream = new ChangeStream(
      {
        binlog,
        schema,
        tables: new StreamTables(tables, schema.models, makers, server.reading, id => onDemand.newTables.meet(id)),
        server,
        settings,
        makers,
        heartbeatAction: actionQuery === null ? null : this.#resources.use(heartbeatAction(connection, actionQuery, this.#logger)),
        onDemand,
        clock,
        offsets: (at, seen) => {
          place = at;
          return [offset(), ...(seen || blocking.begun ? [] : ranges.forget()), ...onDemand.added.take()];
        },
      },
      position,
      this.#seenChanges(),
    );
    for await (const batch of this.#stream.read(abort)) {
      yield batch;
      yield* blocking.read(abort);
    }
  }

  #seenChanges(): SeenChanges {
    return new SeenChanges([...this.#ranges.tables.values()], this.#settings.flavor, this.#session!.client);
  }

  #offset(position: BinlogPosition, extra: JsonObject): SourceOffset {
    return positionOffset(this.#partition, position, extra);
  }

  /** The server keeps its binlog as long as it is told to: there is nothing to confirm. */
  commit(): void {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}
