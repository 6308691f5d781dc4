import { SluiceError } from '../../../src/contract/index.ts';
import type { CapturedTable } from '../captured-table.ts';
import type { Row } from '../table.ts';
import type { JavaClass } from './java-key.ts';
import type { Collection } from './state.ts';

/** A part of a table as one view of the database shows it, whatever its rows are. */
export type AnyChunk<View> = {
  readonly view: View;
  readonly rows: readonly unknown[];
  /** What tells each row from all others, the same as a streamed change's: `rowKey` of the identity's texts. */
  readonly keys: readonly string[];
  /** The key that the last row was read by; null where there are no rows. */
  readonly last: readonly string[] | null;
  readonly classes: readonly (JavaClass | null)[];
  /** There are rows behind it, although it has fewer than were asked for. Left out: there are none then. */
  readonly more?: boolean;
};

/** The same of a relational table. */
export type Chunk<View> = AnyChunk<View> & { readonly captured: CapturedTable; readonly rows: readonly Row[] };

export type ChunkRequest = {
  readonly collection: Collection;
  /** Behind this key; null: from the beginning. */
  readonly after: readonly string[] | null;
  /** Up to and with this one. */
  readonly upTo: readonly string[];
  readonly rowsMax: number;
};

/** Where a table ends. */
export type LastKey = { readonly key: readonly string[]; readonly classes: readonly (JavaClass | null)[] };

/** A captured table that may be asked for. */
export type KnownTable = { readonly name: string /** null: unknown. */; readonly rowsEstimated: number | null };

/**
 * What a database implements for incremental snapshots: reading beside the stream, on a connection of its own. What concerns one table only
 * is thrown as a SluiceError whose code is none of `fatalCodes`: the table is skipped. Disposing ends the connection.
 */
export interface ChunkDatabase<View, Read extends AnyChunk<View> = Chunk<View>> extends AsyncDisposable {
  /** The largest key of the rows that are meant, with the classes of its columns; null where there are none. Throws where there is no key. */
  lastKey(collection: Collection): Promise<LastKey | null>;
  /** A chunk under a view that sees everything the stream had brought before the call. */
  readChunk(request: ChunkRequest): Promise<Read>;
}

/** A table that cannot be read in chunks: it is skipped. `status`: as notifications have it. */
export class UnfitTable extends SluiceError {
  readonly status: 'NO_PRIMARY_KEY' | 'UNKNOWN_SCHEMA';

  constructor(status: UnfitTable['status'], message: string, remedy: string) {
    super('SNAPSHOT_FAILED', message, { remedy });
    this.status = status;
  }
}

/** Faults of more than one table: the task ends with them, and goes on with the last chunk when it is tried again. */
export const fatalCodes: ReadonlySet<string> = new Set([
  'DATABASE_UNAVAILABLE',
  'LOGIN_REFUSED',
  'TLS_FAILED',
  'INTERNAL',
  'MALFORMED_MESSAGE',
]);

/** One text for a row's key columns; null where one of them is not known. */
export function rowKey(texts: readonly (string | null)[]): string | null {
  return texts.every(text => text !== null) ? JSON.stringify(texts) : null;
}
