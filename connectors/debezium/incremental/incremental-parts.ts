import type { Clock, Logger } from '../../../src/contract/index.ts';
import type { Notifications } from '../notifications/notifications.ts';
import type { ChunkDatabase, KnownTable } from './chunk-database.ts';

/** What incremental snapshots of a database work with. */
export type IncrementalParts<View, Transaction> = {
  /** Connects; called when there is something to read, and again after it was disposed of. */
  open(abort: AbortSignal): Promise<ChunkDatabase<View>>;
  /** The captured tables as they are now; asked by the stream itself, so on another connection. */
  tables(): Promise<readonly KnownTable[]>;
  /** Whether a view saw a transaction. */
  sees(view: View, transaction: Transaction): boolean;
  /** `incremental.snapshot.chunk.size`. */
  readonly chunkRows: number;
  /** `incremental.snapshot.rows.per.second.max`; 0: no limit. */
  readonly rowsPerSecondMax: number;
  readonly notifications: Notifications;
  readonly clock: Clock;
  readonly logger: Logger;
};
