import type { QueueFill, TableEvents } from '../../contract/index.ts';
import type { HistogramView } from './histogram.ts';

/** What metrics are made of: the part of a connector's progress that they show. Times are ISO 8601 texts, as REST has them. */
export type ObservedTask = {
  readonly id: number;
  readonly state: string;
  readonly retrying: { readonly since: string; readonly attempts: number } | null;
  readonly phase: string | null;
  readonly read_lag_ms: number | null;
  readonly commit_lag_ms: number | null;
  readonly snapshot: {
    readonly tables: number;
    readonly tablesDone: number;
    readonly rows: number;
    readonly rowsEstimated: number | null;
  } | null;
  readonly bytes: number;
  readonly records_by_topic: Readonly<Record<string, number>>;
  readonly filtered: number;
  readonly skipped: number;
  readonly dead_letters: number;
  readonly last_durable: string | null;
  /** Attempts that failed and were made again. */
  readonly retries: number;
  /** Of a source that counts them: what it made of the database's changes. */
  readonly events: readonly TableEvents[];
  /** Changes that an option of the source kept from being published. */
  readonly filtered_events: number;
  /** Of a source: what is read and not durable yet. */
  readonly queue: QueueFill | null;
  /** Seconds from commit to durable, a value a batch. */
  readonly latency: HistogramView;
  /** Records of a batch that became durable. */
  readonly batches: HistogramView;
};

/** How far a connector is behind, whether its tasks run or not. */
export type ObservedLag = {
  /** For how long what it brings may lack changes; null where that is not known. */
  readonly ms: number | null;
  /** Of the database's log, not durable here yet. */
  readonly bytes: number | null;
  /** Of a sink: records that are not in the target, by topic. */
  readonly records_by_topic: Readonly<Record<string, number>> | null;
};

/** What the database says of its own log; null where it does not say. */
export type ObservedDatabase = {
  readonly measured: string;
  readonly log_bytes: number | null;
  readonly log_limit_bytes: number | null;
  readonly headroom_bytes: number | null;
  readonly headroom_seconds: number | null;
  readonly window_seconds: number | null;
  /** At the present rate; Infinity: never. */
  readonly limit_in_seconds: number | null;
  readonly slot_wal_status: string | null;
};

/** How the last verification of a source against a sink, or the log, has ended. */
export type ObservedVerification = {
  readonly against: string;
  readonly state: string;
  readonly ended_at: string | null;
  readonly rows: number;
  readonly differing: { readonly missing: number; readonly extra: number; readonly stale: number; readonly changed: number };
  readonly unrepaired: number;
};

export type ObservedConnector = {
  readonly name: string;
  readonly class: string;
  readonly type: 'source' | 'sink' | 'unknown';
  readonly state: string;
  readonly warnings: readonly string[];
  readonly tasks: readonly ObservedTask[];
  readonly lag: ObservedLag;
  readonly database: ObservedDatabase | null;
  /** Looks at the database, or the log, that failed. */
  readonly measure_failures: number;
  /** Of a source that was verified. */
  readonly verifications?: readonly ObservedVerification[];
  /** `topic.prefix`: Debezium's name of the server; null where it has none. */
  readonly server: string | null;
};

export type ObservedWorker = { readonly version: string; readonly ready: boolean };
