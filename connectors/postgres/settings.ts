import type { Heartbeat } from '../debezium/heartbeat.ts';
import type { NotificationSettings, Notifications } from '../debezium/notifications/notifications.ts';
import type { SignalSettings } from '../debezium/options/signal-options.ts';
import type { TableId } from '../debezium/table.ts';
import type { TransactionMetadata } from '../debezium/transaction-metadata.ts';
import type { ConnectionSettings } from './connection.ts';
import type { LogicalMessages } from './logical-message.ts';
import type { PublicationSettings } from './publication.ts';
import type { SlotSettings } from './slot.ts';
import type { SlotGuard } from './slot-guard.ts';
import type { SourceInfo } from './source-info.ts';
import type { TableSettings } from './tables.ts';

/** How one task reads its database: the connector's resolved options, by subject. */
export type PostgresSettings = {
  readonly topicPrefix: string;
  readonly connection: ConnectionSettings;
  readonly slot: SlotSettings;
  readonly guard: SlotGuard;
  readonly publication: PublicationSettings;
  /** false: `snapshot.mode=initial_only`. */
  readonly streams: boolean;
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
    /** `snapshot.locking.mode=shared`. */
    readonly locksTables: boolean;
    readonly lockTimeoutMs: number;
  };
  readonly stream: {
    readonly statusIntervalMs: number;
    /** `slot.stream.params`, as START_REPLICATION takes them. */
    readonly extraParameters: string;
  };
  /** Signals and the snapshots they ask for. */
  readonly signals: SignalSettings;
  readonly notifications: NotificationSettings;
  readonly batchRecordsMax: number;
};

/** What makes the records of one task. */
export type RecordMakers = TableSettings & {
  readonly sourceInfo: SourceInfo;
  readonly messages: LogicalMessages;
  includesMessage(prefix: string): boolean;
  readonly metadata: TransactionMetadata | null;
  readonly heartbeat: Heartbeat;
  readonly notifications: Notifications;
};
