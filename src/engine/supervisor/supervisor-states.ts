import { type SluiceError, type SnapshotProgress, toSluiceError } from '../../contract/index.ts';
import type { ObservedDatabase, ObservedLag } from '../../observe/metrics/observed.ts';
import type { ConnectorType } from '../connector/connector-plan.ts';

/** States as Connect's REST API and status topic have them (AbstractStatus.State). */
export type RunState = 'UNASSIGNED' | 'RUNNING' | 'PAUSED' | 'STOPPED' | 'FAILED' | 'RESTARTING';

/** GET /connectors/NAME/status. `trace` is left out where there is none. */
export type ConnectorStatus = {
  readonly name: string;
  readonly connector: { readonly state: RunState; readonly worker_id: string; readonly trace?: string; readonly version: string };
  readonly tasks: readonly TaskStatus[];
  readonly type: ConnectorType | 'unknown';
};

export type TaskStatus = {
  readonly id: number;
  readonly state: RunState;
  readonly worker_id: string;
  readonly trace?: string;
  readonly version: string;
};

/** GET /connectors/NAME. */
export type ConnectorInfo = {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  readonly tasks: readonly { readonly connector: string; readonly task: number }[];
  readonly type: ConnectorType | 'unknown';
};

/** A task that waits to be tried again. */
export type Retrying = {
  readonly code: string;
  readonly reason: string;
  readonly remedy: string;
  /** How many attempts have failed in a row. */
  readonly attempts: number;
  /** ISO 8601. */
  readonly since: string;
  readonly next_attempt: string;
};

/** Where a sink's task is in its partitions. */
export type Consuming = {
  /** Records in the log that are not in the target yet. */
  readonly lag_records: number;
  readonly partitions: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly lag_records: number;
  }[];
};

/** What a task is doing, beyond what Connect's states can say (GET /sluice/connectors/NAME). */
export type TaskProgress = {
  readonly id: number;
  /** Connect's state, or RETRYING, which Connect does not have. */
  readonly state: RunState | 'RETRYING';
  readonly trace: string | null;
  readonly retrying: Retrying | null;
  /** What the source found and runs in spite of: a pattern that matches nothing, a table that is not published. */
  readonly warnings: readonly string[];
  readonly phase: string | null;
  readonly position: string | null;
  /** From a change's commit in the database to its reading. */
  readonly read_lag_ms: number | null;
  /** From the last change's commit in the database to its being durable in the log. */
  readonly commit_lag_ms: number | null;
  readonly snapshot: SnapshotProgress | null;
  readonly records: number;
  readonly bytes: number;
  readonly records_per_second: number;
  readonly records_by_topic: Readonly<Record<string, number>>;
  readonly filtered: number;
  readonly skipped: number;
  /** Of a sink: records that became dead letters. */
  readonly dead_letters: number;
  /** Of a sink: how far it is; null of a source, and where the task does not run. Offsets are of the next record. */
  readonly consuming: Consuming | null;
  readonly last_durable: string | null;
};

export type ConnectorProgress = {
  readonly name: string;
  readonly class: string;
  readonly target_state: string;
  readonly state: RunState;
  readonly trace: string | null;
  /** The file that holds the connector; null for one made by REST. */
  readonly file: string | null;
  readonly warnings: readonly string[];
  /** Of the connector as a whole, as of the last look (metrics.database.interval.ms); it grows while nothing runs. */
  readonly lag: ObservedLag;
  /** Of a source: what the database last said of its log. */
  readonly database: ObservedDatabase | null;
  readonly tasks: readonly TaskProgress[];
};

/** A status as a restart answers it: the connector where it is `whole`, and its `tasks`, as they will be. */
export function restartingStatus(status: ConnectorStatus, whole: boolean, tasks: ReadonlySet<number>): ConnectorStatus {
  const restarting = <S extends { readonly state: RunState; readonly trace?: string }>({ trace: _, ...state }: S) => ({
    ...state,
    state: 'RESTARTING' as const,
  });
  return {
    ...status,
    connector: whole ? restarting(status.connector) : status.connector,
    tasks: status.tasks.map(task => (tasks.has(task.id) ? restarting(task) : task)),
  };
}

/** An error as `trace` shows it: what happened, what to do, where. Causes stay out, since a driver's text may hold row values (invariant 8). */
export function traceOf(error: SluiceError): string {
  const at = (error.code === 'INTERNAL' && error.cause instanceof Error ? error.cause : error).stack ?? '';
  const frames = at.slice(Math.max(0, at.indexOf('\n    at ')));
  return `${error.code}: ${error.message}\n${error.remedy}${frames.startsWith('\n') ? frames : ''}`;
}

export function traceOfThrown(thrown: unknown): string {
  return traceOf(toSluiceError(thrown));
}
