import type { TableEvents } from '../../contract/index.ts';
import { type Family, ofTasks } from './family.ts';

/** Debezium's letters of the operations. */
const operations: readonly (readonly [letter: string, of: (events: TableEvents) => number])[] = [
  ['c', ({ creates }) => creates],
  ['u', ({ updates }) => updates],
  ['d', ({ deletes }) => deletes],
  ['r', ({ reads }) => reads],
  ['t', ({ truncates }) => truncates],
];

/** What sources have, and the way of a change to the log or to a sink's target. */
export const sourceFamilies: readonly Family[] = [
  {
    name: 'sluice_source_events_total',
    help: 'Events made of what the database sent, by table and operation: c, u, d, r (read by a snapshot), t (truncate).',
    type: 'counter',
    labels: ['connector', 'task', 'table', 'operation'],
    samples: ({ tasks }) =>
      tasks.flatMap(({ id, events }) =>
        events.flatMap(counted =>
          operations.flatMap(([operation, of]) => {
            const value = of(counted);
            return value === 0 ? [] : [{ labels: { task: String(id), table: counted.table, operation }, value }];
          }),
        ),
      ),
  },
  ofTasks(
    'counter',
    'sluice_source_filtered_events_total',
    'Changes that an option kept from being published (skipped.operations, skip.messages.without.change).',
    (task, _nowMs, { type }) => (type === 'source' ? task.filtered_events : null),
  ),
  ofTasks('gauge', 'sluice_source_queue_records', 'Records read and not durable yet.', ({ queue }) => queue?.records ?? null),
  ofTasks(
    'gauge',
    'sluice_source_queue_capacity_records',
    'Records that may be read ahead (max.queue.size): reading waits there.',
    ({ queue }) => queue?.recordsMax ?? null,
  ),
  ofTasks('gauge', 'sluice_source_queue_bytes', 'Bytes of them, as the database sent them.', ({ queue }) => queue?.bytes ?? null),
  ofTasks(
    'gauge',
    'sluice_source_queue_capacity_bytes',
    'Bytes that may be read ahead (max.queue.size.in.bytes), where that is set.',
    ({ queue }) => queue?.bytesMax ?? null,
  ),
  ofTasks(
    'histogram',
    'sluice_source_commit_to_log_seconds',
    'From a change’s commit in the database to its being durable in the log: of the last change of each batch.',
    ({ latency }, _nowMs, { type }) => (type === 'source' ? latency : null),
  ),
  ofTasks(
    'histogram',
    'sluice_sink_commit_to_sink_seconds',
    'From a change’s commit in the database to its being durable in the target: of the last change of each batch.',
    ({ latency }, _nowMs, { type }) => (type === 'sink' ? latency : null),
  ),
];
