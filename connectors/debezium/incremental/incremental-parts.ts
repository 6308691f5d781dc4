import type { Clock, Logger } from '../../../src/contract/index.ts';
import type { Notifications } from '../notifications/notifications.ts';
import type { AnyChunk, Chunk, ChunkDatabase, KnownTable } from './chunk-database.ts';
import type { Collection } from './state.ts';

/** What holds chunks back while the database is better left alone. */
export interface Brake {
  /** Resolves when the next chunk may be read, or none is wanted any more. Rejects as the database fails, and on the abort. */
  turn(isWanted: () => boolean, abort: AbortSignal): Promise<void>;
  /** Why it holds now; null: it does not. */
  readonly reason: string | null;
}

/** What incremental snapshots of a database work with. */
export type IncrementalParts<View, Transaction, Read extends AnyChunk<View> = Chunk<View>> = {
  /** Connects; called when there is something to read, and again after it was disposed of. */
  open(abort: AbortSignal): Promise<ChunkDatabase<View, Read>>;
  /** The captured tables as they are now; asked by the stream itself, so on another connection. */
  tables(): Promise<readonly KnownTable[]>;
  /** Whether a view saw a transaction. */
  sees(view: View, transaction: Transaction): boolean;
  /** `incremental.snapshot.chunk.size`. */
  readonly chunkRows: number;
  /** `incremental.snapshot.rows.per.second.max`; 0: no limit. */
  readonly rowsPerSecondMax: number;
  /** Holds the reading back for the database's sake. Left out: nothing does. */
  readonly brake?: Brake;
  readonly notifications: Notifications;
  /** A table is done with: `read` false: it was skipped, or taken out. Called before what is stored then is asked for. */
  readonly ended?: (collection: Collection, read: boolean) => void;
  /** A key as notifications have it. Left out: its texts as they are. */
  readonly shownKey?: (key: readonly string[]) => string;
  /** false: the texts of keys are not those that Debezium’s stored form holds, so of its offsets tables are read from their beginning. */
  readonly readsJavaKeys?: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
};
