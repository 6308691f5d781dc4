import type { Document } from 'mongodb';
import type { Clock, Logger } from '../../src/contract/index.ts';
import type { Heartbeat } from '../debezium/heartbeat.ts';
import type { NotificationSettings, Notifications } from '../debezium/notifications/notifications.ts';
import type { SignalSettings } from '../debezium/options/signal-options.ts';
import type { TransactionMetadata } from '../debezium/transaction-metadata.ts';
import type { CaptureSettings } from './change-stream-command.ts';
import type { CollectionFilters } from './collection-filters.ts';
import type { RecordParts } from './collection-records.ts';
import type { ConnectionSettings } from './connection.ts';
import type { FieldRuleList } from './field-rules.ts';

/** How one task reads its server: the connector's resolved options, by subject. */
export type MongoSettings = {
  readonly topicPrefix: string;
  readonly connection: ConnectionSettings;
  readonly capture: CaptureSettings;
  readonly filters: CollectionFilters;
  readonly fieldRules: FieldRuleList;
  /** false: `snapshot.mode=initial_only`. */
  readonly streams: boolean;
  readonly signals: SignalSettings;
  readonly notifications: NotificationSettings;
  readonly snapshot: {
    readonly threadsMax: number;
    /** `snapshot.fetch.size`: documents of a batch. */
    readonly batchSize: number;
    /** Collections that were added since the last start are read. */
    readonly readsNewTables: boolean;
    /** `snapshot.collection.filter.overrides` by `database.collection`. */
    readonly filters: ReadonlyMap<string, Document>;
  };
  readonly stream: {
    readonly batchSize: number;
    /** How long the server waits for a change. */
    readonly awaitMs: number;
  };
};

/** What makes the records of one task. */
export type RecordMakers = {
  readonly records: RecordParts;
  /** null: `provide.transaction.metadata` is off. */
  readonly metadata: TransactionMetadata | null;
  readonly heartbeat: Heartbeat;
  readonly notifications: Notifications;
  readonly clock: Clock;
  readonly logger: Logger;
};
