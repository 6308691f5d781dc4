import type { Sample } from './exposition.ts';
import type { Family } from './family.ts';
import type { ObservedConnector, ObservedTask } from './observed.ts';

/** The domains of Debezium's MBeans, by connector class. */
const plugins: readonly (readonly [RegExp, string])[] = [
  [/\.postgresql\.PostgresConnector$/, 'postgres'],
  [/\.mysql\.MySqlConnector$/, 'mysql'],
  [/\.mariadb\.MariaDbConnector$/, 'mariadb'],
  [/\.mongodb\.MongoDbConnector$/, 'mongodb'],
];

type Of = (task: ObservedTask, connector: ObservedConnector, nowMs: number) => number | null;

/**
 * A JMX attribute of Debezium under the name and labels that the JMX exporter gives it with Debezium's own example config, which its
 * dashboards look for: `debezium_metrics_NAME{plugin, name, context}`.
 */
function attribute(context: 'streaming' | 'snapshot', name: string, help: string, of: Of): Family {
  return {
    name: `debezium_metrics_${name}`,
    help,
    type: 'untyped',
    labels: ['connector', 'plugin', 'name', 'task', 'context'],
    samples: (connector, nowMs) => {
      const common = labelsOf(connector);
      if (common === null) return [];
      return connector.tasks.flatMap(task => {
        const value = of(task, connector, nowMs);
        return value === null ? [] : [{ labels: { ...common, task: String(task.id), context }, value }];
      });
    },
  };
}

function labelsOf({ class: className, server }: ObservedConnector): { readonly plugin: string; readonly name: string } | null {
  const plugin = plugins.find(([pattern]) => pattern.test(className))?.[1];
  return plugin === undefined || server === null ? null : { plugin, name: server };
}

const sum = (task: ObservedTask, of: (events: ObservedTask['events'][number]) => number) =>
  task.events.reduce((total, events) => total + of(events), 0);
const changes = (task: ObservedTask) => sum(task, ({ creates, updates, deletes, truncates }) => creates + updates + deletes + truncates);
const sinceLast: Of = ({ last_durable: last }, _connector, nowMs) => (last === null ? -1 : Math.max(0, nowMs - Date.parse(last)));

/** One name with samples of both contexts. */
function inBoth(streaming: Family, snapshot: Family): Family {
  return { ...streaming, samples: (connector, nowMs) => [...streaming.samples(connector, nowMs), ...snapshot.samples(connector, nowMs)] };
}

function both(name: string, help: string, streaming: Of, snapshot: Of): Family {
  return inBoth(attribute('streaming', name, help, streaming), attribute('snapshot', name, help, snapshot));
}

const onlyInSnapshot =
  (of: (snapshot: NonNullable<ObservedTask['snapshot']>, task: ObservedTask) => number): Of =>
  task =>
    task.snapshot === null ? null : of(task.snapshot, task);

const rowsScanned: Family = {
  name: 'debezium_metrics_RowsScanned',
  help: 'Rows that the snapshot has read of each table.',
  type: 'untyped',
  labels: ['connector', 'plugin', 'name', 'context', 'table'],
  samples(connector): readonly Sample[] {
    const common = labelsOf(connector);
    if (common === null) return [];
    return connector.tasks.flatMap(task =>
      task.events
        .filter(({ reads }) => reads > 0)
        .map(({ table, reads }) => ({ labels: { ...common, context: 'snapshot', table }, value: reads })),
    );
  },
};

/** Shown with metrics.debezium.names=true. What Debezium counts and Sluice does not is left out rather than made up. */
export const debeziumFamilies: readonly Family[] = [
  both(
    'Connected',
    'Whether the connector reads its database (1) or not (0).',
    ({ state, phase }) => (state === 'RUNNING' && phase !== null && phase !== 'starting' ? 1 : 0),
    onlyInSnapshot((_, { state, phase }) => (state === 'RUNNING' && phase === 'snapshot' ? 1 : 0)),
  ),
  attribute(
    'streaming',
    'MilliSecondsBehindSource',
    'sluice_connector_lag_seconds in milliseconds: unlike Debezium’s it grows while the connector stands; -1: not known.',
    (_task, { lag }) => lag.ms ?? -1,
  ),
  both(
    'MilliSecondsSinceLastEvent',
    'Since something last became durable; -1: nothing yet.',
    sinceLast,
    onlyInSnapshot(() => -1),
  ),
  both(
    'TotalNumberOfEventsSeen',
    'Events made of what the database sent.',
    changes,
    onlyInSnapshot((_, task) => sum(task, ({ reads }) => reads)),
  ),
  attribute('streaming', 'TotalNumberOfCreateEventsSeen', 'Of them, creates.', task => sum(task, ({ creates }) => creates)),
  attribute('streaming', 'TotalNumberOfUpdateEventsSeen', 'Of them, updates.', task => sum(task, ({ updates }) => updates)),
  attribute('streaming', 'TotalNumberOfDeleteEventsSeen', 'Of them, deletes.', task => sum(task, ({ deletes }) => deletes)),
  attribute('streaming', 'NumberOfEventsFiltered', 'Changes that an option kept from being published.', task => task.filtered_events),
  attribute('streaming', 'NumberOfErroneousEvents', 'Records with an error that were passed over.', task => task.skipped),
  attribute('streaming', 'QueueTotalCapacity', 'Records that may be read ahead.', ({ queue }) => queue?.recordsMax ?? null),
  attribute('streaming', 'QueueRemainingCapacity', 'Of those, how many more.', ({ queue }) =>
    queue === null ? null : Math.max(0, queue.recordsMax - queue.records),
  ),
  attribute('streaming', 'MaxQueueSizeInBytes', 'Bytes that may be read ahead; 0: not limited.', ({ queue }) =>
    queue === null ? null : (queue.bytesMax ?? 0),
  ),
  attribute('streaming', 'CurrentQueueSizeInBytes', 'Of those, how many are.', ({ queue }) => queue?.bytes ?? null),
  attribute(
    'snapshot',
    'SnapshotRunning',
    'Whether the snapshot is being read.',
    onlyInSnapshot((_, { phase }) => (phase === 'snapshot' ? 1 : 0)),
  ),
  attribute(
    'snapshot',
    'SnapshotCompleted',
    'Whether it has been read to its end.',
    onlyInSnapshot(({ tables, tablesDone }, { phase }) => (phase !== 'snapshot' && tablesDone >= tables ? 1 : 0)),
  ),
  attribute(
    'snapshot',
    'TotalTableCount',
    'Tables of the snapshot.',
    onlyInSnapshot(({ tables }) => tables),
  ),
  attribute(
    'snapshot',
    'RemainingTableCount',
    'Tables of it that are still to be read.',
    onlyInSnapshot(({ tables, tablesDone }) => tables - tablesDone),
  ),
  rowsScanned,
];
