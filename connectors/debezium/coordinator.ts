import type {
  CheckResult,
  Logger,
  SluiceError,
  SnapshotProgress,
  Source,
  SourceBatch,
  SourceOffset,
  SourceStatus,
} from '../../src/contract/index.ts';
import { decideSnapshot, type SnapshotMode } from './snapshot-mode.ts';

/** What a database finds when it holds the stored offsets against its own log. */
export type FoundOffsets = {
  /** `unfinished`: a snapshot was under way. */
  readonly state: 'none' | 'unfinished' | 'streaming';
  /** Why streaming cannot go on from them; null: it can. */
  readonly lost: SluiceError | null;
};

/**
 * What a database implements: how it is read. Snapshot and stream are two pieces; the coordinator joins them, once for every database.
 */
export interface ChangeDatabase extends AsyncDisposable {
  check(abort: AbortSignal): Promise<readonly CheckResult[]>;
  /** Connects and looks at the offsets. Nothing is changed in the database yet. */
  open(from: readonly SourceOffset[], abort: AbortSignal): Promise<FoundOffsets>;
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
}

/** The one Source of all Debezium connectors: decides by `snapshot.mode`, runs the snapshot, then the stream. */
export class CoordinatedSource implements Source {
  readonly #database: ChangeDatabase;
  readonly #mode: SnapshotMode;
  readonly #logger: Logger;
  #phase: SourceStatus['phase'] = 'starting';
  #lagMs: number | null = null;
  readonly #nowMs: () => number;

  constructor(database: ChangeDatabase, mode: SnapshotMode, logger: Logger, nowMs: () => number) {
    this.#database = database;
    this.#mode = mode;
    this.#logger = logger;
    this.#nowMs = nowMs;
  }

  check(abort: AbortSignal): Promise<readonly CheckResult[]> {
    return this.#database.check(abort);
  }

  async *read(from: readonly SourceOffset[], abort: AbortSignal): AsyncGenerator<SourceBatch> {
    const database = this.#database;
    const found = await database.open(from, abort);
    const decision = decideSnapshot(this.#mode, found);
    this.#logger.info({ mode: this.#mode, offsets: found.state, ...decision }, decision.reason);
    await database.prepare(decision, abort);
    if (decision.snapshot) {
      this.#phase = 'snapshot';
      for await (const batch of database.snapshot(abort)) yield batch;
    }
    if (decision.stream && !abort.aborted) {
      this.#phase = 'streaming';
      for await (const batch of database.stream(abort)) {
        if (batch.committedAtMs !== null) this.#lagMs = this.#nowMs() - batch.committedAtMs;
        yield batch;
      }
    }
    this.#phase = abort.aborted ? 'idle' : 'finished';
  }

  commit(durable: readonly SourceOffset[]): void {
    this.#database.commit(durable);
  }

  status(): SourceStatus {
    return { phase: this.#phase, position: this.#database.position, lagMs: this.#lagMs, snapshot: this.#database.snapshotProgress };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }
}
