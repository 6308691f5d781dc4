import type pg from 'pg';
import {
  type CheckResult,
  type Clock,
  crashPoint,
  isStreamOffset,
  type JsonObject,
  type Logger,
  type OnDemandProgress,
  type Retry,
  type SnapshotProgress,
  type SourceBatch,
  type SourceOffset,
  type SourceSignal,
} from '../../src/contract/index.ts';
import type { ChangeDatabase, FoundOffsets } from '../debezium/coordinator.ts';
import { KnownTables } from '../debezium/known-tables.ts';
import type { Snapshot } from '../debezium/snapshot.ts';
import { blockingReader } from './blocking-snapshot.ts';
import { Catalog, type CatalogTable } from './catalog.ts';
import { checkDatabase } from './check.ts';
import { connect } from './connection.ts';
import { databaseError, databaseFailure } from './database-error.ts';
import { breakOffAfter, disconnect } from './disconnect.ts';
import { holdAgainstSlot } from './found-place.ts';
import { heartbeatAction } from './heartbeat-action.ts';
import { StreamedSnapshots } from './incremental.ts';
import { reachedBy, requireNoGap } from './lost-position.ts';
import { formatLsn } from './lsn.ts';
import type { PostgresConfig } from './options.ts';
import {
  confirmedLsnOf,
  positionOffset,
  readBefore,
  readPosition,
  type StoredPosition,
  type StreamPosition,
  serverPartition,
  slotPosition,
  snapshotKeys,
} from './position.ts';
import { prepareStreaming } from './preparation.ts';
import { type CreatedSlot, ReplicationConnection, type SystemIdentity } from './replication.ts';
import type { PostgresSettings, RecordMakers } from './settings.ts';
import { dropSlot, findSlot, type Slot } from './slot.ts';
import { closedGaps } from './slot-gap.ts';
import { freeSlot } from './slot-wait.ts';
import { newSnapshot } from './snapshot.ts';
import { currentTransaction, openReaders } from './snapshot-readers.ts';
import type { SnapshotView } from './snapshot-view.ts';
import { ChangeStream } from './stream.ts';
import { explainStreamFailure, heedNotices } from './stream-failure.ts';
import { TableRanges } from './table-ranges.ts';
import { Tables } from './tables.ts';
import { unmatchedPatterns } from './unmatched.ts';
import { loadTypeCatalog, type PostgresType } from './values/type-catalog.ts';

/** Everything that exists once the database is open. */
type Session = {
  readonly client: pg.Client;
  readonly tables: Tables;
  readonly identity: SystemIdentity;
  readonly slot: Slot | null;
};

/** One Postgres database as a source of changes: snapshot by COPY, then pgoutput from a slot. */
export class PostgresDatabase implements ChangeDatabase {
  readonly #config: PostgresConfig;
  readonly #settings: PostgresSettings;
  readonly #makers: RecordMakers;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #partition: JsonObject;
  readonly #resources = new AsyncDisposableStack();
  #session: Session | null = null;
  #replication: ReplicationConnection | null = null;
  #created: CreatedSlot | null = null;
  #stored: StoredPosition | null = null;
  readonly #ranges: TableRanges;
  /** Deletes what was stored of an interrupted snapshot that is not gone on with, and of gaps that a snapshot closes. */
  #outdated: readonly SourceOffset[] = [];
  #snapshot: Snapshot<CatalogTable, pg.Client, SnapshotView> | null = null;
  #stream: ChangeStream | null = null;
  #onDemand: StreamedSnapshots | null = null;
  #start: StreamPosition | null = null;
  /** The stored place is lost, and this start heals that beside the stream: what is stored is not gone on with. */
  #heals = false;
  readonly client = (): pg.Client | null => this.#session?.client ?? null;
  retry: Retry | null = null;
  #warnings: readonly string[] = [];

  constructor(config: PostgresConfig, makers: RecordMakers, logger: Logger, clock: Clock) {
    this.#config = config;
    this.#settings = config.settings;
    this.#makers = makers;
    this.#logger = logger;
    this.#clock = clock;
    this.#partition = serverPartition(config.settings.topicPrefix);
    this.#ranges = new TableRanges(this.#partition);
  }

  readonly signal = (signal: SourceSignal): Promise<string | null> => this.#onDemand!.signal(signal);

  readonly #tell = (retry: Retry | null): void => {
    this.retry = retry;
  };

  get position(): string | null {
    return this.#stream?.position ?? (this.#start ? formatLsn(this.#start.lsn) : null);
  }

  get snapshotProgress(): SnapshotProgress | null {
    return this.#snapshot?.progress ?? null;
  }

  get warnings(): readonly string[] {
    return [...this.#warnings, ...(this.#onDemand?.heal.warnings ?? [])];
  }

  get onDemand(): OnDemandProgress | null {
    return this.#onDemand?.progress ?? null;
  }

  check(abort: AbortSignal): Promise<readonly CheckResult[]> {
    return checkDatabase(this.#settings, this.#config.filters, abort);
  }

  async open(from: readonly SourceOffset[], abort: AbortSignal): Promise<FoundOffsets> {
    return this.#open(from, abort).catch(error => Promise.reject(databaseFailure(error, 'Opening the database')));
  }

  async #open(from: readonly SourceOffset[], abort: AbortSignal): Promise<FoundOffsets> {
    const { connection, slot, streams, snapshot } = this.#settings;
    const client = await connect(connection, false, abort);
    this.#resources.defer(() => disconnect(client));
    using _client = breakOffAfter(abort, client);
    const types = await loadTypeCatalog(async sql => (await client.query<PostgresType>(sql)).rows);
    const catalog = new Catalog(client, connection.database);
    const tables = new Tables(catalog, types, this.#makers, this.#logger);
    for (const { message } of await unmatchedPatterns(catalog, this.#config.filters)) this.#warn(message);
    const [makers, logger, clock] = [this.#makers, this.#logger, this.#clock];
    // As in Connect, a connector finds the offsets of its own topic.prefix only: under another one it begins anew.
    const own = from.filter(({ partition }) => partition['server'] === this.#partition['server']);
    const known = new KnownTables(this.#partition, own);
    const reads = snapshot.readsNewTables ? snapshot.includesTable : () => false;
    const heal = { partition: this.#partition, slot: slot.name, stored: own, includes: snapshot.includesTable };
    const streamed = { settings: this.#settings, types, tables, client, known, reads, heal, makers, clock, logger };
    this.#onDemand = this.#resources.use(new StreamedSnapshots(streamed));
    const replication = await ReplicationConnection.open(connection, slot.name, abort);
    this.#replication = this.#resources.use(replication);
    using _replication = replication.breakOffAfter(abort);
    const identity = await replication.identify();
    const surroundings = { logger, clock, tell: this.#tell };
    const found = streams ? await freeSlot(client, slot, connection.database, surroundings, abort) : await findSlot(client, slot.name);
    this.#session = { client, tables, identity, slot: found };
    const main = own.find(isStreamOffset);
    this.#stored = main?.offset ? readPosition(main.offset) : null;
    this.#ranges.restore(own);
    this.#outdated = closedGaps(own);
    const place = holdAgainstSlot({ stored: this.#stored, slot: found, identity, own }, this.#settings);
    this.#heals = place.heals !== undefined;
    return place;
  }

  readonly #warn = (message: string): void => {
    this.#warnings = [...this.#warnings, message];
    this.#logger.warn({}, message);
  };

  async prepare(...decided: Parameters<ChangeDatabase['prepare']>): Promise<void> {
    return this.#prepare(...decided).catch(error => Promise.reject(databaseFailure(error, 'Preparing publication and slot')));
  }

  async #prepare(...[{ snapshot, stream, fresh }, abort]: Parameters<ChangeDatabase['prepare']>): Promise<void> {
    const { client, tables } = this.#session!;
    if (fresh) this.#stored = null;
    // What is not gone on with (`always` reads all again) is deleted with the new position: it must not count as read under that.
    const anew = fresh || this.#heals || (snapshot && this.#stored?.snapshotCompleted);
    if (anew) this.#outdated = [...this.#outdated, ...this.#ranges.forget()];
    if (!stream) return;
    if (!snapshot && this.#stored && !this.#heals) this.#onDemand!.restore(this.#stored.offset);
    using _client = breakOffAfter(abort, client);
    using _replication = this.#replication!.breakOffAfter(abort);
    const existing = this.#session!.slot;
    const { captured, lost } = await prepareStreaming(this.#config, { client, tables, logger: this.#logger, warn: this.#warn }, existing);
    await this.#onDemand!.newTables.prepare(captured, snapshot || this.#heals || this.#stored === null);
    crashPoint('publication-made');
    if (lost) await client.query('SELECT pg_catalog.pg_drop_replication_slot($1)', [this.#settings.slot.name]);
    if (lost || !existing) await this.#createSlot();
    if (snapshot) return;
    if (this.#heals) this.#start = slotPosition(this.#created?.consistentPoint ?? existing?.confirmedFlushLsn ?? 0n, this.#stored);
    const reachedLsn = this.#stored && reachedBy(this.#stored);
    await this.#onDemand!.heal.prepare(captured, { reachedLsn, beginsAtLsn: this.#heals ? this.#start!.lsn : null });
  }

  async #createSlot(): Promise<void> {
    const { slot } = this.#settings;
    this.#ranges.tables.clear();
    this.#created = await this.#replication!.createSlot({ temporary: false, failover: slot.failover });
    crashPoint('slot-created');
    this.#logger.info({ slot: slot.name, lsn: formatLsn(this.#created.consistentPoint) }, `Created the replication slot "${slot.name}"`);
  }

  async *snapshot(abort: AbortSignal): AsyncGenerator<SourceBatch> {
    try {
      yield* this.#readSnapshot(abort);
    } catch (error) {
      throw databaseFailure(error, 'Reading the snapshot');
    }
  }

  async *#readSnapshot(abort: AbortSignal): AsyncGenerator<SourceBatch> {
    const settings = this.#settings;
    const { client, tables } = this.#session!;
    const catalogTables = (await tables.list()).filter(({ id }) => settings.snapshot.includesTable(id));
    if (catalogTables.length === 0) this.#logger.warn({}, 'No table matches the include and exclude lists: the snapshot is empty');
    const threads = Math.max(1, Math.min(settings.snapshot.threadsMax, catalogTables.length));
    await using readers = await openReaders(settings, threads, this.#created, catalogTables, abort);
    crashPoint('snapshot-view-taken');
    const moment = this.#created || !settings.streams ? { ...readers.moment, view: null } : readers.moment;
    const txId = await currentTransaction(client);
    this.#start = {
      confirmedLsn:
        this.#created?.consistentPoint ?? this.#stored?.position?.confirmedLsn ?? this.#session!.slot?.confirmedFlushLsn ?? moment.lsn,
      partial: this.#stored?.position?.partial ?? null,
      lsn: moment.lsn,
      lastCommitLsn: null,
      txId,
      timestampUs: this.#clock.nowNs() / 1000n,
    };
    this.#snapshot = newSnapshot(
      { tables, control: client, override: settings.snapshot.override, batchRecordsMax: settings.snapshot.chunkRows },
      {
        readers: readers.clients,
        sourceInfo: this.#makers.sourceInfo,
        notifications: this.#makers.notifications,
        moment: { ...moment, txId: BigInt(txId) },
        partition: this.#partition,
        progress: this.#ranges.tables,
        clock: this.#clock,
        logger: this.#logger,
      },
    );
    yield { records: [], bytes: 0, offsets: [this.#offset(this.#start, snapshotKeys(false)), ...this.#outdated], committedAtMs: null };
    yield* this.#snapshot.read(catalogTables, abort);
    if (abort.aborted) return;
    this.#ranges.tables = this.#snapshot.results;
    // What was read under a view is kept until the stream is past it.
    const forgotten = this.#ranges.seen().empty ? this.#ranges.forget() : [];
    const completed = [this.#offset(this.#start, snapshotKeys(true)), ...forgotten, ...this.#onDemand!.take()];
    yield { records: [], bytes: 0, offsets: completed, committedAtMs: null };
    crashPoint('snapshot-complete');
    this.#logger.info({ rows: this.#snapshot.progress.rows }, 'The snapshot is complete');
  }

  async *stream(abort: AbortSignal): AsyncGenerator<SourceBatch> {
    const { slot, publication, stream, connection, batchRecordsMax } = this.#settings;
    const { client, tables } = this.#session!;
    using _ = breakOffAfter(abort, client);
    const slotLsn = this.#created?.consistentPoint ?? this.#session!.slot?.confirmedFlushLsn ?? 0n;
    const position = this.#start ?? this.#stored?.position ?? slotPosition(slotLsn, this.#stored);
    let place = position;
    const [settings, makers, partition, logger, clock] = [this.#settings, this.#makers, this.#partition, this.#logger, this.#clock];
    const [onDemand, ranges, offset] = [this.#onDemand!, this.#ranges, () => this.#offset(place, this.#beside())];
    const resume = () => this.#stream!.resume();
    await using blocking = blockingReader({ settings, tables, client, makers, onDemand, ranges, partition, clock, logger, offset, resume });
    // Before anything is read behind a gap, the gap is stored with the place behind it.
    const begun = [...(this.#heals ? [offset(), ...this.#outdated] : []), ...onDemand.take()];
    if (begun.length > 0) yield { records: [], bytes: 0, offsets: begun, committedAtMs: null };
    const start = {
      position,
      ...(this.#start ? { skipCommitsBefore: this.#start.confirmedLsn, taken: null } : readBefore(this.#stored)),
      seen: ranges.seen(),
    };
    this.#start = position;
    if (this.#stored && !this.#heals) makers.metadata?.restore(this.#stored.offset);
    const replication = this.#replication!;
    const names = { slot: slot.name, publication: publication.name, database: connection.database };
    // Before its first offset a slot may have been made ahead of its publication: what changed in between was never to be published.
    const owed = this.#stored !== null || this.#created !== null;
    replication.start(position.confirmedLsn, {
      publication: publication.name,
      messages: true,
      statusIntervalMs: stream.statusIntervalMs,
      extra: stream.extraParameters,
      control: client,
      onNotice: heedNotices(names, () => owed || this.#stream?.described === true, this.#warn),
    });
    crashPoint('stream-started');
    logger.info({ lsn: formatLsn(position.confirmedLsn) }, `Streaming from ${formatLsn(position.confirmedLsn)}`);
    this.#stream = new ChangeStream(
      {
        replication,
        client,
        tables,
        database: connection.database,
        sourceInfo: makers.sourceInfo,
        metadata: makers.metadata,
        messages: makers.messages,
        includesMessage: makers.includesMessage,
        heartbeat: makers.heartbeat,
        heartbeatAction: this.#resources.use(heartbeatAction(connection, this.#config.shared.heartbeat.actionQuery, logger)),
        onDemand,
        clock,
        batchRecordsMax,
        offsets: at => {
          place = at;
          const past = blocking.begun ? [] : ranges.forgetBefore(at.confirmedLsn);
          return [offset(), ...past, ...onDemand.take()];
        },
      },
      start,
    );
    try {
      let checked = false;
      for await (const batch of this.#stream.read(abort)) {
        if (!checked) await requireNoGap(client, slot.name, position.confirmedLsn);
        checked = true;
        yield batch;
        yield* blocking.read(abort);
      }
    } catch (error) {
      throw await explainStreamFailure(databaseError(error, `Streaming from the replication slot "${slot.name}"`), client, names);
    }
  }

  /** What a stream's offset holds beside its place. */
  #beside(): JsonObject {
    return { ...this.#makers.metadata?.store(), ...this.#onDemand!.store() };
  }

  #offset(position: StreamPosition, extra: JsonObject): SourceOffset {
    return positionOffset(this.#partition, position, this.#session!.identity, extra);
  }

  commit(durable: readonly SourceOffset[]): void {
    for (const offset of durable) {
      const confirmed = confirmedLsnOf(offset);
      if (confirmed !== null && this.#stream) this.#replication?.flush(confirmed);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { slot } = this.#settings;
    const client = this.#session?.client;
    await this.#replication?.[Symbol.asyncDispose]();
    if (slot.dropOnStop && client) await dropSlot(client, slot.name, this.#logger);
    await this.#resources.disposeAsync();
  }
}
