import type { Heartbeat } from '../debezium/heartbeat.ts';
import type { NotificationSettings, Notifications } from '../debezium/notifications/notifications.ts';
import type { SchemaHistoryOptions } from '../debezium/options/schema-history-options.ts';
import type { SignalSettings } from '../debezium/options/signal-options.ts';
import type { RecordOptions } from '../debezium/record-options.ts';
import type { TableId } from '../debezium/table.ts';
import type { TransactionMetadata } from '../debezium/transaction-metadata.ts';
import type { MysqlFlavor } from './binlog/dump.ts';
import type { ConnectionSettings } from './connection.ts';
import type { SchemaChangeRecords } from './schema-change-records.ts';
import type { SourceInfo } from './source-info.ts';
import type { ValueOptions } from './values/value-options.ts';

/** `minimal`: until the readers' view is open; `extended`: until all is read. */
export type LockingMode = 'minimal' | 'extended' | 'none';

/** How one task reads its server: the connector's resolved options, by subject. */
export type MysqlSettings = {
  readonly flavor: MysqlFlavor;
  readonly topicPrefix: string;
  /** Without the files of TLS, which are read at each start. */
  connection(): Promise<ConnectionSettings>;
  /** For messages: `host:port`. */
  readonly address: string;
  readonly user: string;
  /** `database.server.id`. */
  readonly serverId: number;
  /** How often the server says that it is there when nothing happens. */
  readonly serverHeartbeatMs: number;
  /** false: `snapshot.mode=initial_only`. */
  readonly streams: boolean;
  /** `snapshot.mode=recovery`: the schema is read anew. */
  readonly recoversSchema: boolean;
  readonly history: SchemaHistoryOptions;
  readonly snapshot: {
    readonly threadsMax: number;
    /** `snapshot.fetch.size`: rows of a batch. */
    readonly chunkRows: number;
    /** `snapshot.include.collection.list`. */
    includesTable(id: TableId): boolean;
    /** Tables that were added since the last start are read. */
    readonly readsNewTables: boolean;
    /** `snapshot.select.statement.overrides`. */
    override(table: string): string | null;
    readonly locking: LockingMode;
    readonly lockTimeoutMs: number;
  };
  /** Signals and the snapshots they ask for. */
  readonly signals: SignalSettings;
  readonly notifications: NotificationSettings;
  readonly batchRecordsMax: number;
  /** `include.query`. */
  readonly includesQuery: boolean;
  /** `gtid.source.includes`, `gtid.source.excludes`: of a UUID, or MariaDB's `domain-server`; null: all. */
  readonly gtidSource: ((source: string) => boolean) | null;
  /** `gtid.source.filter.dml.events`: rows of other sources are left out. */
  readonly filtersRowsBySource: boolean;
  /** `gtid.ignore.on.recovery`: go on by file and position. */
  readonly ignoresGtids: boolean;
};

/** What makes the records of one task. */
export type RecordMakers = {
  readonly valueOptions: ValueOptions;
  readonly recordOptions: RecordOptions;
  includesTable(id: TableId): boolean;
  includesDatabase(database: string): boolean;
  inSnapshotOrder<Table extends { readonly id: TableId }>(tables: readonly Table[]): readonly Table[];
  readonly sourceInfo: SourceInfo;
  /** null: `include.schema.changes` is off. */
  readonly schemaChanges: SchemaChangeRecords | null;
  readonly metadata: TransactionMetadata | null;
  readonly heartbeat: Heartbeat;
  readonly notifications: Notifications;
};
