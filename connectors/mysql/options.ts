import { type ConfigOf, type ConfigReport, type ConfigSpec, configSpec, options, type RawConfig } from '../../src/contract/index.ts';
import { Filters } from '../debezium/filters.ts';
import { newTableOptions, readNewTables } from '../debezium/options/new-table-options.ts';
import { readNotifications } from '../debezium/options/notification-options.ts';
import {
  checkSchemaHistory,
  readSchemaHistory,
  schemaHistoryOptions,
  schemaHistoryPatterns,
} from '../debezium/options/schema-history-options.ts';
import { readSignals } from '../debezium/options/signal-options.ts';
import { snapshotMode } from '../debezium/options/snapshot-options.ts';
import {
  checkDebeziumServerOptions,
  type DebeziumConfig,
  debeziumServerOptions,
  debeziumServerPatterns,
  readDebeziumConfig,
} from '../debezium/options.ts';
import type { MysqlFlavor } from './binlog/dump.ts';
import type { TlsSettings } from './connection.ts';
import { binlogOptions, checkBinlog, mysqlOnlyOptions, readBinlog, readLocking, snapshotModeOptions } from './options-binlog.ts';
import { checkConnection, connectionOptions, optionsWithoutEffect, readConnection } from './options-connection.ts';
import { readValues, valueOptions } from './options-values.ts';
import type { MysqlSettings } from './settings.ts';
import { isSystemTable } from './system-tables.ts';
import type { ValueOptions } from './values/value-options.ts';

/** A MySQL or MariaDB connector's config, resolved. Holds the password: never print it. */
export type MysqlConfig = {
  /** What concerns no database in particular. */
  readonly shared: DebeziumConfig;
  readonly filters: Filters;
  readonly settings: MysqlSettings;
  readonly values: ValueOptions;
};

const serverOptions = {
  ...connectionOptions,
  ...binlogOptions,
  ...valueOptions,
  ...schemaHistoryOptions,
  ...snapshotModeOptions,
  ...debeziumServerOptions,
  ...newTableOptions,
};

const tlsGroup = { importance: 'MEDIUM', group: 'Connection TLS', displayName: 'SSL mode' } as const;

const mysqlOptions = {
  ...serverOptions,
  ...optionsWithoutEffect,
  ...mysqlOnlyOptions,
  'database.ssl.mode': options.choice(['disabled', 'preferred', 'required', 'verify_ca', 'verify_identity'], {
    default: 'preferred',
    doc: 'Whether connections are encrypted and the server’s certificate verified: preferred takes TLS where the server offers it, required insists on it, verify_ca and verify_identity check the certificate, the latter its name too.',
    ...tlsGroup,
  }),
};

const mariadbOptions = {
  ...serverOptions,
  ...optionsWithoutEffect,
  'database.ssl.mode': options.choice(['disable', 'trust', 'verify-ca', 'verify-full'], {
    default: 'disable',
    doc: 'Whether connections are encrypted and the server’s certificate verified: trust does not look at the certificate, verify-ca and verify-full do, the latter at its name too.',
    ...tlsGroup,
  }),
};

const mariadbTls = { disable: 'disabled', trust: 'required', 'verify-ca': 'verify_ca', 'verify-full': 'verify_identity' } as const;

const patterns = [...schemaHistoryPatterns, ...debeziumServerPatterns];

function check(raw: RawConfig, report: ConfigReport): void {
  checkConnection(raw, report);
  checkBinlog(raw, report);
  checkSchemaHistory(raw, report);
  checkDebeziumServerOptions(raw, report);
}

/** Debezium takes so many fifths of the keep-alive interval for the server's heartbeats. */
const heartbeatShare = 0.8;

function resolve(
  flavor: MysqlFlavor,
  config: ConfigOf<typeof serverOptions>,
  tls: TlsSettings['mode'],
  raw: RawConfig,
  report: ConfigReport,
): MysqlConfig {
  const databases = { kind: 'database', include: config['database.include.list'], exclude: config['database.exclude.list'] } as const;
  const signals = readSignals(config, raw, report);
  const shared = readDebeziumConfig(config, databases, snapshotMode(config['snapshot.mode']), raw, report, signals.table);
  const filters = new Filters(shared.filters, isSystemTable);
  const { mode, readers, selectOverrides, chunkRows } = shared.snapshot;
  const topicPrefix = shared.records.topics.prefix;
  return {
    shared,
    filters,
    values: readValues(config),
    settings: {
      flavor,
      topicPrefix,
      connection: readConnection(config, tls),
      address: `${config['database.hostname']}:${config['database.port']}`,
      user: config['database.user'],
      serverId: config['database.server.id'],
      serverHeartbeatMs: Math.round(config['connect.keep.alive.interval.ms'] * heartbeatShare),
      streams: mode !== 'initial_only',
      recoversSchema: mode === 'recovery',
      history: readSchemaHistory(config, topicPrefix),
      snapshot: {
        threadsMax: readers,
        chunkRows,
        includesTable: id => filters.includesInSnapshot(id),
        readsNewTables: readNewTables(config, mode, raw, report),
        override: table => selectOverrides.get(table) ?? null,
        ...readLocking(config),
      },
      signals,
      notifications: readNotifications(config, report),
      batchRecordsMax: shared.flow.batchRecordsMax,
      ...readBinlog(config),
    },
  };
}

/** Every option that Debezium's MySQL connector documents: read, or refused by name. */
export const mysqlSpec: ConfigSpec<MysqlConfig> = configSpec({
  doc: 'Debezium’s MySQL connector: a snapshot of the tables, then their changes from the binlog.',
  options: mysqlOptions,
  patterns,
  check,
  refine: (config, raw, report): MysqlConfig => resolve('mysql', config, config['database.ssl.mode'], raw, report),
});

/** The same of its MariaDB connector. */
export const mariadbSpec: ConfigSpec<MysqlConfig> = configSpec({
  doc: 'Debezium’s MariaDB connector: a snapshot of the tables, then their changes from the binlog.',
  options: mariadbOptions,
  patterns,
  check,
  refine: (config, raw, report): MysqlConfig => resolve('mariadb', config, mariadbTls[config['database.ssl.mode']], raw, report),
});
