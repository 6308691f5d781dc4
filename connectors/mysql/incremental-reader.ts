import { setTimeout } from 'node:timers/promises';
import type { Connection } from 'mysql2';
import { SluiceError } from '../../src/contract/index.ts';
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
import type { Row, TableId } from '../debezium/table.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import { type ChunkKeys, chunkKeys, chunkSelect, keyClasses, lastKeySelect, plainTexts } from './chunk-select.ts';
import { type BinlogPlace, type ChunkView, openView, type SurelySaw, type ViewKind } from './chunk-view.ts';
import { disconnect, query, quoteTable } from './connection.ts';
import { databaseFailure, isOfChangedTable } from './database-error.ts';
import { breakOffAfter } from './disconnect.ts';
import { patiently } from './liveness.ts';
import { currentPosition, listTables } from './server.ts';
import type { Session } from './session.ts';
import type { RecordMakers } from './settings.ts';
import { readSnapshotSchema } from './snapshot-schema.ts';
import type { StreamedTransaction } from './snapshot-view.ts';
import type { ReadableTable } from './tables.ts';
import { type TextRowHandler, TextRows } from './text-rows.ts';
import { textsAt } from './text-values.ts';
import type { Watermarks } from './watermarks.ts';

/** How long to wait for a transaction that the stream has brought to become visible, before the next look. */
const visibleCheckIntervalMs = 5;

export type ReaderParts = {
  /** The reader's own; it ends it. Its transactions are REPEATABLE READ. */
  readonly client: Connection;
  readonly session: Pick<Session, 'client' | 'server' | 'tables' | 'modelsOf'>;
  readonly flavor: 'mysql' | 'mariadb';
  readonly makers: Pick<RecordMakers, 'includesTable'>;
  readonly kind: ViewKind;
  /** Of what a view surely saw in the binlog, what it saw the rows of. */
  visible(sees: SurelySaw): SurelySaw;
  readonly recent: RecentTransactions<StreamedTransaction>;
  /** null: nothing is written (`read.only`, or no signal table). */
  readonly watermarks: Watermarks | null;
  readonly abort: AbortSignal;
};

/**
 * Reads chunks of tables beside the stream, each in a transaction of its own whose view of the database says which of the stream's changes
 * are newer (`ChunkView`). The table is held in that transaction, so that no statement changes it between the look at its definition, the
 * reading, and the look at the binlog's end.
 */
export class ChunkReader implements ChunkDatabase<ChunkView> {
  readonly #parts: ReaderParts;
  readonly #ids = new Map<string, TableId>();
  readonly #breakingOff: Disposable;
  #readable: { readonly statement: string; readonly table: ReadableTable } | null = null;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#breakingOff = breakOffAfter(parts.abort, parts.client);
  }

  lastKey(collection: Collection): Promise<LastKey | null> {
    return this.#lastKey(collection).catch(error => Promise.reject(databaseFailure(error, `Looking for the end of ${collection.name}`)));
  }

  async #lastKey(collection: Collection): Promise<LastKey | null> {
    const { client, session, kind } = this.#parts;
    if (kind === 'write') await this.#requireWrites();
    const { model } = await this.#table(await this.#id(collection));
    const { key } = chunkKeys(collection, model);
    const found: (readonly string[])[] = [];
    await using rows = await TextRows.watched(client, session.client, lastKeySelect(model, key, collection.filter), [], key.length);
    while (await rows.next((_, bytes, start, end) => void found.push(plainTexts(key, textsAt(bytes, start, end)))));
    return found[0] === undefined ? null : { key: found[0], classes: keyClasses(key, model) };
  }

  /** Throws SNAPSHOT_FAILED where neither GTIDs nor writes of our own tell what a view saw. */
  async #requireWrites(): Promise<void> {
    const { client, watermarks } = this.#parts;
    if (watermarks === null)
      throw new SluiceError('SNAPSHOT_FAILED', 'The server has no GTIDs, and there is no signal table to write watermarks into.', {
        remedy: 'Set gtid_mode=ON on the server, or name a signal table (signal.data.collection) and leave read.only unset.',
      });
    const [row] = await query(client, 'SELECT @@global.binlog_order_commits AS ordered');
    if (Number(row?.['ordered']) !== 1)
      throw new SluiceError(
        'SNAPSHOT_FAILED',
        'The server has no GTIDs, and its commits do not become visible in the order of its binlog.',
        {
          remedy: 'Set gtid_mode=ON or binlog_order_commits=ON on the server.',
        },
      );
  }

  readChunk(request: ChunkRequest): Promise<Chunk<ChunkView>> {
    // The stream goes on meanwhile: what counts is what it had brought when the window was opened, which is now.
    const mark = this.#parts.recent.mark;
    return this.#read(request, mark).catch(error =>
      Promise.reject(databaseFailure(error, `Reading a chunk of ${request.collection.name}`)),
    );
  }

  async #read(request: ChunkRequest, mark: number): Promise<Chunk<ChunkView>> {
    const { client, kind, watermarks } = this.#parts;
    const written = kind === 'write' ? await this.#end() : null;
    const close = await watermarks?.open(client, request.collection);
    try {
      return await this.#attempt(request, mark, written).catch(error => {
        if (!isOfChangedTable(error)) throw error;
        return this.#attempt(request, mark, written);
      });
    } finally {
      // A connection that is gone has no window to close.
      await close?.().catch(() => {});
    }
  }

  async #attempt({ collection, after, upTo, rowsMax }: ChunkRequest, mark: number, written: BinlogPlace | null): Promise<Chunk<ChunkView>> {
    const { client, session } = this.#parts;
    const sees = await this.#begin(mark, written);
    try {
      const id = await this.#id(collection);
      // Holds the table's definition until the transaction ends; waits while a statement changes it.
      await patiently(client, session.client, () => query(client, `SELECT 1 FROM ${quoteTable(id)} LIMIT 0`, [], null));
      const readable = await this.#table(id);
      const { model, captured } = readable;
      const keys = chunkKeys(collection, model);
      const read = await this.#rows(readable, keys, chunkSelect(readable, keys, { after, upTo }, collection.filter, rowsMax));
      return { view: { sees, end: await this.#end(), model }, captured, classes: keyClasses(keys.key, model), ...read };
    } finally {
      await query(client, 'ROLLBACK').catch(() => {});
    }
  }

  /** Begins a transaction whose view sees everything the stream had brought at `mark`: a commit is streamed before it becomes visible. */
  async #begin(mark: number, written: BinlogPlace | null): Promise<SurelySaw> {
    const { client, kind, recent, abort } = this.#parts;
    for (;;) {
      const sees = this.#parts.visible(await openView(client, kind, written));
      if (recent.allSeen(mark, sees)) return sees;
      await query(client, 'ROLLBACK');
      // Its end is the server's: a commit that waits for a replica may take as long as the replica does.
      await setTimeout(visibleCheckIntervalMs, undefined, { signal: abort });
    }
  }

  async #end(): Promise<ChunkView['end']> {
    const { client, flavor, session, kind } = this.#parts;
    const { file, position, gtids } = await currentPosition(client, flavor, session.server);
    // The GTIDs that MySQL counts as executed may lack those of transactions that are visible since a moment ago.
    return { file, position, gtids: kind === 'place' ? gtids : null };
  }

  async #rows(
    readable: ReadableTable,
    { key, identity }: ChunkKeys,
    select: string,
  ): Promise<Pick<Chunk<ChunkView>, 'rows' | 'keys' | 'last'>> {
    const readers = readable.readers.filter(reader => reader !== null).map(reader => (readable.isNeeded(reader) ? reader : null));
    const rows: Row[] = [];
    const keys: string[] = [];
    let last: readonly string[] | null = null;
    const { client, session } = this.#parts;
    await using result = await TextRows.watched(client, session.client, select, readers, identity.length + key.length);
    const take: TextRowHandler = (row, bytes, start, end) => {
      const texts = textsAt(bytes, start, end);
      rows.push(row);
      keys.push(rowKey(plainTexts(identity, texts))!);
      last = plainTexts(key, texts.slice(identity.length));
    };
    while (await result.next(take));
    return { rows, keys, last };
  }

  /** Throws UnfitTable where it is not a captured table. */
  async #id({ name }: Collection): Promise<TableId> {
    const { client, makers } = this.#parts;
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const found = (await listTables(client)).find(({ id }) => qualifiedName(id) === name && makers.includesTable(id));
    if (found === undefined) throw unknownTable(name);
    this.#ids.set(name, found.id);
    return found.id;
  }

  /** The table as it is now: compiled once for each version of it. */
  async #table(id: TableId): Promise<ReadableTable> {
    const { client, session } = this.#parts;
    const [row] = await query(client, `SHOW CREATE TABLE ${quoteTable(id)}`);
    const statement = String(row?.['Create Table']);
    const known = this.#readable;
    if (known?.statement === statement && qualifiedName(known.table.model.id) === qualifiedName(id)) return known.table;
    const model = session.modelsOf(await readSnapshotSchema(client, [{ id, rowsEstimated: -1, sizeBytes: 0 }])).table(id);
    if (model === null) throw unknownTable(qualifiedName(id));
    const table = session.tables.compile(model);
    this.#readable = { statement, table };
    return table;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#breakingOff[Symbol.dispose]();
    await disconnect(this.#parts.client);
  }
}

function unknownTable(name: string): UnfitTable {
  return new UnfitTable(
    'UNKNOWN_SCHEMA',
    `There is no table ${name} among those that are captured.`,
    'Name tables as database.table, and have table.include.list include them.',
  );
}
