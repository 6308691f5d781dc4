import type { Schema, Value } from '../../src/contract/index.ts';

/** A table's full name. `catalog` is the database (Postgres: the one connected to). */
export type TableId = { readonly catalog: string; readonly schema: string; readonly table: string };

/** A column as a database's connector describes it to what all connectors share. */
export type ColumnDefinition = {
  readonly name: string;
  /** With nullability and default applied. */
  readonly schema: Schema;
  /** The database's own name of the type, upper case as Debezium gives it to `column.propagate.source.type` (`VARCHAR`, `NUMERIC`). */
  readonly typeName: string;
  /** Length or precision, -1 where the type has none. */
  readonly length: number;
  /** Scale, -1 where the type has none. */
  readonly scale: number;
  /**
   * Whether the database counts the type (of a domain: the type below it) among its character types, which masks and hashes are for.
   * Left out: judged by the schema and the type's name.
   */
  readonly character?: boolean;
};

/** A table at one version of its schema. A row of it is a `Value[]` in the order of `columns`. */
export type TableDefinition = {
  readonly id: TableId;
  readonly columns: readonly ColumnDefinition[];
  /** Names of the key's columns, in the key's order; empty where there is no key. */
  readonly primaryKey: readonly string[];
};

/** A row as the database's connector decoded it: one value a column, in the order of the definition, before any mask. */
export type Row = readonly Value[];
