import type { ObservedConnector, ObservedTask } from './observed.ts';

export type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

/** One metric: its name and unit after Prometheus' conventions (base units, `_total` for counters), and what it is made of. */
export type Family = {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly labels: readonly string[];
  /** Without the connector's label, which all have. */
  samples(connector: ObservedConnector, nowMs: number): readonly Sample[];
};

type Of = (task: ObservedTask, nowMs: number) => number | null;

/** A figure of each task; null: this task has none. */
function ofTasks(type: Family['type'], name: string, help: string, of: Of): Family {
  return {
    name,
    help,
    type,
    labels: ['connector', 'task'],
    samples: ({ tasks }, nowMs) =>
      tasks.flatMap(task => {
        const value = of(task, nowMs);
        return value === null ? [] : [{ labels: { task: String(task.id) }, value }];
      }),
  };
}

const secondsOf = (ms: number | null | undefined) => (ms === null || ms === undefined ? null : ms / 1000);
const unixSeconds = (time: string | null | undefined) => (time ? Date.parse(time) / 1000 : null);

export const families: readonly Family[] = [
  {
    name: 'sluice_connector_state',
    help: 'The state of a connector, as a label; always 1.',
    type: 'gauge',
    labels: ['connector', 'state'],
    samples: ({ state }) => [{ labels: { state }, value: 1 }],
  },
  {
    name: 'sluice_connector_warnings',
    help: 'Warnings about a connector’s config: options that have no effect, deprecated names.',
    type: 'gauge',
    labels: ['connector'],
    samples: ({ warnings }) => [{ labels: {}, value: warnings.length }],
  },
  {
    name: 'sluice_task_state',
    help: 'The state of a task, as a label (Kafka Connect’s states, and RETRYING); always 1.',
    type: 'gauge',
    labels: ['connector', 'task', 'state'],
    samples: ({ tasks }) => tasks.map(({ id, state }) => ({ labels: { task: String(id), state }, value: 1 })),
  },
  {
    name: 'sluice_task_records_total',
    help: 'Records that are durable (a source’s in the log, a sink’s in its target), since the worker started the task.',
    type: 'counter',
    labels: ['connector', 'task', 'topic'],
    samples: ({ tasks }) =>
      tasks.flatMap(task =>
        Object.entries(task.records_by_topic).map(([topic, value]) => ({ labels: { task: String(task.id), topic }, value })),
      ),
  },
  ofTasks('counter', 'sluice_task_bytes_total', 'Bytes of keys and values of the durable records.', ({ bytes }) => bytes),
  ofTasks('counter', 'sluice_task_filtered_records_total', 'Records that a transform dropped by its rule.', ({ filtered }) => filtered),
  ofTasks(
    'counter',
    'sluice_task_skipped_records_total',
    'Records with an error that errors.tolerance=all passed over.',
    ({ skipped }) => skipped,
  ),
  ofTasks('gauge', 'sluice_task_read_lag_seconds', 'From the last change’s commit in the database to its reading.', task =>
    secondsOf(task.read_lag_ms),
  ),
  ofTasks(
    'gauge',
    'sluice_task_commit_lag_seconds',
    'From the last change’s commit in the database to its being durable in the log.',
    task => secondsOf(task.commit_lag_ms),
  ),
  ofTasks('gauge', 'sluice_task_last_durable_timestamp_seconds', 'When something of the task last became durable.', task =>
    unixSeconds(task.last_durable),
  ),
  ofTasks('gauge', 'sluice_task_retry_attempts', 'Attempts that have failed in a row; 0 where none is tried again.', task =>
    task.retrying === null ? 0 : task.retrying.attempts,
  ),
  ofTasks('gauge', 'sluice_task_retrying_seconds', 'For how long the task has been tried again; 0 where it is not.', (task, nowMs) =>
    task.retrying === null ? 0 : Math.max(0, nowMs / 1000 - unixSeconds(task.retrying.since)!),
  ),
  ofTasks('gauge', 'sluice_snapshot_tables', 'Tables of the snapshot.', task => task.snapshot?.tables ?? null),
  ofTasks(
    'gauge',
    'sluice_snapshot_tables_done',
    'Tables of the snapshot that are read to their end.',
    task => task.snapshot?.tablesDone ?? null,
  ),
  ofTasks('gauge', 'sluice_snapshot_rows', 'Rows read by the snapshot.', task => task.snapshot?.rows ?? null),
  ofTasks(
    'gauge',
    'sluice_snapshot_rows_estimated',
    'Rows of the snapshot’s tables by the database’s statistics.',
    task => task.snapshot?.rowsEstimated ?? null,
  ),
];
