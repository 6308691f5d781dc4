import type pg from 'pg';
import type { Clock, Logger, PluginContext, SourceVerification, VerifiableRange, VerifiableTable } from '../../src/contract/index.ts';
import type { CapturedTable } from '../debezium/captured-table.ts';
import type { Row } from '../debezium/table.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import { betweenNs, verifiableRecords } from '../debezium/verifiable-records.ts';
import { Catalog, type CatalogTable } from './catalog.ts';
import { connect, quoteIdentifier, quoteLiteral, quoteTable } from './connection.ts';
import { CopyChannel } from './copy-channel.ts';
import { CopyRowReader } from './copy-row.ts';
import { databaseError } from './database-error.ts';
import { breakOffAfter, disconnect } from './disconnect.ts';
import { formatLsn, parseLsn } from './lsn.ts';
import type { PostgresConfig } from './options.ts';
import { recordMakers } from './record-makers.ts';
import type { RecordMakers } from './settings.ts';
import { type ReadableTable, Tables } from './tables.ts';
import { loadTypeCatalog, type PostgresType } from './values/type-catalog.ts';

/** A page of the WAL, and the longest header of one: a position behind a header is reported before it by those who only read. */
const pageBytes = 8192n;
const headerBytesMax = 40n;

const positionNow =
  'SELECT (CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_insert_lsn() END)::text AS lsn';

type OpenTable = { readonly table: CatalogTable; readonly readable: ReadableTable };
type Session = { readonly client: pg.Client; readonly tables: Tables; readonly listed: ReadonlyMap<string, CatalogTable> };

/** Reads tables for a verification, on a connection of its own: short statements by the primary key, no transaction that stays open. */
export class PostgresVerification implements SourceVerification {
  readonly #config: PostgresConfig;
  readonly #makers: RecordMakers;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #open = new Map<string, OpenTable>();
  #session: Session | null = null;

  constructor(config: PostgresConfig, context: PluginContext) {
    [this.#config, this.#makers, this.#logger, this.#clock] = [config, recordMakers(config, context), context.logger, context.clock];
  }

  async tables(abort: AbortSignal): Promise<readonly VerifiableTable[]> {
    const { listed } = await this.#opened(abort);
    const tables: VerifiableTable[] = [];
    for (const [name, table] of listed) {
      const { readable } = await this.#table(name, abort);
      tables.push({
        name,
        topic: readable.captured.topic,
        keyed: keyIndexes(table, readable) !== null && readable.captured.keySchema !== null,
        rowsEstimated: table.rowsEstimated < 0 ? null : Math.round(table.rowsEstimated),
      });
    }
    return tables;
  }

  async readRange(name: string, after: readonly string[] | null, rowsMax: number, abort: AbortSignal): Promise<VerifiableRange> {
    const open = await this.#table(name, abort);
    const key = keyList(open.table);
    const where = after === null ? '' : ` WHERE (${key}) > (${after.map(quoteLiteral).join(', ')})`;
    return this.#read(open, `${where} ORDER BY ${key} LIMIT ${rowsMax}`, rowsMax, abort);
  }

  async readKeys(name: string, keys: readonly (readonly string[])[], abort: AbortSignal): Promise<VerifiableRange> {
    const open = await this.#table(name, abort);
    const { client } = await this.#opened(abort);
    if (keys.length === 0) return { rows: [], more: false, position: await positionOf(client), echo: null };
    const listed = keys.map(key => `(${key.map(quoteLiteral).join(', ')})`).join(', ');
    return this.#read(open, ` WHERE (${keyList(open.table)}) IN (${listed})`, keys.length + 1, abort);
  }

  /** The position is looked up behind the statement, so that it is behind all that the rows show. */
  async #read({ table, readable }: OpenTable, clauses: string, rowsMax: number, abort: AbortSignal): Promise<VerifiableRange> {
    const { client } = await this.#opened(abort);
    using _ = breakOffAfter(abort, client);
    const doing = `Reading table ${qualifiedName(table.id)} for a verification`;
    try {
      const found = await readRows(client, table, readable, clauses);
      const { records, echo } = this.#records(
        readable.captured,
        found.map(({ row }) => row),
      );
      const rows = found.flatMap(({ key }, index) => (records[index] ? [{ key, record: records[index] }] : []));
      return { rows, more: found.length >= rowsMax, position: await positionOf(client), echo };
    } catch (error) {
      await this.#close();
      throw databaseError(error, doing);
    }
  }

  #records(captured: CapturedTable, rows: readonly Row[]) {
    const { sourceInfo } = this.#makers;
    const nowNs = this.#clock.nowNs();
    const span = { xmin: null, origin: null, originLsn: null };
    sourceInfo.enter({ ...span, txId: 1n, lastCommitLsn: null, timestampUs: nowNs / 1000n });
    const snapshot = sourceInfo.make(captured.id, 1n, 'true');
    sourceInfo.enter({ ...span, txId: 2n, lastCommitLsn: 1n, timestampUs: (nowNs + betweenNs) / 1000n });
    return verifiableRecords(captured, rows, { snapshot, later: sourceInfo.make(captured.id, 2n, 'false') }, nowNs);
  }

  async #table(name: string, abort: AbortSignal): Promise<OpenTable> {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const { tables, listed } = await this.#opened(abort);
    const table = listed.get(name);
    if (table === undefined) throw databaseError(new Error(`table ${name} is not there any more`), 'Reading for a verification');
    const open = { table, readable: await tables.fromCatalog(table) };
    this.#open.set(name, open);
    return open;
  }

  async #opened(abort: AbortSignal): Promise<Session> {
    if (this.#session !== null) return this.#session;
    const { connection } = this.#config.settings;
    const client = await connect(connection, false, abort);
    using _ = breakOffAfter(abort, client);
    try {
      const types = await loadTypeCatalog(async sql => (await client.query<PostgresType>(sql)).rows);
      const tables = new Tables(new Catalog(client, connection.database), types, this.#makers, this.#logger);
      const listed = new Map((await tables.list()).map(table => [qualifiedName(table.id), table]));
      this.#session = { client, tables, listed };
      return this.#session;
    } catch (error) {
      await disconnect(client);
      throw databaseError(error, 'Listing the tables for a verification');
    }
  }

  /** A connection on which a statement failed is not used again; the tables are looked up anew. */
  async #close(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    this.#open.clear();
    if (session !== null) await disconnect(session.client);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

function keyList({ primaryKey }: CatalogTable): string {
  return primaryKey.map(quoteIdentifier).join(', ');
}

/** Where the key's columns are among those that are read; null where there is none, or one of a type that is not read. */
function keyIndexes({ primaryKey }: CatalogTable, { readers }: ReadableTable): readonly number[] | null {
  const names = readers.filter(reader => reader !== null).map(({ name }) => name);
  const indexes = primaryKey.map(name => names.indexOf(name));
  return indexes.length === 0 || indexes.includes(-1) ? null : indexes;
}

async function readRows(
  client: pg.Client,
  table: CatalogTable,
  readable: ReadableTable,
  clauses: string,
): Promise<{ readonly row: Row; readonly key: readonly string[] }[]> {
  const readers = readable.readers.filter(reader => reader !== null);
  const indexes = keyIndexes(table, readable) ?? [];
  const columns = table.columns.filter((_, index) => readable.readers[index] !== null).map(({ name }) => quoteIdentifier(name));
  const copyRow = new CopyRowReader(readers);
  const rows: { row: Row; key: readonly string[] }[] = [];
  const channel = new CopyChannel(client, `COPY (SELECT ${columns.join(', ')} FROM ${quoteTable(table.id)}${clauses}) TO STDOUT`);
  try {
    const take = (bytes: Buffer, start: number, end: number) => {
      const row = copyRow.read(bytes, start, end);
      rows.push({ row, key: indexes.map(index => copyRow.text(index) ?? '') });
    };
    while (await channel.next(take));
    return rows;
  } finally {
    if (channel.ended) channel.release();
    else channel.abandon();
  }
}

async function positionOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ lsn: string }>(positionNow);
  const lsn = parseLsn(rows[0]!.lsn);
  const inPage = lsn % pageBytes;
  return formatLsn(inPage <= headerBytesMax ? lsn - inPage : lsn);
}
