import type pg from 'pg';
import { SluiceError } from '../../src/contract/index.ts';
import { rowKey } from '../debezium/incremental/chunk-database.ts';
import type { OpenedTable, ReadingOrder, TableRows } from '../debezium/snapshot.ts';
import type { Row } from '../debezium/table.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import type { CatalogTable } from './catalog.ts';
import { quoteIdentifier, quoteLiteral, quoteTable } from './connection.ts';
import { CopyChannel } from './copy-channel.ts';
import { CopyRowReader } from './copy-row.ts';
import { databaseError } from './database-error.ts';
import { processIdOf, watchProcess } from './liveness.ts';
import type { ReadableTable, Tables } from './tables.ts';

/** A table up to this size is read in one go, in its own order, and becomes durable whole: there is nothing to resume. */
const smallTableBytesMax = 8 * 1024 * 1024;

/** What tables are read with. */
export type TableParts = {
  readonly tables: Tables;
  /** An ordinary connection, for questions about the readers' own. */
  readonly control: pg.Client;
  /** `snapshot.select.statement.overrides` by table. */
  override(table: string): string | null;
  readonly batchRecordsMax: number;
  /** Rows that are left out, by their keys (`rowKey`); left out: none are. */
  newer?(table: string): ReadonlySet<string>;
};

/** A table as the catalog has it, ready to be read. */
export async function openTable(parts: TableParts, table: CatalogTable): Promise<OpenedTable<pg.Client>> {
  const readable = await parts.tables.fromCatalog(table);
  const override = parts.override(qualifiedName(table.id));
  const statement = table.sizeBytes > smallTableBytesMax && override === selectByKey(table) ? null : override;
  const order = readingOrder(table, readable, statement);
  return {
    captured: readable.captured,
    order,
    read(client, after) {
      const select = selectStatement(table, readable, order, after, statement);
      return readTable(client, parts, table, readable, order, select);
    },
  };
}

/** Where a row's text lies in what the server sent. */
type CopiedRow = { readonly bytes: Buffer; readonly start: number; readonly end: number };

function readingOrder(table: CatalogTable, readable: ReadableTable, override: string | null): ReadingOrder {
  if (table.sizeBytes <= smallTableBytesMax) return 'whole';
  const hasReadableKey =
    table.primaryKey.length > 0 && table.primaryKey.every(name => readable.readers.some(reader => reader?.name === name));
  return override === null && hasReadableKey ? 'key' : 'unordered';
}

/** An override that only puts the rows in the order of their key. A large table is read so without it, and then it can be resumed. */
function selectByKey(table: CatalogTable): string {
  return `SELECT * FROM ${quoteTable(table.id)} ORDER BY ${table.primaryKey.map(quoteIdentifier).join(', ')}`;
}

/** The statement that reads a table, behind a key where `after` is given. */
function selectStatement(
  table: CatalogTable,
  readable: ReadableTable,
  order: ReadingOrder,
  after: readonly string[] | null,
  override: string | null,
): string {
  const columns = table.columns.filter((_, index) => readable.readers[index] !== null).map(({ name }) => quoteIdentifier(name));
  if (override !== null) return `SELECT ${columns.join(', ')} FROM (${override.trim().replace(/;$/, '')}) AS overridden`;
  const select = `SELECT ${columns.join(', ')} FROM ${quoteTable(table.id)}`;
  if (order !== 'key') return select;
  const key = table.primaryKey.map(quoteIdentifier).join(', ');
  const where = after === null ? '' : ` WHERE (${key}) > (${after.map(quoteLiteral).join(', ')})`;
  return `${select}${where} ORDER BY ${key}`;
}

/**
 * Reads a table's rows, at most `rowsMax` at a time, on a connection whose transaction holds the snapshot; on the other one the server is asked whether it is still at it
 * where no row comes for long. Throws the database's error with the table's name.
 */
async function* readTable(
  client: pg.Client,
  { control, batchRecordsMax: rowsMax, newer }: TableParts,
  table: CatalogTable,
  readable: ReadableTable,
  order: ReadingOrder,
  select: string,
): AsyncGenerator<TableRows> {
  const readers = readable.readers.filter(reader => reader !== null);
  const copyRow = new CopyRowReader(readers);
  const keyIndexes = table.primaryKey.map(name => readers.findIndex(reader => reader.name === name));
  const keyOf = ({ bytes, start, end }: CopiedRow) => {
    copyRow.read(bytes, start, end);
    return keyIndexes.map(index => copyRow.text(index) ?? '');
  };
  const leftOut = newer?.(qualifiedName(table.id)) ?? new Set();
  const identity = readable.captured.definition.primaryKey.map(name => readers.findIndex(reader => reader.name === name));
  const processId = await processIdOf(client);
  const channel = new CopyChannel(client, `COPY (${select}) TO STDOUT`);
  using _ = watchProcess({ client, processId, listener: () => channel }, control);
  try {
    for (let open = true; open; ) {
      const rows: Row[] = [];
      let byteCount = 0;
      let beforeLast: CopiedRow | null = null;
      let last: CopiedRow | null = null;
      open = await channel.next((bytes, start, end) => {
        byteCount += end - start;
        const row = copyRow.read(bytes, start, end);
        if (leftOut.size > 0 && leftOut.has(rowKey(identity.map(index => copyRow.text(index))) ?? '')) return;
        rows.push(row);
        beforeLast = last;
        last = { bytes, start, end };
      }, rowsMax);
      if (last === null) continue;
      const keys = order === 'key' ? { beforeLast: beforeLast && keyOf(beforeLast), last: keyOf(last) } : null;
      yield { rows, bytes: byteCount, keys };
    }
  } catch (error) {
    throw readingError(error, table);
  } finally {
    // Left half-way, the connection is of no more use: its owner ends it.
    if (channel.ended) channel.release();
    else channel.abandon();
  }
}

/** The database's refusal, told as one of reading this table. */
function readingError(error: unknown, table: CatalogTable): SluiceError {
  const found = databaseError(error, `Reading table ${quoteTable(table.id)}`);
  if (found.code === 'PRIVILEGE_MISSING')
    return new SluiceError('TABLE_UNREADABLE', `Table ${quoteTable(table.id)} may not be read.`, { cause: found });
  if (found.code === 'DATABASE_FAILED')
    return new SluiceError('SNAPSHOT_FAILED', `Reading table ${quoteTable(table.id)}: ${found.message}`, { cause: found });
  return found;
}
