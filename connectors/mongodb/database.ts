import type { MongoClient } from 'mongodb';
import {
  type CheckResult,
  crashPoint,
  isStreamOffset,
  type JsonObject,
  type OnDemandProgress,
  SluiceError,
  type SnapshotProgress,
  type SourceBatch,
  type SourceOffset,
  type SourceSignal,
} from '../../src/contract/index.ts';
import type { ChangeDatabase, FoundOffsets } from '../debezium/coordinator.ts';
import { type Guardrail, guardrailFinding } from '../debezium/filters.ts';
import { BlockingReader } from '../debezium/incremental/blocking-reader.ts';
import { KnownTables } from '../debezium/known-tables.ts';
import { changeStreamCommand, streamTarget } from './change-stream-command.ts';
import { checkServer } from './check.ts';
import { Collections } from './collections.ts';
import { connect, servers } from './connection.ts';
import { databaseError, resumeError } from './database-error.ts';
import { StreamedSnapshots } from './incremental.ts';
import { positionOffset, readPosition, type StoredPosition, type StreamPosition, serverPartition } from './position.ts';
import { RawCursor } from './raw-cursor.ts';
import type { MongoSettings, RecordMakers } from './settings.ts';
import { MongoSnapshot } from './snapshot.ts';
import { rangePartition, type StoredRanges, storedRanges } from './snapshot-ranges.ts';
import { MongoStream, shownPosition } from './stream.ts';
import { StreamReach } from './stream-reach.ts';

/** One MongoDB deployment as a source of changes: snapshot by find, then a change stream. */
export class MongoDatabase implements ChangeDatabase {
  readonly #settings: MongoSettings;
  readonly #makers: RecordMakers;
  readonly #guardrail: Guardrail;
  readonly #partition: JsonObject;
  readonly #collections: Collections;
  #client: MongoClient | null = null;
  #stored: StoredPosition | null = null;
  #known: KnownTables | null = null;
  #start: StreamPosition | null = null;
  /** Progress of an interrupted snapshot. */
  #ranges: StoredRanges = new Map();
  /** Deletes what was stored of an interrupted snapshot that is not gone on with. */
  #outdated: readonly SourceOffset[] = [];
  #snapshot: MongoSnapshot | null = null;
  #stream: MongoStream | null = null;
  /** Once it is known where streaming begins. */
  #onDemand: StreamedSnapshots | null = null;
  #reach: StreamReach | null = null;
  /** While there is one. */
  readonly client = (): MongoClient | null => this.#client;
  readonly retry = null;
  warnings: readonly string[] = [];

  constructor(settings: MongoSettings, makers: RecordMakers, guardrail: Guardrail) {
    this.#settings = settings;
    this.#makers = makers;
    this.#guardrail = guardrail;
    this.#partition = serverPartition(settings.topicPrefix);
    this.#collections = new Collections(settings, makers);
  }

  get position(): string | null {
    const position = this.#stream?.position ?? this.#start;
    return position === null ? null : shownPosition(position);
  }

  get snapshotProgress(): SnapshotProgress | null {
    return this.#snapshot?.progress ?? null;
  }

  get onDemand(): OnDemandProgress | null {
    return this.#onDemand?.progress ?? null;
  }

  readonly signal = (signal: SourceSignal): Promise<string | null> => this.#onDemand!.signal(signal);

  check(abort: AbortSignal): Promise<readonly CheckResult[]> {
    return checkServer(this.#settings, this.#collections, abort);
  }

  async open(from: readonly SourceOffset[], abort: AbortSignal): Promise<FoundOffsets> {
    this.#client = await connect(this.#settings.connection, abort);
    const listed = await this.#list();
    for (const { option, pattern } of this.#settings.filters.unmatched(listed))
      this.#warn(`${option}: '${pattern}' matches no collection (collections may be made later).`);
    this.#guard(listed.length);
    const own = from.filter(({ partition }) => partition['server_id'] === this.#settings.topicPrefix);
    const main = own.find(isStreamOffset);
    this.#stored = main?.offset ? readPosition(main.offset) : null;
    this.#ranges = storedRanges(own);
    this.#known = new KnownTables(this.#partition, own);
    if (this.#stored === null) return { state: 'none', lost: null };
    const lost = this.#settings.streams ? await this.#lost(this.#stored.position, abort) : null;
    return { state: this.#stored.snapshotCompleted ? 'streaming' : 'unfinished', lost };
  }

  /** Why the stream cannot go on behind a stored position: its history is gone from the oplog (error 286); null: it can. */
  async #lost(position: StreamPosition, abort: AbortSignal): Promise<SluiceError | null> {
    if (position.token === null && position.clusterTime === null)
      return new SluiceError('POSITION_LOST', 'The stored offset holds no resume token: nothing was streamed under it.');
    try {
      await using cursor = await this.#openStream(position, abort);
      // The answer to the opening is empty; only with the next one has the server looked into its oplog.
      await cursor.next(0, null);
      await cursor.next(1, 1);
      return null;
    } catch (error) {
      const found = resumeError(error, 'The changes behind the stored resume token cannot be read');
      if (found.code === 'POSITION_LOST') return found;
      throw found;
    }
  }

  #openStream(position: StreamPosition | null, abort: AbortSignal): Promise<RawCursor> {
    const { capture } = this.#settings;
    return RawCursor.open(this.#client!, streamTarget(capture).database, changeStreamCommand(capture, position, 0), abort);
  }

  #warn(message: string): void {
    this.warnings = [...this.warnings, message];
    this.#makers.logger.warn({}, message);
  }

  /** `guardrail.collections.max`: a list that matches far more than was meant. */
  #guard(collections: number): void {
    const finding = guardrailFinding(this.#guardrail, collections);
    if (finding?.fault)
      throw new SluiceError('CONFIG_INVALID', finding.message, { remedy: 'Narrow the lists, or raise guardrail.collections.max.' });
    if (finding) this.#warn(finding.message);
  }

  #list() {
    return this.#collections.list(this.#client!).catch(error => {
      throw databaseError(error, 'Listing the collections');
    });
  }

  async prepare(...[{ snapshot, stream, fresh }, abort]: Parameters<ChangeDatabase['prepare']>): Promise<void> {
    if (fresh) this.#stored = null;
    if (fresh || (snapshot && this.#stored?.snapshotCompleted)) {
      // With the new position: what was read before it must not count as read after it.
      const partitions = [...this.#ranges.values()].flat().map(range => rangePartition(this.#partition, range));
      this.#outdated = partitions.map(partition => ({ partition, offset: null }));
      this.#ranges = new Map();
    }
    this.#start = this.#stored?.snapshotCompleted === false || !snapshot ? (this.#stored?.position ?? null) : null;
    if (!stream) return;
    if (this.#start === null) {
      this.#start = await this.#now(snapshot, abort);
      crashPoint('snapshot-view-taken');
    }
    const [client, settings, makers, collections] = [this.#client!, this.#settings, this.#makers, this.#collections];
    this.#reach = new StreamReach(await servers(client), this.#start);
    const [known, reach, partition] = [this.#known!, this.#reach, this.#partition];
    this.#onDemand = new StreamedSnapshots({ client, settings, makers, collections, known, reach, partition });
    await this.#onDemand.findAdded(snapshot || this.#stored === null).catch(error => {
      throw databaseError(error, 'Listing the collections');
    });
    if (snapshot || this.#stored === null) return;
    this.#onDemand.restore(this.#stored.offset);
    if (this.#onDemand.blocking.next?.begun) this.#onDemand.pages.restore(this.#ranges);
  }

  /** Where the stream will begin: taken before the first read, so that no change is missed. */
  async #now(snapshot: boolean, abort: AbortSignal): Promise<StreamPosition> {
    const idle = { clusterTime: null, lsid: null, txnNumber: null };
    const { startAtOperationTime } = this.#settings.capture;
    if (!snapshot && startAtOperationTime !== null) return { ...idle, token: null };
    try {
      const capture = { ...this.#settings.capture, startAtOperationTime: null };
      const command = changeStreamCommand(capture, null, 0);
      await using cursor = await RawCursor.open(this.#client!, streamTarget(capture).database, command, abort);
      const { resumeToken } = await cursor.next(0, null);
      if (resumeToken !== null) return { ...idle, token: Buffer.from(resumeToken) };
      const time = cursor.operationTime;
      return { ...idle, token: null, clusterTime: time && { seconds: time.getHighBitsUnsigned(), increment: time.getLowBitsUnsigned() } };
    } catch (error) {
      throw databaseError(error, 'Opening the change stream');
    }
  }

  async *snapshot(abort: AbortSignal): AsyncGenerator<SourceBatch> {
    const { filters } = this.#settings;
    const collections = (await this.#list()).filter(id => filters.includesInSnapshot(id));
    if (collections.length === 0)
      this.#makers.logger.warn({}, 'No collection matches the include and exclude lists: the snapshot is empty');
    const nowhere: StreamPosition = { token: null, clusterTime: null, lsid: null, txnNumber: null };
    const start = this.#start ?? nowhere;
    this.#snapshot = new MongoSnapshot({
      client: this.#client!,
      collections: this.#collections,
      settings: this.#settings,
      makers: this.#makers,
      partition: this.#partition,
      stored: this.#ranges,
    });
    const begun = positionOffset(this.#partition, start, true, {});
    yield { records: [], bytes: 0, offsets: [begun, ...this.#outdated], committedAtMs: null };
    try {
      yield* this.#snapshot.read(collections, abort);
    } catch (error) {
      if (abort.aborted) return;
      throw databaseError(error, 'Reading the snapshot');
    }
    if (abort.aborted) return;
    const complete = positionOffset(this.#partition, start, false, {});
    const offsets = [complete, ...this.#snapshot.deletions, ...(this.#onDemand?.added.take() ?? [])];
    yield { records: [], bytes: 0, offsets, committedAtMs: null };
    crashPoint('snapshot-complete');
    this.#makers.logger.info({ documents: this.#snapshot.progress.rows }, 'The snapshot is complete');
  }

  async *stream(abort: AbortSignal): AsyncGenerator<SourceBatch> {
    const { metadata, notifications, logger } = this.#makers;
    const start = this.#start!;
    const onDemand = this.#onDemand!;
    if (metadata && this.#stored) metadata.restore(this.#stored.offset);
    const transaction = this.#stored?.offset['transaction_id'];
    const extra = () => ({ ...metadata?.store(), ...onDemand.store() });
    this.#stream = new MongoStream(
      {
        client: this.#client!,
        settings: this.#settings,
        makers: this.#makers,
        collections: this.#collections,
        onDemand,
        reach: this.#reach!,
        transaction: metadata && typeof transaction === 'string' ? transaction : null,
        // Which collections are known is stored with the first position: before it nothing is.
        offsets: position => [positionOffset(this.#partition, position, false, extra()), ...onDemand.added.take()],
      },
      start,
    );
    const stream = this.#stream;
    await using blocking = new BlockingReader({
      blocking: onDemand.blocking,
      reading: onDemand.pages,
      isFree: () => onDemand.isIdle,
      offset: () => positionOffset(this.#partition, stream.position, false, extra()),
      forget: () => onDemand.pages.forget(),
      failure: thrown => databaseError(thrown, 'Reading the blocking snapshot'),
      notifications,
      logger,
    });
    logger.info({ position: shownPosition(start) }, 'Streaming');
    for await (const batch of stream.read(abort)) {
      yield batch;
      yield* blocking.read(abort);
    }
  }

  /** Nothing to tell the server: the oplog is freed by its size. */
  commit(): void {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#onDemand?.[Symbol.asyncDispose]();
    await this.#client?.close().catch(() => {});
  }
}
