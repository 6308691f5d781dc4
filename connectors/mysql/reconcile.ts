import { SluiceError } from '../../src/contract/index.ts';
import type { TableId } from '../debezium/table.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import { columnTypes } from './binlog/event-types.ts';
import type { BinlogColumn, TableMap } from './binlog/table-map.ts';
import { columnFromBinlog } from './binlog-column-model.ts';
import { correctedColumn, fitsBinlog } from './binlog-corrections.ts';
import type { ColumnModel, TableModel } from './table-model.ts';

/** How to read what a table map says of texts. */
export type TextReading = {
  /** The character set of a collation's number; null: not known. */
  charsetOf(collation: number): string | null;
  decode(bytes: Uint8Array, charsetName: string | null): string;
};

/**
 * A column that MariaDB keeps for itself, of a unique key over long values, at the end of the binlog's rows: none of the table's. `rowLayout`
 * takes null for its reader.
 */
export function isHiddenColumn({ name }: Pick<BinlogColumn, 'name'>): boolean {
  return name !== null && /^DB_ROW_HASH_\d+$/.test(name);
}

/** What of a table map tells its table's shape. */
export type TableShape = Pick<TableMap, 'columns' | 'primaryKey' | 'full'>;

/**
 * A table's model corrected by what the binlog says of its rows: the same object where they agree. With FULL metadata the columns are found
 * by their names, and one that the model does not have, or has otherwise, is made from the metadata (it lacks the default then, and what
 * was declared BOOL is a TINYINT). Without names they must agree in number and types.
 *
 * `doubt`: a statement about the table could not be read, for this reason. Throws SluiceError SCHEMA_UNKNOWN.
 */
export function reconcileTable(
  id: TableId,
  known: TableModel | null,
  shape: TableShape,
  reading: TextReading,
  doubt: string | null = null,
): TableModel {
  const shown = shape.columns.filter(column => !isHiddenColumn(column));
  const columns = shape.full ? byName(known, shown, reading, doubt !== null) : byPlace(id, known, shown, reading, doubt);
  const primaryKeyColumnNames = keyNames(known, columns, shape, doubt !== null);
  if (known !== null && sameItems(columns, known.columns) && sameItems(primaryKeyColumnNames, known.primaryKeyColumnNames)) return known;
  return { id, defaultCharsetName: known?.defaultCharsetName ?? null, primaryKeyColumnNames, columns, comment: known?.comment ?? null };
}

function byName(
  known: TableModel | null,
  columns: readonly BinlogColumn[],
  reading: TextReading,
  doubtful: boolean,
): readonly ColumnModel[] {
  const models = new Map(known?.columns.map(column => [column.name.toLowerCase(), column]));
  return columns.map((column, index) => {
    const model = models.get(column.name!.toLowerCase());
    if (model === undefined || !fitsBinlog(model, column)) return columnFromBinlog(column, index + 1, reading);
    return correctedColumn(model, column, index + 1, reading, doubtful);
  });
}

function byPlace(
  id: TableId,
  known: TableModel | null,
  columns: readonly BinlogColumn[],
  reading: TextReading,
  doubt: string | null,
): readonly ColumnModel[] {
  const fault = (what: string) => {
    const because = doubt === null ? '' : ` A statement about it could not be read: ${doubt}.`;
    return new SluiceError('SCHEMA_UNKNOWN', `The columns of table ${qualifiedName(id)} are not known: ${what}.${because}`);
  };
  if (known === null) throw fault('the schema history does not have it, and the server’s log does not name them');
  const models = known.columns;
  if (models.length !== columns.length && !endsHidden(models, columns, doubt))
    throw fault(`its rows have ${columns.length} columns, as far as its DDL was read it has ${models.length}`);
  const other = models.findIndex((model, index) => !fitsBinlog(model, columns[index]!));
  if (other >= 0) throw fault(`column ${models[other]!.name} is a ${models[other]!.typeName} by its DDL, its rows hold another type`);
  // The table's own come first.
  return models.map((model, index) => correctedColumn(model, columns[index]!, index + 1, reading, doubt !== null));
}

/** Whether what the rows have more than the model can be hidden columns, which without names look like any: BIGINT, of texts or bytes. */
function endsHidden(models: readonly ColumnModel[], columns: readonly BinlogColumn[], doubt: string | null): boolean {
  const more = columns.slice(models.length);
  return doubt === null && more.length > 0 && more.every(({ type }) => type === columnTypes.LONGLONG) && models.some(isLong);
}

function isLong({ typeName }: ColumnModel): boolean {
  return /TEXT|BLOB|VARCHAR|VARBINARY/.test(typeName);
}

/**
 * The model's key where its columns are right and it is not in doubt: it says what Debezium takes for the key. Else the binlog's, which is
 * the primary key, or the first unique key without NULLs.
 */
function keyNames(known: TableModel | null, columns: readonly ColumnModel[], shape: TableShape, doubtful: boolean): readonly string[] {
  const names = columns.map(({ name }) => name);
  if (
    known !== null &&
    !doubtful &&
    sameItems(
      names,
      known.columns.map(({ name }) => name),
    )
  )
    return known.primaryKeyColumnNames;
  if (shape.primaryKey !== null) return shape.primaryKey.flatMap(place => names[place] ?? []);
  const keys = known?.primaryKeyColumnNames ?? [];
  return keys.every(name => names.includes(name)) ? keys : [];
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
