import type { Connection } from 'mysql2';
import { SluiceError } from '../../src/contract/index.ts';
import { nothingCameFor } from '../debezium/liveness.ts';
import type { TableId } from '../debezium/table.ts';
import type { ColumnReader } from './column.ts';
import { promptAnswerMsMax, query, quoteIdentifier } from './connection.ts';
import { type ColumnModel, jdbcTypes, type TableModel } from './table-model.ts';
import { createColumnReader } from './values/column-reader.ts';
import { defaultValueOptions } from './values/value-options.ts';

/** A key's column as a snapshot orders by it. Its values go into offsets as texts: of bytes, capital hexadecimal digits. */
export type KeyColumn = { readonly name: string; readonly kind: 'integer' | 'text' | 'bytes'; readonly unsigned: boolean };

const integers = /^(?:TINYINT|SMALLINT|MEDIUMINT|INT|INTEGER|BIGINT|INT[12348])(?: |$)/;

function keyColumn(column: ColumnModel): KeyColumn | null {
  const { name, jdbcType, typeName } = column;
  const unsigned = typeName.includes('UNSIGNED');
  if (integers.test(typeName)) return { name, kind: 'integer', unsigned };
  if (jdbcType === jdbcTypes.BINARY || jdbcType === jdbcTypes.VARBINARY) return { name, kind: 'bytes', unsigned };
  const isText = (jdbcType === jdbcTypes.CHAR || jdbcType === jdbcTypes.VARCHAR) && /^(?:VAR)?CHAR/.test(typeName);
  return isText && column.charsetName !== null && column.charsetName.toLowerCase() !== 'binary' ? { name, kind: 'text', unsigned } : null;
}

/** The columns of a table's key, where an interrupted reading can go on behind one of its values; null where it cannot. */
export function keyColumnsOf(table: TableModel): readonly KeyColumn[] | null {
  const columns = table.primaryKeyColumnNames.map(name => {
    const column = table.columns.find(each => each.name === name);
    // NULL has no place in a range.
    return column === undefined || column.optional ? null : keyColumn(column);
  });
  const known = columns.filter(column => column !== null);
  return known.length > 0 && known.length === columns.length ? known : null;
}

/** As the select list has it, so that its text is what an offset holds. */
export function keyExpression({ name, kind }: KeyColumn): string {
  return kind === 'bytes' ? `HEX(${quoteIdentifier(name)})` : quoteIdentifier(name);
}

/** A key's text as SQL. */
function literal({ kind }: KeyColumn, text: string): string {
  if (kind === 'integer') return String(BigInt(text));
  if (kind === 'bytes') return `x'${Buffer.from(text, 'hex').toString('hex')}'`;
  return `_utf8mb4 x'${Buffer.from(text, 'utf8').toString('hex')}'`;
}

/** The rows behind a key, so written that the server goes to them by the key's index. */
export function behindKey(columns: readonly KeyColumn[], key: readonly string[]): string {
  const terms = columns.map((column, index) => {
    const equal = columns.slice(0, index).map((each, place) => `${quoteIdentifier(each.name)} = ${literal(each, key[place]!)}`);
    return `(${[...equal, `${quoteIdentifier(column.name)} > ${literal(column, key[index]!)}`].join(' AND ')})`;
  });
  return terms.join(' OR ');
}

/** The rows up to a key and with it, so written that the server goes to them by the key's index. */
export function uptoKey(columns: readonly KeyColumn[], key: readonly string[]): string {
  const last = columns.length - 1;
  const terms = columns.map((column, index) => {
    const equal = columns.slice(0, index).map((each, place) => `${quoteIdentifier(each.name)} = ${literal(each, key[place]!)}`);
    return `(${[...equal, `${quoteIdentifier(column.name)} ${index === last ? '<=' : '<'} ${literal(column, key[index]!)}`].join(' AND ')})`;
  });
  return terms.join(' OR ');
}

/** The row of a key. */
export function atKey(columns: readonly KeyColumn[], key: readonly string[]): string {
  return `(${columns.map((column, index) => `${quoteIdentifier(column.name)} = ${literal(column, key[index]!)}`).join(' AND ')})`;
}

/** Reads the key's columns of a change as the values that `keyTexts` takes; null in place of every other column. */
export function keyReaders(table: TableModel): readonly (ColumnReader | null)[] {
  return table.columns.map(column =>
    table.primaryKeyColumnNames.includes(column.name) ? createColumnReader(column, defaultValueOptions) : null,
  );
}

/** A key's texts of what `keyReaders` read: the values of the key's columns, in the table's order. */
export function keyTexts(table: TableModel, columns: readonly KeyColumn[], row: readonly unknown[]): readonly string[] {
  const order = table.columns.filter(({ name }) => table.primaryKeyColumnNames.includes(name)).map(({ name }) => name);
  return columns.map(({ name, kind, unsigned }) => {
    const value = row[order.indexOf(name)];
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex').toUpperCase();
    if (kind === 'integer' && unsigned && typeof value === 'bigint') return String(BigInt.asUintN(64, value));
    return String(value);
  });
}

/**
 * Compares keys as the server orders them: numbers and bytes here, texts there, by their column's collation. A round trip for each text,
 * which only the changes between two views of one table need.
 */
export class KeyOrder {
  readonly #client: Connection;
  readonly #collations = new Map<string, { readonly charset: string; readonly collation: string } | null>();

  constructor(client: Connection) {
    this.#client = client;
  }

  /** The index of the first bound that the key is not behind; -1: it is behind all of them. */
  async firstWithin(
    id: TableId,
    columns: readonly KeyColumn[],
    key: readonly string[],
    bounds: readonly (readonly string[])[],
  ): Promise<number> {
    for (const [index, bound] of bounds.entries()) if (await this.#isWithin(id, columns, key, bound)) return index;
    return -1;
  }

  async #isWithin(id: TableId, columns: readonly KeyColumn[], key: readonly string[], bound: readonly string[]): Promise<boolean> {
    for (const [index, column] of columns.entries()) {
      const order = await this.#compare(id, column, key[index]!, bound[index]!);
      if (order !== 0) return order < 0;
    }
    return true;
  }

  async #compare(id: TableId, column: KeyColumn, a: string, b: string): Promise<number> {
    if (a === b) return 0;
    if (column.kind === 'integer') return BigInt(a) < BigInt(b) ? -1 : 1;
    if (column.kind === 'bytes') return a < b ? -1 : 1;
    const found = await this.#collation(id, column.name);
    const typed = (text: string) => {
      const given = literal(column, text);
      return found === null ? given : `CONVERT(${given} USING ${found.charset}) COLLATE ${found.collation}`;
    };
    const [row] = await query(this.#client, `SELECT STRCMP(${typed(a)}, ${typed(b)}) AS ordered`, [], promptAnswerMsMax).catch(error => {
      // Neither the statement nor what the server says of it: both hold values (invariant 8).
      const code = error instanceof SluiceError ? error.code : 'DATABASE_FAILED';
      const silent = code === 'DATABASE_UNAVAILABLE' ? `: the connection was lost, or ${nothingCameFor(promptAnswerMsMax)}` : '';
      throw new SluiceError(code, `The server did not compare keys of table ${id.catalog}.${id.table}${silent}.`);
    });
    return Number(row?.['ordered'] ?? 0);
  }

  async #collation({ catalog, table }: TableId, column: string): Promise<{ charset: string; collation: string } | null> {
    const key = `${catalog}\u0000${table}\u0000${column}`;
    const known = this.#collations.get(key);
    if (known !== undefined) return known;
    const [row] = await query(
      this.#client,
      'SELECT CHARACTER_SET_NAME AS charset, COLLATION_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND COLUMN_NAME = ?',
      [catalog, table, column],
      promptAnswerMsMax,
    );
    const word = (value: unknown) => (typeof value === 'string' && /^\w+$/.test(value) ? value : null);
    const [charset, collation] = [word(row?.['charset']), word(row?.['name'])];
    const found = charset === null || collation === null ? null : { charset, collation };
    this.#collations.set(key, found);
    return found;
  }
}
