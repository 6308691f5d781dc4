import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { checkRetention, preparedAppends } from '../event-checks.ts';
import type { AppendResult, EventStore, StreamAppend, StreamRetention, Upcasters } from '../event-store.ts';
import { StoredEventStore } from '../stored-event-store.ts';
import { type CompiledUpcasters, compileUpcasters } from '../upcasters.ts';
import { appendWithin } from './append-batch.ts';
import { checkStorable } from './jsonb-limits.ts';
import { openTables } from './opening.ts';
import { PostgresStorage } from './postgres-storage.ts';
import type { SqlClient } from './sql-client.ts';
import { storeError } from './store-error.ts';
import { type StorePlace, storeTables } from './tables.ts';

/** Where a database is and how to log in, as pg's Client takes it. */
export type PostgresConnection = {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  /** true: by TLS, the server's certificate verified; else Node's options. */
  readonly ssl?: boolean | ConnectionOptions;
};

/** How a store in PostgreSQL is reached and what bounds it. */
export type PostgresEventStoreOptions = {
  /** A URL, or its parts. */
  readonly connection: string | PostgresConnection;
  /** Default `public`. */
  readonly schema?: string;
  /** Of the events; its other tables are called after it. Default `event_store`. */
  readonly table?: string;
  /** false: the tables are there already (`eventStoreSql` makes them). Default true. */
  readonly createTables?: boolean;
  /** Most connections of this store. Default 10. */
  readonly connectionsMax?: number;
  /** Most transactions that append at a time; below connectionsMax, so that reading goes on. Default 4. */
  readonly writersMax?: number;
  /** How long an append waits for another transaction that has its stream. Default 30 s. */
  readonly lockMsMax?: number;
  /** How long anything is tried again while the server cannot be reached. Default 10 s. */
  readonly unavailableMsMax?: number;
  /** Of streams that have none of their own. Default: everything is kept. */
  readonly retention?: StreamRetention;
  /**
   * Asked with each append of which retention would erase something; false: it is kept for now, and goes with a later append. What erases before the
   * publication has read the table for the first time erases what nobody has seen. Default: always true.
   */
  readonly erases?: () => boolean;
  readonly upcasters?: Upcasters;
};

const keepsAll: StreamRetention = { eventsMax: null, ageMsMax: null };

/** An event store in PostgreSQL. Many processes may use one at the same time. */
export type PostgresEventStore = EventStore & {
  /**
   * Appends in a transaction of the caller's own (READ COMMITTED, begun on `client`), which commits it or not: events and other tables change
   * together. Call it before anything else is written in the transaction. It waits for the streams as `lock_timeout` lets it. Throws as `append` does, then
   * nothing of it was written; STORE_UNAVAILABLE and STORE_FAILED leave the transaction to be rolled back.
   */
  appendWithin(client: SqlClient, appends: readonly StreamAppend[]): Promise<readonly AppendResult[]>;
};

class StoreInPostgres extends StoredEventStore implements PostgresEventStore {
  readonly #place: StorePlace;
  readonly #compiled: CompiledUpcasters;

  constructor(storage: PostgresStorage, place: StorePlace, upcasters: Upcasters) {
    super(storage, upcasters);
    this.#place = place;
    this.#compiled = compileUpcasters(upcasters);
  }

  async appendWithin(client: SqlClient, appends: readonly StreamAppend[]): Promise<readonly AppendResult[]> {
    const prepared = preparedAppends(appends, Date.now(), this.#compiled);
    checkStorable(prepared);
    try {
      return await appendWithin(client, this.#place, prepared);
    } catch (error) {
      throw storeError(error, `The event store ${this.#place.tables.name} cannot append in a transaction of yours`);
    }
  }
}

/**
 * Opens a store, and makes its tables where they are not there. Its owner disposes of it. Throws SluiceError STORE_UNAVAILABLE, STORE_FAILED.
 */
export async function openPostgresEventStore(options: PostgresEventStoreOptions): Promise<PostgresEventStore> {
  const { connection, schema = 'public', table = 'event_store', connectionsMax = 10, writersMax = 4 } = options;
  const { createTables = true, lockMsMax = 30_000, unavailableMsMax = 10_000, upcasters = {} } = options;
  const { retention = keepsAll, erases = () => true } = options;
  checkRetention(retention);
  const names = { schema, table };
  const tables = storeTables(names);
  const pool = new pg.Pool({
    application_name: 'Sluice event store',
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    ...(typeof connection === 'string' ? { connectionString: connection } : connection),
    max: connectionsMax,
  });
  // A lost connection is reported by the statement that is under way, or follows; an error that nobody hears would end the process.
  pool.on('error', () => {});
  pool.on('connect', client => client.on('error', () => {}));
  try {
    await openTables(pool, names, createTables);
    const writers = Math.max(1, Math.min(writersMax, connectionsMax - 1));
    const place = { tables, retention, erases };
    const storage = new PostgresStorage({ pool, place, writersMax: writers, lockMsMax, unavailableMsMax });
    return new StoreInPostgres(storage, place, upcasters);
  } catch (error) {
    await pool.end();
    throw storeError(error, `The event store ${tables.name} cannot be opened`);
  }
}
