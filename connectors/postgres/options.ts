import { type ConfigSpec, configSpec } from '../../src/contract/index.ts';
import { Filters } from '../debezium/filters.ts';
import { newTableOptions, readNewTables } from '../debezium/options/new-table-options.ts';
import { readNotifications } from '../debezium/options/notification-options.ts';
import { readSignals } from '../debezium/options/signal-options.ts';
import { snapshotMode } from '../debezium/options/snapshot-options.ts';
import { checkDebeziumOptions, type DebeziumConfig, debeziumOptions, debeziumPatterns, readDebeziumConfig } from '../debezium/options.ts';
import { connectionOptions, readConnection } from './options-connection.ts';
import { checkReplication, messageFilter, readPublication, readSlot, replicationOptions } from './options-replication.ts';
import { checkSlotGuard, readSlotGuard, slotGuardOptions } from './options-slot-guard.ts';
import { readValues, valueOptions } from './options-values.ts';
import type { ReplicaIdentityRule } from './replica-identity.ts';
import type { PostgresSettings } from './settings.ts';
import { isSystemTable } from './system-tables.ts';
import type { ValueOptions } from './values/value-options.ts';

/** A PostgreSQL connector's config, resolved. Holds the password: never print it. */
export type PostgresConfig = {
  /** What concerns no database in particular. */
  readonly shared: DebeziumConfig;
  readonly filters: Filters;
  readonly settings: PostgresSettings;
  readonly values: ValueOptions;
  /** Whether a logical decoding message with that prefix is published. */
  includesMessage(prefix: string): boolean;
  readonly replicaIdentities: readonly ReplicaIdentityRule[];
};

const options = {
  ...connectionOptions,
  ...replicationOptions,
  ...slotGuardOptions,
  ...valueOptions,
  ...debeziumOptions,
  ...newTableOptions,
};

/** Every option that Debezium's PostgreSQL connector documents: read, or refused by name; with the names they had in 1.x. */
export const postgresSpec: ConfigSpec<PostgresConfig> = configSpec({
  doc: 'Debezium’s PostgreSQL connector: a snapshot of the tables, then their changes by logical replication (pgoutput).',
  options,
  patterns: debeziumPatterns,
  check(raw, report) {
    checkReplication(raw, report);
    checkSlotGuard(raw, report);
    checkDebeziumOptions(raw, report);
  },
  refine(config, raw, report): PostgresConfig {
    const schemas = { kind: 'schema', include: config['schema.include.list'], exclude: config['schema.exclude.list'] } as const;
    const signals = readSignals(config, raw, report);
    const shared = readDebeziumConfig(config, schemas, snapshotMode(config['snapshot.mode']), raw, report, signals.table);
    const filters = new Filters(shared.filters, isSystemTable);
    const { mode, readers, selectOverrides } = shared.snapshot;
    return {
      shared,
      filters,
      settings: {
        topicPrefix: shared.records.topics.prefix,
        connection: readConnection(config, report),
        slot: readSlot(config),
        guard: readSlotGuard(config),
        publication: readPublication(config, shared.records.skippedOperations, raw['skipped.operations'] !== undefined),
        streams: mode !== 'initial_only',
        snapshot: {
          threadsMax: readers,
          chunkRows: shared.snapshot.chunkRows,
          includesTable: id => filters.includesInSnapshot(id),
          readsNewTables: readNewTables(config, mode, raw, report),
          override: table => selectOverrides.get(table) ?? null,
          locksTables: config['snapshot.locking.mode'] === 'shared',
          lockTimeoutMs: config['snapshot.lock.timeout.ms'],
        },
        stream: { statusIntervalMs: config['status.update.interval.ms'], extraParameters: config['slot.stream.params'] },
        signals,
        notifications: readNotifications(config, report),
        batchRecordsMax: shared.flow.batchRecordsMax,
      },
      values: readValues(config),
      includesMessage: messageFilter(config),
      replicaIdentities: config['replica.identity.autoset.values'] ?? [],
    };
  },
});
