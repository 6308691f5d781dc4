import type { ObservedConnector, ObservedDatabase, ObservedLag, ObservedVerification } from '../../observe/metrics/observed.ts';
import type { SupervisedConnector } from '../supervisor/supervisor-connector.ts';
import type { ConnectorWatch } from './connector-watch.ts';

/** A connector as the metrics show it, with how it was last verified. */
export function observeConnector(
  connector: SupervisedConnector,
  nowMs: number,
  verifications: readonly ObservedVerification[],
): ObservedConnector {
  const { watch, tasks, type, config } = connector;
  const { name, class: className, state, warnings } = connector.progress();
  return {
    name,
    class: className,
    type,
    state,
    warnings,
    tasks: tasks.map(task => task.observed()),
    lag: observeLag(watch, nowMs),
    database: observeDatabase(watch),
    measure_failures: watch.failures,
    verifications,
    server: config['topic.prefix'] ?? config['database.server.name'] ?? config['mongodb.name'] ?? null,
  };
}

/** How far a connector is behind, for REST and the metrics. */
export function observeLag(watch: ConnectorWatch, nowMs: number): ObservedLag {
  return {
    ms: watch.lagMs(nowMs),
    bytes: watch.database?.lagBytes ?? null,
    records_by_topic: watch.sink === null ? null : Object.fromEntries(watch.sink.recordsByTopic),
  };
}

/** What the database last said of its log; null: nothing yet, or it is a sink's connector. */
export function observeDatabase({ database, limitInSeconds }: ConnectorWatch): ObservedDatabase | null {
  if (database === null) return null;
  return {
    measured: new Date(database.atMs).toISOString(),
    log_bytes: database.logBytes,
    log_limit_bytes: database.logLimitBytes,
    headroom_bytes: database.headroomBytes,
    headroom_seconds: database.headroomSeconds,
    window_seconds: database.windowSeconds,
    limit_in_seconds: limitInSeconds,
    slot_wal_status: database.slotWalStatus,
  };
}
