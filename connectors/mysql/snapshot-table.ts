import type { Connection } from 'mysql2';
import { SluiceError, type UnreadRow } from '../../src/contract/index.ts';
import { rowKey } from '../debezium/incremental/chunk-database.ts';
import type { OpenedTable, ReadingOrder, TableRows } from '../debezium/snapshot.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import { plainTexts } from './chunk-select.ts';
import type { ColumnReader } from './column.ts';
import { quoteIdentifier, quoteTable } from './connection.ts';
import { changedTable, databaseFailure, isOfChangedTable, isOfNewerDefinition } from './database-error.ts';
import { type CatalogTable, hasMoreRows } from './server.ts';
import { behindKey, type KeyColumn, keyColumnsOf, keyExpression } from './snapshot-key.ts';
import type { TableModel } from './table-model.ts';
import type { ReadableTable, Tables } from './tables.ts';
import { TextRows, type UnreadRowHandler } from './text-rows.ts';
import { textsAt } from './text-values.ts';
import { createColumnReader } from './values/column-reader.ts';
import { defaultValueOptions } from './values/value-options.ts';

/** A table up to this size is read in one go, in its own order, and becomes durable whole: there is nothing to resume. */
const smallTableBytesMax = 8 * 1024 * 1024;
/** And up to so many rows: the server's statistics may be far behind a table that was filled a moment ago. */
const smallTableRowsMax = 8_192;

/** What tables are read with. */
export type TableParts = {
  readonly tables: Tables;
  /** An ordinary connection, for questions about the readers' own. */
  readonly control: Connection;
  /** The table as the readers see it. */
  model(table: CatalogTable): TableModel;
  /** `snapshot.select.statement.overrides` by table. */
  override(table: string): string | null;
  readonly batchRecordsMax: number;
  /** Those that are read in one go. */
  readonly small: ReadonlySet<CatalogTable>;
  /** Rows that are left out, by their keys (`rowKey`); left out: none are. */
  newer?(table: string): ReadonlySet<string>;
};

/** Those of the tables that may be read in one go. */
export async function smallTables(client: Connection, tables: readonly CatalogTable[]): Promise<ReadonlySet<CatalogTable>> {
  const small = new Set<CatalogTable>();
  for (const table of tables)
    if (table.sizeBytes <= smallTableBytesMax && !(await hasMoreRows(client, table.id, smallTableRowsMax))) small.add(table);
  return small;
}

/** A table of the catalog, ready to be read. */
export function openTable(parts: TableParts, table: CatalogTable): OpenedTable<Connection> {
  const model = parts.model(table);
  const readable = parts.tables.compile(model);
  const statement = parts.override(qualifiedName(table.id));
  const key = statement === null ? keyColumnsOf(model) : null;
  const order: ReadingOrder = parts.small.has(table) ? 'whole' : key === null ? 'unordered' : 'key';
  return {
    captured: readable.captured,
    order,
    read(client, after) {
      const leftOut = parts.newer?.(qualifiedName(table.id)) ?? none;
      // Of a table whose keys cannot be told no row is known to be newer.
      const identity = leftOut.size === 0 ? [] : (keyColumnsOf(model) ?? []);
      return readTable(client, parts, readable, order === 'key' ? key! : [], after, statement, { identity, leftOut });
    },
  };
}

/** Rows that are not handed over: keys as `rowKey` has them. `identity`: the columns of the key; none where nothing is left out. */
type LeftOut = { readonly identity: readonly KeyColumn[]; readonly leftOut: ReadonlySet<string> };
const none: ReadonlySet<string> = new Set();

/** The statement that reads a table, behind a key where `after` is given; the texts of a key come last. */
function selectStatement(
  { model, readers }: ReadableTable,
  key: readonly KeyColumn[],
  after: readonly string[] | null,
  override: string | null,
  texts: readonly KeyColumn[],
): string {
  const columns = model.columns.filter((_, index) => readers[index] !== null).map(({ name }) => quoteIdentifier(name));
  const list = [...columns, ...texts.map(keyExpression)].join(', ');
  if (override !== null) return `SELECT ${list} FROM (${override.trim().replace(/;$/, '')}) AS overridden`;
  const select = `SELECT ${list} FROM ${quoteTable(model.id)}`;
  if (key.length === 0) return select;
  const where = after === null ? '' : ` WHERE ${behindKey(key, after)}`;
  return `${select}${where} ORDER BY ${key.map(({ name }) => quoteIdentifier(name)).join(', ')}`;
}

/** Reads a key's text at the end of a row. */
export const textColumn: ColumnReader = createColumnReader(
  {
    name: 'key',
    jdbcType: 12,
    nativeType: null,
    typeName: 'VARCHAR',
    typeExpression: 'VARCHAR',
    charsetName: 'utf8mb4',
    length: null,
    scale: null,
    position: 1,
    optional: false,
    autoIncremented: false,
    generated: false,
    comment: null,
    hasDefaultValue: false,
    defaultValueExpression: null,
    enumValues: null,
  },
  defaultValueOptions,
)!;

/**
 * Reads a table's rows on a connection whose transaction holds the snapshot; on the other one the server is asked whether it is still at it where
 * no row comes for long. Throws the database's error with the table's name.
 */
async function* readTable(
  client: Connection,
  { control, batchRecordsMax: rowsMax }: TableParts,
  readable: ReadableTable,
  key: readonly KeyColumn[],
  after: readonly string[] | null,
  override: string | null,
  { identity, leftOut }: LeftOut,
): AsyncGenerator<TableRows> {
  const shown = readable.readers.filter(reader => reader !== null);
  const readers = shown.map(reader => (readable.isNeeded(reader) ? reader : null));
  let rows: UnreadRow[] = [];
  // Where the keys of the last two rows lie: of a batch's rows no others are asked for.
  let beforeLast: LyingKey | null = null;
  let last: LyingKey | null = null;
  let bytes = 0;
  const take: UnreadRowHandler = (row, from, start, end) => {
    if (key.length > 0) {
      beforeLast = last;
      last = { bytes: from, start, end };
    }
    rows.push(row);
  };
  const texts = key.length > 0 ? key : identity;
  const isLeftOut = (from: Buffer, start: number, end: number) => leftOut.has(rowKey(plainTexts(texts, textsAt(from, start, end))) ?? '');
  const handle: UnreadRowHandler = identity.length === 0 ? take : (...row) => void (isLeftOut(row[1], row[2], row[3]) || take(...row));
  const answer = (): TableRows => ({
    rows,
    bytes,
    keys: last === null ? null : { beforeLast: beforeLast && keyAt(beforeLast), last: keyAt(last) },
  });
  try {
    await using result = await TextRows.watched(
      client,
      control,
      selectStatement(readable, key, after, override, texts),
      readers,
      texts.length,
    );
    for (let open = true; open; ) {
      const before = result.bytes;
      open = await result.nextUnread(handle);
      bytes += result.bytes - before;
      // A piece of the socket's holds few wide rows: they are handed over together.
      if (rows.length === 0 || (open && rows.length < rowsMax && bytes < batchBytesMin)) continue;
      yield answer();
      rows = [];
      beforeLast = null;
      last = null;
      bytes = 0;
    }
  } catch (error) {
    // A user's own statement may name what never was there.
    const isChanged = override === null ? isOfChangedTable : isOfNewerDefinition;
    throw isChanged(error) ? changedTable(readable.model.id, error) : readingError(error, readable.model);
  }
}

/** Rows are handed over once so many bytes of them have come: unread, little of them is copied by a collection of young memory. */
const batchBytesMin = 256 * 1024;

type LyingKey = { readonly bytes: Buffer; readonly start: number; readonly end: number };

/** A key has no NULL: the reading is ordered by columns that are NOT NULL. */
function keyAt({ bytes, start, end }: LyingKey): readonly string[] {
  return textsAt(bytes, start, end).map(text => text ?? '');
}

/** The database's refusal, told as one of reading this table. */
function readingError(error: unknown, { id }: TableModel): unknown {
  const found = databaseFailure(error, `Reading table ${quoteTable(id)}`);
  if (!(found instanceof SluiceError)) return found;
  if (found.code === 'PRIVILEGE_MISSING')
    return new SluiceError('TABLE_UNREADABLE', `Table ${quoteTable(id)} may not be read.`, { cause: found });
  if (found.code === 'DATABASE_FAILED')
    return new SluiceError('SNAPSHOT_FAILED', `Reading table ${quoteTable(id)}: ${found.message}`, { cause: found });
  return found;
}
