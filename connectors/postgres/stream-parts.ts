import type pg from 'pg';
import type { Clock, SourceBatch } from '../../src/contract/index.ts';
import type { Heartbeat } from '../debezium/heartbeat.ts';
import type { HeartbeatAction } from '../debezium/heartbeat-action.ts';
import type { TransactionMetadata } from '../debezium/transaction-metadata.ts';
import type { StreamedSnapshots } from './incremental.ts';
import type { LogicalMessages } from './logical-message.ts';
import type { StreamPosition, TakenOver } from './position.ts';
import type { ReplicationConnection } from './replication.ts';
import type { SeenChanges } from './seen-changes.ts';
import type { SourceInfo } from './source-info.ts';
import type { Tables } from './tables.ts';

/** What a stream works with; everything but the replication connection belongs to the source. */
export type StreamParts = {
  readonly replication: ReplicationConnection;
  /** For the catalog's answers while streaming. */
  readonly client: pg.Client;
  readonly tables: Tables;
  readonly database: string;
  readonly sourceInfo: SourceInfo;
  /** null: `provide.transaction.metadata` is off. */
  readonly metadata: TransactionMetadata | null;
  readonly messages: LogicalMessages;
  includesMessage(prefix: string): boolean;
  readonly heartbeat: Heartbeat;
  /** `heartbeat.action.query`; null: none. */
  readonly heartbeatAction: HeartbeatAction | null;
  /** Snapshots on demand, whose chunks this stream publishes. */
  readonly onDemand: StreamedSnapshots;
  readonly clock: Clock;
  readonly batchRecordsMax: number;
  /** The offset of a position, as it is stored. */
  offsets(position: StreamPosition): SourceBatch['offsets'];
};

/** Where a stream begins. */
export type StreamStart = {
  readonly position: StreamPosition;
  /** Transactions committed before it were read whole. */
  readonly skipCommitsBefore: bigint;
  /** What of the next one Debezium has published; null: its offset is ours, or there is none. */
  readonly taken: TakenOver | null;
  readonly seen: SeenChanges;
};
