import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import {
  type Chunk,
  type ChunkDatabase,
  type ChunkRequest,
  type LastKey,
  rowKey,
  UnfitTable,
} from '../debezium/incremental/chunk-database.ts';
import type { RecentTransactions } from '../debezium/incremental/recent-transactions.ts';
import type { Collection } from '../debezium/incremental/state.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import type { Catalog, CatalogTable } from './catalog.ts';
import { chunkKey, chunkSelect, keyClasses, lastKeySelect } from './chunk-select.ts';
import { CopyChannel } from './copy-channel.ts';
import { CopyRowReader } from './copy-row.ts';
import { databaseFailure } from './database-error.ts';
import { disconnect } from './disconnect.ts';
import { formatLsn, parseLsn } from './lsn.ts';
import type { Watermarks } from './signal-table.ts';
import { isLongPast, parseSnapshotView, type SnapshotView, sees } from './snapshot-view.ts';
import type { ReadableTable, Tables } from './tables.ts';

/** How long to wait for a transaction that the stream has brought to become visible, before the next look. */
const visibleCheckIntervalMs = 5;
/** What a page of the log begins with, at most, and its size: a position just behind that is the end of the page before. */
const [pageHeaderBytesMax, pageBytes] = [40n, 8192n];

/** SQLSTATEs of a table that was changed between two looks at it: undefined column, undefined table. */
const changedTable = new Set(['42703', '42P01']);

const viewQuery = `
  SELECT pg_catalog.pg_current_snapshot()::text AS view, pg_catalog.pg_is_in_recovery() AS standby,
         (CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_insert_lsn() END)::text AS lsn`;

export type ReaderParts = {
  /** The reader's own; it ends it. */
  readonly client: pg.Client;
  /** On that client. */
  readonly catalog: Catalog;
  readonly tables: Tables;
  readonly recent: RecentTransactions;
  /** null: nothing is written (`read.only`, or no signal table). */
  readonly watermarks: Watermarks | null;
  readonly abort: AbortSignal;
};

/**
 * Reads chunks of tables beside the stream, each in a transaction of its own whose view of the database says which of the stream's changes
 * are newer. The stream is past the view once it has come to where the log ended just after the view was taken: every commit that the view sees
 * stands before that.
 */
export class ChunkReader implements ChunkDatabase<SnapshotView> {
  readonly #parts: ReaderParts;
  /** By name; looked up once, since a table that is made anew under its name is another one. */
  readonly #oids = new Map<string, number>();
  #readable: { readonly described: string; readonly table: ReadableTable } | null = null;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  lastKey(collection: Collection): Promise<LastKey | null> {
    return this.#lastKey(collection).catch(error => Promise.reject(databaseFailure(error, `Looking for the end of ${collection.name}`)));
  }

  async #lastKey(collection: Collection): Promise<LastKey | null> {
    const table = await this.#table(collection);
    const key = chunkKey(collection, table);
    const { rows } = await this.#parts.client.query(lastKeySelect(table, key, collection.filter));
    const row = rows[0] as Readonly<Record<string, string>> | undefined;
    if (row === undefined) return null;
    return { key: key.map((_, index) => row[`k${index}`]!), classes: keyClasses(key, await this.#compiled(table)) };
  }

  readChunk(request: ChunkRequest): Promise<Chunk<SnapshotView>> {
    // The stream goes on meanwhile: what counts is what it had brought when the window was opened, which is now.
    const mark = this.#parts.recent.mark;
    return this.#read(request, mark).catch(error =>
      Promise.reject(databaseFailure(error, `Reading a chunk of ${request.collection.name}`)),
    );
  }

  async #read(request: ChunkRequest, mark: number): Promise<Chunk<SnapshotView>> {
    const { client, watermarks } = this.#parts;
    const close = await watermarks?.open(client, request.collection);
    try {
      const chunk = await this.#attempt(request, mark).catch(error => {
        if (!isOfChangedTable(error)) throw error;
        return this.#attempt(request, mark);
      });
      await this.#flushed(chunk.view);
      return chunk;
    } finally {
      // A connection that is gone has no window to close.
      await close?.().catch(() => {});
    }
  }

  async #attempt(request: ChunkRequest, mark: number): Promise<Chunk<SnapshotView>> {
    const { client } = this.#parts;
    const view = await this.#begin(mark);
    try {
      const table = await this.#table(request.collection);
      const readable = await this.#compiled(table);
      const key = chunkKey(request.collection, table);
      const rows = await this.#copy(request, table, readable, key);
      return { view, captured: readable.captured, classes: keyClasses(key, readable), ...rows };
    } finally {
      await client.query('ROLLBACK').catch(() => {});
    }
  }

  /** Begins a transaction whose view sees everything the stream had brought at `mark`. */
  async #begin(mark: number): Promise<SnapshotView> {
    const { client, recent, abort } = this.#parts;
    for (;;) {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const { rows } = await client.query(viewQuery);
      const view = parseSnapshotView(rows[0].view, endOfPage(parseLsn(rows[0].lsn)));
      if (recent.allSeen(mark, id => sees(view, id) || isLongPast(view, id))) return view;
      await client.query('ROLLBACK');
      // Its end is the server's: a commit that waits for a standby may take as long as the standby does.
      await setTimeout(visibleCheckIntervalMs, undefined, { signal: abort });
    }
  }

  /**
   * Only what is flushed is streamed. Where the log's end was not, a commit of no consequence has the server flush up to behind it, by itself and soon;
   * a transaction that is open and idle would keep the stream before it for as long.
   */
  async #flushed({ takenAtLsn }: SnapshotView): Promise<void> {
    const { client } = this.#parts;
    const behind = 'CASE WHEN pg_catalog.pg_is_in_recovery() THEN false ELSE pg_catalog.pg_current_wal_flush_lsn() < $1::pg_lsn END';
    const { rows } = await client.query(`SELECT ${behind} AS behind`, [formatLsn(takenAtLsn)]);
    if (rows[0].behind === true) await client.query('SELECT pg_catalog.txid_current()').catch(() => {});
  }

  async #copy(
    { collection, after, upTo, rowsMax }: ChunkRequest,
    table: CatalogTable,
    readable: ReadableTable,
    key: readonly string[],
  ): Promise<Pick<Chunk<SnapshotView>, 'rows' | 'keys' | 'last'>> {
    const readers = readable.readers.filter(reader => reader !== null);
    const names = readers.map(({ name }) => name);
    const select = chunkSelect(table, names, key, { after, upTo }, collection.filter, rowsMax);
    const raw: { readonly bytes: Buffer; readonly start: number; readonly end: number }[] = [];
    const channel = new CopyChannel(this.#parts.client, `COPY (${select}) TO STDOUT`);
    try {
      for (let open = true; open; ) open = await channel.next((bytes, start, end) => raw.push({ bytes, start, end }));
    } finally {
      if (channel.ended) channel.release();
      else channel.abandon();
    }
    const row = new CopyRowReader(readers);
    const identity = readable.captured.definition.primaryKey;
    const places = (columns: readonly string[]) => columns.map(column => names.indexOf(column));
    const [identityPlaces, keyPlaces] = [places(identity.length > 0 ? identity : key), places(key)];
    const keys: string[] = [];
    let last: readonly string[] | null = null;
    const rows = raw.map(({ bytes, start, end }, index) => {
      const values = row.read(bytes, start, end);
      // A row whose identity holds NULL is told apart from all changes: they are taken for changes of an unknown row.
      keys.push(rowKey(identityPlaces.map(place => row.text(place))) ?? `\u0000${index}`);
      if (index === raw.length - 1) last = keyPlaces.map(place => row.text(place) ?? '');
      return values;
    });
    return { rows, keys, last };
  }

  /** The table as the catalog has it now. Throws UnfitTable where it is not a captured one. */
  async #table({ name }: Collection): Promise<CatalogTable> {
    const { catalog, tables } = this.#parts;
    const oid = this.#oids.get(name);
    const isMeant = ({ id }: CatalogTable) => qualifiedName(id) === name;
    const known = oid === undefined ? undefined : (await catalog.tables([oid])).find(isMeant);
    const table = known ?? (await tables.list()).find(isMeant);
    if (table === undefined)
      throw new UnfitTable(
        'UNKNOWN_SCHEMA',
        `There is no table ${name} among those that are captured.`,
        'Name tables as schema.table, and have table.include.list include them.',
      );
    this.#oids.set(name, table.oid);
    return table;
  }

  /** Compiled once for each version of a table, so that its records share their schemas. */
  async #compiled(table: CatalogTable): Promise<ReadableTable> {
    const described = JSON.stringify([table.id, table.columns, table.keyColumns]);
    if (this.#readable?.described !== described) this.#readable = { described, table: await this.#parts.tables.fromCatalog(table) };
    return this.#readable.table;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await disconnect(this.#parts.client);
  }
}

function isOfChangedTable(error: unknown): boolean {
  const { code, cause } = error as { readonly code?: string; readonly cause?: { readonly code?: string } };
  return [code, cause?.code].some(found => found !== undefined && changedTable.has(found));
}

/** A position behind a page's header is where the page before it ends, as the stream tells it. */
export function endOfPage(lsn: bigint): bigint {
  const into = lsn % pageBytes;
  return into <= pageHeaderBytesMax ? lsn - into : lsn;
}
