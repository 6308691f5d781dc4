import type { ErrorCode } from './errors.ts';
import type { LogRecord, SourceOffset } from './event-log.ts';
import type { MeasuredSource, SourceCounts } from './measure.ts';
import type { ConnectRecord } from './record.ts';
import type { Retry } from './retry.ts';

/** One finding of a preflight check. */
export type CheckResult = {
  /** What was looked at, in words: `wal_level`, `publication "dbz_publication"`. */
  readonly subject: string;
  readonly status: 'ok' | 'warning' | 'fault';
  /** What a start would fail with; null where it would not, or where that is not known. */
  readonly code: ErrorCode | null;
  /** The option under which `validate` tells of it; null where none is to blame. */
  readonly option: string | null;
  readonly message: string;
  /** What to do about it; null where it is ok. */
  readonly remedy: string | null;
};

/**
 * A record a source keeps for itself in the log, such as an entry of its schema history. No transform, converter or `topic.creation.*` has
 * to do with it: it is written as it stands, to partition 0 of a topic that has no other.
 */
export type InternalRecord = {
  readonly topic: string;
  readonly key: string | null;
  readonly value: string | null;
  /**
   * What is to stand last in the topic once the record is durable, without content of its own: the end of a transaction takes an offset, which a reader
   * of others' may wait for in vain (`EventLog.writeAlone`). Left out: nothing.
   */
  readonly end?: string;
};

/** Where a topic of signals is read from: behind what was taken last, or (null) at the group's offset, else at the topic's beginning or end. */
export type SignalStart = { readonly next: bigint | null; readonly reset: 'earliest' | 'latest' };

/** A topic of the worker's log that others write signals into; its first partition counts. */
export type SignalTopic = {
  /** Its records, and then those that are written, until aborted; waits where there is no such topic. Rejects as `EventLog.read`. */
  follow(from: SignalStart, abort: AbortSignal): AsyncIterable<readonly LogRecord[]>;
  /** Tells the group that all before `next` was taken. */
  taken(next: bigint): Promise<void>;
};

/** What a source may do with topics of the worker's log: those it keeps for itself, and those of signals. */
export type InternalTopics = {
  /** What the topic holds now, from its first record; nothing where there is no such topic. */
  read(topic: string, abort: AbortSignal): AsyncIterable<readonly LogRecord[]>;
  /** Deletes what lies before an offset. */
  truncate(topic: string, before: bigint): Promise<void>;
  /** A topic of signals; `group`: the consumer group that others see it read by. */
  signals(topic: string, group: string): SignalTopic;
  /** The servers of the log, as host:port; null: it is embedded. */
  readonly servers: readonly string[] | null;
};

/** Records of one read and the offsets that cover them: both become durable together or not at all (invariant 1). */
export type SourceBatch = {
  readonly records: readonly ConnectRecord[];
  /** What the source keeps for itself, durable with the records and the offsets. Left out: nothing. */
  readonly internal?: readonly InternalRecord[];
  /** What the database sent for it, in bytes: the measure of what is read ahead. */
  readonly bytes: number;
  /** Resume after this batch. */
  readonly offsets: readonly SourceOffset[];
  /** When the database committed the last of its changes, in milliseconds since 1970; null where it holds no streamed change. */
  readonly committedAtMs: number | null;
};

/** How far a source is. */
export type SourceStatus = {
  readonly phase: 'starting' | 'snapshot' | 'streaming' | 'idle' | 'finished';
  /** The database's position of the last change read, as its users write it (`0/16B3748`). */
  readonly position: string | null;
  /** Milliseconds between the last change's commit and its reading; null before the first. */
  readonly lagMs: number | null;
  readonly snapshot: SnapshotProgress | null;
  /** Set while the source by itself waits to try something again, before it gives up with this error. */
  readonly retry?: Retry | null;
  /** What an operator should know although the source runs: a pattern that matches nothing, a table that is not published. */
  readonly warnings?: readonly string[];
  /** The snapshot on demand that is under way beside the stream, or the last one; null: none since the start. */
  readonly onDemand?: OnDemandProgress | null;
  readonly counts?: SourceCounts;
};

export type SnapshotProgress = {
  readonly tables: number;
  readonly tablesDone: number;
  readonly rows: number;
  /** Estimated from the catalog's statistics; null where unknown. */
  readonly rowsEstimated: number | null;
};

/**
 * A signal to a running source (Debezium's signals), whatever channel it came by: a row of a signal table, a topic, a file, a REST call.
 * `data` is JSON, or null.
 */
export type SourceSignal = { readonly id: string; readonly type: string; readonly data: string | null };

/** A table of a snapshot on demand. */
export type OnDemandTable = {
  readonly name: string;
  readonly state: 'waiting' | 'reading' | 'done' | 'stopped' | 'skipped';
  /** Read so far, by this run of the task. */
  readonly rows: number;
  /** By the catalog's statistics, of the whole table; null where unknown. */
  readonly rowsEstimated: number | null;
  /** Why it was skipped. */
  readonly reason: string | null;
};

/** How far a snapshot on demand is. */
export type OnDemandProgress = {
  /** Of the signal that asked for it, the last one where there were several. */
  readonly id: string;
  readonly state: 'running' | 'paused' | 'finished';
  readonly tables: readonly OnDemandTable[];
  /** Published so far, with what was published before a restart. */
  readonly chunks: number;
  readonly rows: number;
  readonly rowsPerSecond: number | null;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  /** At the present rate; null where the tables' sizes are unknown. Once finished: when it was. */
  readonly endsAtMs: number | null;
  /** Why nothing is read for now although it is running. Left out: it is. */
  readonly waitsFor?: string;
};

/**
 * One task of a source connector. One owner; disposing ends its connections. Everything moves in batches.
 */
export interface Source extends AsyncDisposable, MeasuredSource {
  /** Everything a start needs: grants, wal_level, slot ... All faults at once. Changes nothing in the database. */
  check(abort: AbortSignal): Promise<readonly CheckResult[]>;
  /**
   * Snapshot and stream, from these offsets (empty: none yet) until aborted or, with a snapshot-only mode, finished. The task's former
   * owner is fenced by then: `internal` holds all that it made durable.
   */
  read(from: readonly SourceOffset[], abort: AbortSignal, internal: InternalTopics): AsyncIterable<SourceBatch>;
  /** These offsets are durable in the log: the database may free its own log up to there (invariant 2). Never awaits the database. */
  commit(durable: readonly SourceOffset[]): void;
  status(): SourceStatus;
  /**
   * Takes a signal in while it streams; what it changes becomes durable with the next batch. Rejects with BAD_REQUEST for one that cannot be
   * followed, with CONFLICT before streaming has begun. Left out: the source knows no signals.
   */
  signal?(signal: SourceSignal): Promise<void>;
}
