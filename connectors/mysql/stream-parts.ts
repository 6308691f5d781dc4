import type { Clock, SourceBatch } from '../../src/contract/index.ts';
import type { HeartbeatAction } from '../debezium/heartbeat-action.ts';
import type { BinlogStream } from './binlog/binlog-stream.ts';
import type { DatabaseSchema } from './database-schema.ts';
import type { StreamedSnapshots } from './incremental.ts';
import type { BinlogPosition } from './position.ts';
import type { ServerFacts } from './server.ts';
import type { MysqlSettings, RecordMakers } from './settings.ts';
import type { StreamTables } from './stream-tables.ts';

/** What a stream works with. Everything belongs to the source. */
export type StreamParts = {
  readonly binlog: BinlogStream;
  readonly schema: DatabaseSchema;
  readonly tables: StreamTables;
  readonly server: ServerFacts;
  readonly settings: MysqlSettings;
  readonly makers: RecordMakers;
  /** `heartbeat.action.query`; null: none. */
  readonly heartbeatAction: HeartbeatAction | null;
  readonly onDemand: StreamedSnapshots;
  readonly clock: Clock;
  /** The offsets of a position, as they are stored. `seen`: changes that a snapshot saw may still come. */
  offsets(position: BinlogPosition, seen: boolean): SourceBatch['offsets'];
};
