import { setTimeout } from 'node:timers/promises';
import {
  type CheckResult,
  type InternalTopics,
  type Logger,
  type OnDemandProgress,
  type Retry,
  SluiceError,
  type SnapshotProgress,
  type Source,
  type SourceBatch,
  type SourceOffset,
  type SourceSignal,
  type SourceStatus,
} from '../../src/contract/index.ts';
import { notedBatches, notedSnapshot } from './notifications/noted-batches.ts';
import type { Notifications } from './notifications/notifications.ts';
import type { SignalSettings } from './options/signal-options.ts';
import type { SnapshotMode } from './options/snapshot-options.ts';
import { ReadAhead, type ReadAheadLimits } from './read-ahead.ts';
import { isSignalPlace, TopicChannel } from './signals/topic-channel.ts';
import { decideSnapshot } from './snapshot-mode.ts';
import type { SourceWatch } from './source-watch.ts';

/** What a database finds when it holds the stored offsets against its own log. */
export type FoundOffsets = {
  /** `unfinished`: a snapshot was under way. */
  readonly state: 'none' | 'unfinished' | 'streaming';
  /** Why streaming cannot go on from them; null: it can. */
  readonly lost: SluiceError | null;
  /** Set where they are lost and the stream heals that by itself: why they were lost. */
  readonly heals?: SluiceError;
};

/**
 * What a database implements: how it is read. Snapshot and stream are two pieces; the coordinator joins them, once for every database.
 */
export interface ChangeDatabase extends AsyncDisposable {
  check(abort: AbortSignal): Promise<readonly CheckResult[]>;
  /** Connects and looks at the offsets. Nothing is changed in the database yet. `internal`: the topics it keeps for itself. */
  open(from: readonly SourceOffset[], abort: AbortSignal, internal: InternalTopics): Promise<FoundOffsets>;
  /**
   * Makes ready for what was decided. `fresh`: the offsets are not to be used. Publication and slot are made here, before the first
   * batch.
   */
  prepare(decision: { snapshot: boolean; stream: boolean; fresh: boolean }, abort: AbortSignal): Promise<void>;
  snapshot(abort: AbortSignal): AsyncIterable<SourceBatch>;
  stream(abort: AbortSignal): AsyncIterable<SourceBatch>;
  /** Durable in the log: the database may free its own log up to there (invariant 2). */
  commit(durable: readonly SourceOffset[]): void;
  /** The position of the last change read, as the database's users write it. */
  readonly position: string | null;
  readonly snapshotProgress: SnapshotProgress | null;
  /** What it waits for to try again; null where it does not wait. */
  readonly retry: Retry | null;
  /** What was found at the start and does not stop it. */
  readonly warnings: readonly string[];
  /** The snapshot on demand that was asked for last; left out, as `signal` is, where there are none. */
  readonly onDemand?: OnDemandProgress | null;
  /** Follows a signal while it streams; answers why it cannot, or null. */
  signal?(signal: SourceSignal): Promise<string | null>;
}

/** Waits before the phases, in milliseconds. */
export type PhaseDelays = { readonly snapshotMs: number; readonly streamingMs: number };

/** How a source is run, whatever its database. */
export type Coordination = {
  readonly mode: SnapshotMode;
  readonly limits: ReadAheadLimits;
  readonly delays: PhaseDelays;
  readonly watch: SourceWatch;
  /** Left out: it notifies of nothing. */
  readonly notifications?: Notifications | null;
  /** Signals by a topic. */
  readonly signals: Pick<SignalSettings, 'topic' | 'pollMs'> & { readonly prefix: string };
};

/** The one Source of all Debezium connectors: decides by `snapshot.mode`, runs the snapshot, then the stream. */
export class CoordinatedSource implements Source {
  readonly #database: ChangeDatabase;
  readonly #mode: SnapshotMode;
  readonly #logger: Logger;
  #phase: SourceStatus['phase'] = 'starting';
  #lagMs: number | null = null;
  readonly #readAhead: ReadAhead;
  readonly #delays: PhaseDelays;
  readonly #watch: SourceWatch;
  readonly giveUp?: NonNullable<Source['giveUp']>;
  readonly #notifications: Notifications | null;
  readonly #signals: Coordination['signals'];
  /** While it reads. */
  #channel: TopicChannel | null = null;
  readonly #nowMs: () => number;

  constructor(
    database: ChangeDatabase,
    { mode, limits, delays, watch, notifications = null, signals }: Coordination,
    logger: Logger,
    nowMs: () => number,
  ) {
    this.#database = database;
    this.#mode = mode;
    this.#logger = logger;
    this.#readAhead = new ReadAhead(limits);
    this.#delays = delays;
    this.#watch = watch;
    this.#notifications = notifications;
    this.#signals = signals;
    if (watch.giveUp) this.giveUp = (...given) => watch.giveUp!(...given);
    this.#nowMs = nowMs;
  }

  check(abort: AbortSignal): Promise<readonly CheckResult[]> {
    return this.#database.check(abort);
  }

  async *read(from: readonly SourceOffset[], abort: AbortSignal, internal: InternalTopics): AsyncGenerator<SourceBatch> {
    const database = this.#database;
    await using channel = this.#topicChannel(from, internal);
    this.#channel = channel;
    const own = from.filter(offset => !isSignalPlace(offset));
    const found = await database.open(own, abort, internal);
    const decision = decideSnapshot(this.#mode, found);
    this.#logger.info({ mode: this.#mode, offsets: found.state, ...decision }, decision.reason);
    await database.prepare(decision, abort);
    const notes = this.#notifications;
    if (!decision.snapshot) notes?.send({ aggregate: 'Initial Snapshot', type: 'SKIPPED', id: null, data: {} });
    if (decision.snapshot) {
      await this.#delay(this.#delays.snapshotMs, 'The snapshot begins', abort);
      this.#phase = 'snapshot';
      const batches = database.snapshot(abort);
      yield* this.#bounded(notes === null ? batches : notedSnapshot(batches, notes, abort), abort);
    }
    if (decision.stream && !abort.aborted) {
      if (decision.snapshot) await this.#delay(this.#delays.streamingMs, 'Streaming begins', abort);
      this.#phase = 'streaming';
      const read = database.stream(abort);
      const batches = channel === null ? read : channel.placed(read);
      channel?.start();
      yield* this.#bounded(notes === null ? batches : notedBatches(batches, notes), abort);
    }
    this.#phase = abort.aborted ? 'idle' : 'finished';
  }

  /** null: the channel kafka is not enabled. */
  #topicChannel(from: readonly SourceOffset[], internal: InternalTopics): TopicChannel | null {
    const { topic: settings, pollMs: retryMs, prefix } = this.#signals;
    const { signal } = this.#database;
    if (settings === null || signal === undefined) return null;
    const follow = (given: SourceSignal) => signal.call(this.#database, given);
    return new TopicChannel({ settings, prefix, retryMs, logger: this.#logger, follow }, from, internal);
  }

  /** Batches, no further ahead of the log than the limits allow. */
  async *#bounded(batches: AsyncIterable<SourceBatch>, abort: AbortSignal): AsyncGenerator<SourceBatch> {
    for await (const batch of batches) {
      if (batch.committedAtMs !== null) this.#lagMs = this.#nowMs() - batch.committedAtMs;
      this.#readAhead.add(batch);
      yield batch;
      if (this.#readAhead.full) await this.#readAhead.room(abort);
    }
  }

  /** `snapshot.delay.ms`, `streaming.delay.ms`: other connectors, or the start of the server, first. */
  async #delay(milliseconds: number, what: string, abort: AbortSignal): Promise<void> {
    if (milliseconds === 0) return;
    this.#logger.info({ delayMs: milliseconds }, `${what} in ${milliseconds} ms, as configured`);
    await setTimeout(milliseconds, undefined, { signal: abort }).catch(() => {});
  }

  commit(durable: readonly SourceOffset[]): void {
    this.#database.commit(durable.filter(offset => !isSignalPlace(offset)));
    this.#channel?.durable(durable);
    this.#readAhead.durable(durable);
  }

  status(): SourceStatus {
    const { position, snapshotProgress, retry, warnings, onDemand = null } = this.#database;
    const counts = { events: this.#watch.events.list(), filteredEvents: this.#filteredEvents, queue: this.#readAhead.fill };
    return { phase: this.#phase, position, lagMs: this.#lagMs, snapshot: snapshotProgress, retry, warnings, onDemand, counts };
  }

  async signal(signal: SourceSignal): Promise<void> {
    const database = this.#database;
    if (database.signal === undefined)
      throw new SluiceError('BAD_REQUEST', 'This connector’s class takes no snapshots on demand yet.', {
        remedy: 'To read tables again, delete the connector’s offsets while it is stopped.',
      });
    if (this.#phase !== 'streaming')
      throw new SluiceError('CONFLICT', `The connector takes signals while it streams; it is ${this.#phase} now.`);
    const why = await database.signal(signal);
    if (why !== null) throw new SluiceError('BAD_REQUEST', `This cannot be done: ${why}.`);
  }

  measure(...given: Parameters<SourceWatch['measure']>): ReturnType<SourceWatch['measure']> {
    return this.#watch.measure(...given);
  }

  get #filteredEvents(): number {
    const { filtered } = this.#watch;
    return filtered === null ? 0 : filtered.skipped + filtered.unchanged;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }
}
