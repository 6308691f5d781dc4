import { UnfitTable } from '../debezium/incremental/chunk-database.ts';
import type { JavaClass } from '../debezium/incremental/java-key.ts';
import type { Collection } from '../debezium/incremental/state.ts';
import { quoteIdentifier, quoteTable } from './connection.ts';
import { behindKey, type KeyColumn, keyColumnsOf, keyExpression, uptoKey } from './snapshot-key.ts';
import type { TableModel } from './table-model.ts';
import type { ReadableTable } from './tables.ts';

/** By what a table is read in chunks, and by what its rows are told apart from one another. */
export type ChunkKeys = { readonly key: readonly KeyColumn[]; readonly identity: readonly KeyColumn[] };

/** The table as if that column were its key. */
export function keyedBy(model: TableModel, column: string): TableModel {
  return { ...model, primaryKeyColumnNames: [column] };
}

/** Throws UnfitTable where the table has no key that would do. */
export function chunkKeys({ surrogateKey, name }: Collection, model: TableModel): ChunkKeys {
  const primary = keyColumnsOf(model);
  const hasKey = model.primaryKeyColumnNames.length > 0;
  if (hasKey && primary === null)
    throw new UnfitTable(
      'NO_PRIMARY_KEY',
      `The key of table ${name} has a column that it cannot be read by: neither an integer nor a text nor bytes.`,
      'Read the table by a new snapshot of the connector.',
    );
  if (surrogateKey === null) {
    if (primary !== null) return { key: primary, identity: primary };
    throw new UnfitTable(
      'NO_PRIMARY_KEY',
      `Table ${name} has no primary key to be read by.`,
      'Name a unique NOT NULL column as the surrogate key.',
    );
  }
  const key = keyColumnsOf(keyedBy(model, surrogateKey));
  if (key !== null) return { key, identity: primary ?? key };
  throw new UnfitTable(
    'NO_PRIMARY_KEY',
    `Table ${name} has no column "${surrogateKey}" of integers, texts or bytes that is NOT NULL, to be read by.`,
    'Name a unique NOT NULL column as the surrogate key, or leave it out to read by the primary key.',
  );
}

/** Java's class of a key column as the JDBC driver reads it; null for one that only we can store. */
export function keyClasses(key: readonly KeyColumn[], model: TableModel): readonly (JavaClass | null)[] {
  return key.map(({ name, kind, unsigned }) => {
    if (kind === 'text') return 'String';
    if (kind === 'bytes') return null;
    const typeName = model.columns.find(column => column.name === name)?.typeName ?? '';
    if (/^(?:BIGINT|INT8)\b/.test(typeName)) return unsigned ? null : 'Long';
    return /^(?:INT|INTEGER|INT4)\b/.test(typeName) && unsigned ? 'Long' : 'Integer';
  });
}

/** Finds the last of the rows that are meant: the texts of its key. */
export function lastKeySelect(model: TableModel, key: readonly KeyColumn[], filter: string | null): string {
  const where = filter === null ? '' : ` WHERE (${filter})`;
  const order = key.map(({ name }) => `${quoteIdentifier(name)} DESC`).join(', ');
  return `SELECT ${key.map(keyExpression).join(', ')} FROM ${quoteTable(model.id)}${where} ORDER BY ${order} LIMIT 1`;
}

/** The rows of a chunk, in the order of the key; the texts of identity and key come last. */
export function chunkSelect(
  { model, readers }: Pick<ReadableTable, 'model' | 'readers'>,
  { key, identity }: ChunkKeys,
  range: { readonly after: readonly string[] | null; readonly upTo: readonly string[] },
  filter: string | null,
  rowsMax: number,
): string {
  const columns = model.columns.filter((_, index) => readers[index] !== null).map(({ name }) => quoteIdentifier(name));
  const list = [...columns, ...identity.map(keyExpression), ...key.map(keyExpression)].join(', ');
  const behind = range.after === null ? '' : ` AND (${behindKey(key, range.after)})`;
  const meant = filter === null ? '' : ` AND (${filter})`;
  const order = key.map(({ name }) => quoteIdentifier(name)).join(', ');
  return `SELECT ${list} FROM ${quoteTable(model.id)} WHERE (${uptoKey(key, range.upTo)})${behind}${meant} ORDER BY ${order} LIMIT ${rowsMax}`;
}

/** A key's texts as a streamed change has them: without the zeros that ZEROFILL shows. */
export function plainTexts(columns: readonly KeyColumn[], texts: readonly (string | null)[]): readonly string[] {
  return columns.map(({ kind }, index) => {
    const text = texts[index] ?? '';
    return kind === 'integer' ? String(BigInt(text)) : text;
  });
}
