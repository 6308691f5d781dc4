import { type Family, ofTasks, secondsOf, unixSeconds } from './family.ts';

/** What every task has, of a source or a sink. */
export const taskFamilies: readonly Family[] = [
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
  ofTasks('histogram', 'sluice_task_batch_records', 'Records of a batch that became durable in one go.', ({ batches }) => batches),
  ofTasks('counter', 'sluice_task_filtered_records_total', 'Records that a transform dropped by its rule.', ({ filtered }) => filtered),
  ofTasks(
    'counter',
    'sluice_task_skipped_records_total',
    'Records with an error that errors.tolerance=all passed over.',
    ({ skipped }) => skipped,
  ),
  ofTasks('counter', 'sluice_task_dead_letters_total', 'Records of a sink that became dead letters.', (task, _nowMs, { type }) =>
    type === 'sink' ? task.dead_letters : null,
  ),
  ofTasks('gauge', 'sluice_task_read_lag_seconds', 'From the last change’s commit in the database to its reading.', task =>
    secondsOf(task.read_lag_ms),
  ),
  ofTasks(
    'gauge',
    'sluice_task_commit_lag_seconds',
    'From the last change’s commit in the database to its being durable; of the last batch, however long ago that was.',
    task => secondsOf(task.commit_lag_ms),
  ),
  ofTasks('gauge', 'sluice_task_last_durable_timestamp_seconds', 'When something of the task last became durable.', task =>
    unixSeconds(task.last_durable),
  ),
  ofTasks(
    'counter',
    'sluice_task_retries_total',
    'Attempts that failed with what heals by itself, and were made again.',
    task => task.retries,
  ),
  ofTasks('gauge', 'sluice_task_retry_attempts', 'Attempts that have failed in a row; 0 where none is tried again.', task =>
    task.retrying === null ? 0 : task.retrying.attempts,
  ),
  ofTasks('gauge', 'sluice_task_retrying_seconds', 'For how long the task has been tried again; 0 where it is not.', (task, nowMs) =>
    task.retrying === null ? 0 : Math.max(0, nowMs / 1000 - unixSeconds(task.retrying.since)!),
  ),
];
