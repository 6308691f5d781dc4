import type { TableId } from '../debezium/table.ts';

/**
 * A table as DDL describes it, in the form of Debezium's own model (io.debezium.relational.Table and Column): what its schema history
 * holds under `tableChanges`, and its schema change topic too. A change of a table makes a new object, so one object stands for one
 * version: what is compiled from it may be cached by identity.
 */
export type TableModel = {
  /** `catalog` is the MySQL database; `schema` is empty, MySQL has none. */
  readonly id: TableId;
  /** As MySQL names it (`utf8mb4`); null: neither the table's nor the database's is known. */
  readonly defaultCharsetName: string | null;
  /** Of the primary key, else of the first unique key whose columns are all NOT NULL; empty: neither. */
  readonly primaryKeyColumnNames: readonly string[];
  /** In the table's order; invisible and generated columns are among them. */
  readonly columns: readonly ColumnModel[];
  /** `COMMENT = '...'` of the table; null: none, or `include.schema.comments` is off. */
  readonly comment: string | null;
};

/** A column as DDL describes it. */
export type ColumnModel = {
  readonly name: string;
  /** A constant of java.sql.Types (`jdbcTypes`), as Debezium's DDL parser assigns them. */
  readonly jdbcType: number;
  /** Never set by Debezium's MySQL parser; kept because its format has it. */
  readonly nativeType: number | null;
  /**
   * Upper case, with `UNSIGNED` and `ZEROFILL` where declared, as written in the DDL where MySQL has several names for a type:
   * `INT UNSIGNED`, `INTEGER`, `BOOL`, `VARCHAR`, `DOUBLE PRECISION`, `ENUM`.
   */
  readonly typeName: string;
  /** The same as `typeName` after a DDL statement. */
  readonly typeExpression: string | null;
  /** Of character types, ENUM and SET; resolved from column, table, database or server. null: not a character type, or not known. */
  readonly charsetName: string | null;
  /** Length, precision, fraction digits of temporal types, display width (`TINYINT(1)`: 1); null: the DDL gave none. */
  readonly length: number | null;
  /** Of DECIMAL, FLOAT(m,d), DOUBLE(m,d); null: none. */
  readonly scale: number | null;
  /** From 1. */
  readonly position: number;
  /** May be NULL. */
  readonly optional: boolean;
  /** AUTO_INCREMENT, SERIAL, or ON UPDATE. */
  readonly autoIncremented: boolean;
  /** The same as `autoIncremented`: Debezium's parser does not tell what GENERATED ALWAYS says. */
  readonly generated: boolean;
  /** null: none, or `include.schema.comments` is off. */
  readonly comment: string | null;
  /** A default is set; with a null expression: NULL, or an expression in parentheses, which Debezium takes for NULL. */
  readonly hasDefaultValue: boolean;
  /**
   * As written, without its quotes: `1`, `true`, `-5`; of bit and hex literals what is between the quotes (`b'101'`: `101`); of
   * CURRENT_TIMESTAMP and its synonyms `1970-01-01 00:00:00`; null: NULL, an expression, or no default.
   */
  readonly defaultValueExpression: string | null;
  /** Of ENUM and SET: the literals as written, with their quotes (`'a'`); null: another type. `enumLiterals` unquotes them. */
  readonly enumValues: readonly string[] | null;
};

/** java.sql.Types constants that the model's columns have. */
export const jdbcTypes = {
  BIT: -7,
  SMALLINT: 5,
  INTEGER: 4,
  BIGINT: -5,
  FLOAT: 6,
  REAL: 7,
  DOUBLE: 8,
  NUMERIC: 2,
  DECIMAL: 3,
  CHAR: 1,
  VARCHAR: 12,
  NCHAR: -15,
  NVARCHAR: -9,
  DATE: 91,
  TIME: 92,
  TIMESTAMP: 93,
  TIMESTAMP_WITH_TIMEZONE: 2014,
  BINARY: -2,
  VARBINARY: -3,
  LONGVARBINARY: -4,
  BLOB: 2004,
  BOOLEAN: 16,
  OTHER: 1111,
} as const;

/** A table id as Debezium writes it in histories and schema changes: `"db"."table"`, a quote inside a name doubled. */
export function doubleQuotedId({ catalog, table }: TableId): string {
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
  return catalog === '' ? quoted(table) : `${quoted(catalog)}.${quoted(table)}`;
}

/** Reads what `doubleQuotedId` wrote; unquoted names too. null: it is no name. */
export function tableIdOf(text: string): TableId | null {
  const parts = [...text.matchAll(/"((?:[^"]|"")*)"|([^".]+)/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '');
  const table = parts.at(-1);
  if (table === undefined || table === '') return null;
  return { catalog: parts.length > 1 ? parts[0]! : '', schema: '', table };
}
