import { UnfitTable } from '../debezium/incremental/chunk-database.ts';
import type { JavaClass } from '../debezium/incremental/java-key.ts';
import type { Collection } from '../debezium/incremental/state.ts';
import type { CatalogTable } from './catalog.ts';
import { quoteIdentifier, quoteLiteral, quoteTable } from './connection.ts';
import type { ReadableTable } from './tables.ts';

/** Columns that a table is read by, in chunks. Throws UnfitTable where it has none that would do. */
export function chunkKey({ surrogateKey, name }: Collection, table: CatalogTable): readonly string[] {
  const notNull = (column: string) => table.columns.some(known => known.name === column && known.notNull);
  if (surrogateKey !== null) {
    if (notNull(surrogateKey)) return [surrogateKey];
    throw new UnfitTable(
      'NO_PRIMARY_KEY',
      `Table ${name} has no column "${surrogateKey}" that is NOT NULL, to be read by.`,
      'Name a unique NOT NULL column as the surrogate key, or leave it out to read by the primary key.',
    );
  }
  if (table.primaryKey.length > 0) return table.primaryKey;
  if (isKeyed(table)) return table.keyColumns;
  throw new UnfitTable(
    'NO_PRIMARY_KEY',
    `Table ${name} has no primary key to be read by.`,
    'Name a unique NOT NULL column as the surrogate key.',
  );
}

/** Whether a table has a key of its own to be read by. */
export function isKeyed({ primaryKey, keyColumns, columns }: CatalogTable): boolean {
  const notNull = (column: string) => columns.some(known => known.name === column && known.notNull);
  return primaryKey.length > 0 || (keyColumns.length > 0 && keyColumns.every(notNull));
}

/** Java's classes of the types that keys mostly have, as the JDBC driver reads them. */
const javaClasses: Readonly<Record<string, JavaClass>> = {
  INT2: 'Integer',
  INT4: 'Integer',
  INT8: 'Long',
  TEXT: 'String',
  VARCHAR: 'String',
  BPCHAR: 'String',
  BOOL: 'Boolean',
  UUID: 'UUID',
};

/** Of each key column; null for one that only we can store. */
export function keyClasses(key: readonly string[], readable: ReadableTable): readonly (JavaClass | null)[] {
  return key.map(name => javaClasses[readable.readers.find(reader => reader?.name === name)?.typeName ?? ''] ?? null);
}

const filtered = (filter: string | null) => (filter === null ? '' : ` AND (${filter})`);

/** Finds the last of the rows that are meant: the texts of its key. */
export function lastKeySelect(table: CatalogTable, key: readonly string[], filter: string | null): string {
  const names = key.map(quoteIdentifier);
  const where = filter === null ? '' : ` WHERE (${filter})`;
  return `SELECT ${names.map((name, index) => `${name}::text AS k${index}`).join(', ')} FROM ${quoteTable(table.id)}${where} ORDER BY ${names
    .map(name => `${name} DESC`)
    .join(', ')} LIMIT 1`;
}

/** The rows of a chunk, in the order of the key. */
export function chunkSelect(
  table: CatalogTable,
  columns: readonly string[],
  key: readonly string[],
  range: { readonly after: readonly string[] | null; readonly upTo: readonly string[] },
  filter: string | null,
  rowsMax: number,
): string {
  const names = key.map(quoteIdentifier).join(', ');
  const bound = (texts: readonly string[]) => `(${texts.map(quoteLiteral).join(', ')})`;
  const behind = range.after === null ? '' : ` AND (${names}) > ${bound(range.after)}`;
  return (
    `SELECT ${columns.map(quoteIdentifier).join(', ')} FROM ${quoteTable(table.id)} ` +
    `WHERE (${names}) <= ${bound(range.upTo)}${behind}${filtered(filter)} ORDER BY ${names} LIMIT ${rowsMax}`
  );
}
