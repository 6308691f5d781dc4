import { type Family, ofConnectors, secondsOf, unixSeconds } from './family.ts';

/** What is so of a connector whether its tasks run or not. */
export const connectorFamilies: readonly Family[] = [
  {
    name: 'sluice_connector_state',
    help: 'The state of a connector, as a label; always 1.',
    type: 'gauge',
    labels: ['connector', 'state'],
    samples: ({ state }) => [{ labels: { state }, value: 1 }],
  },
  ofConnectors(
    'gauge',
    'sluice_connector_warnings',
    'Warnings about a connector’s config: options that have no effect, deprecated names.',
    ({ warnings }) => warnings.length,
  ),
  ofConnectors(
    'gauge',
    'sluice_connector_lag_seconds',
    'For how long what the connector brings may lack changes: from the moment before which all is durable to now. It grows while nothing runs; at rest it swings within metrics.database.interval.ms.',
    ({ lag }) => secondsOf(lag.ms),
  ),
  ofConnectors(
    'gauge',
    'sluice_connector_lag_bytes',
    'Bytes of the database’s log behind what is durable here: written, and not published yet.',
    ({ lag }) => lag.bytes,
  ),
  {
    name: 'sluice_connector_lag_records',
    help: 'Records of a sink’s topics that are not in its target yet.',
    type: 'gauge',
    labels: ['connector', 'topic'],
    samples: ({ lag }) => Object.entries(lag.records_by_topic ?? {}).map(([topic, value]) => ({ labels: { topic }, value })),
  },
  ofConnectors(
    'counter',
    'sluice_connector_measure_failures_total',
    'Looks at the connector’s database or log, for lag and headroom, that failed.',
    ({ measure_failures: failures }) => failures,
  ),
];

/** What the database says of its own log, asked every metrics.database.interval.ms and never by a scrape. */
export const databaseFamilies: readonly Family[] = [
  ofConnectors(
    'gauge',
    'sluice_database_measured_timestamp_seconds',
    'When the database was last asked: the figures below are of then.',
    ({ database }) => unixSeconds(database?.measured),
  ),
  ofConnectors(
    'gauge',
    'sluice_database_log_bytes',
    'Bytes of log the database keeps: the WAL held by the slot, all binlogs, the oplog.',
    ({ database }) => database?.log_bytes ?? null,
  ),
  ofConnectors(
    'gauge',
    'sluice_database_log_limit_bytes',
    'How many it may keep: max_slot_wal_keep_size or slot.guard.limit.bytes, the oplog’s size.',
    ({ database }) => database?.log_limit_bytes ?? null,
  ),
  ofConnectors(
    'gauge',
    'sluice_database_log_headroom_bytes',
    'PostgreSQL: WAL that may still be written before the slot is lost (safe_wal_size). MySQL: older binlog still there before this connector’s place.',
    ({ database }) => database?.headroom_bytes ?? null,
  ),
  ofConnectors(
    'gauge',
    'sluice_database_log_headroom_seconds',
    'For how long the database still keeps this connector’s place: binlog expiry less its age, or from the oplog’s oldest entry to it.',
    ({ database }) => database?.headroom_seconds ?? null,
  ),
  ofConnectors(
    'gauge',
    'sluice_database_log_window_seconds',
    'How much time the log spans: binlog expiry, or from the oplog’s oldest entry to its newest.',
    ({ database }) => database?.window_seconds ?? null,
  ),
  ofConnectors(
    'gauge',
    'sluice_database_log_limit_in_seconds',
    'When, at the rate of the last minutes, the headroom is used up and the connector’s place is lost; +Inf: never.',
    ({ database }) => database?.limit_in_seconds ?? null,
  ),
  {
    name: 'sluice_postgres_slot_wal_status',
    help: 'wal_status of the replication slot, as a label (reserved, extended, unreserved, lost; missing: there is no slot); always 1.',
    type: 'gauge',
    labels: ['connector', 'status'],
    samples: ({ database }) => {
      const status = database?.slot_wal_status ?? null;
      return status === null ? [] : [{ labels: { status }, value: 1 }];
    },
  },
];
