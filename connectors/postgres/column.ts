import type { SluiceError, Value } from '../../src/contract/index.ts';
import type { ColumnDefinition } from '../debezium/table.ts';

/** A column as the catalog (pg_attribute, pg_attrdef) and the relation message describe it. */
export type CatalogColumn = {
  readonly name: string;
  readonly typeOid: number;
  /** pg_attribute.atttypmod; -1: none. */
  readonly typeModifier: number;
  readonly notNull: boolean;
  /** pg_get_expr of the default; null: none. */
  readonly defaultExpression: string | null;
  /** A generated column (its default is the expression that generates it: Debezium takes that for a default) or an identity column. */
  readonly generated: boolean;
};

/** A column ready to be read: its definition and the reader of its text form (pgoutput's and COPY's text are the same). */
export type ColumnReader = ColumnDefinition & {
  /**
   * Reads the text at bytes[start, end). Throws SluiceError MALFORMED_MESSAGE for text the type's output function cannot have written,
   * CONVERSION_FAILED for a value that the schema cannot hold; neither names the column (`readTuple` does).
   */
  read(bytes: Buffer, start: number, end: number): Value;
  /** What stands for SQL NULL: null, or in a NOT NULL column (key-only old rows) the default, else Debezium's fallback ("", 0, false ...). */
  readonly whenNull: Value;
  /** What stands for an unchanged TOAST value (`unavailable.value.placeholder`). */
  readonly unavailable: Value;
  /**
   * What stands for a value that the schema cannot hold (CONVERSION_FAILED), where `event.converting.failure.handling.mode` lets the task
   * go on; left out: the error stops it.
   */
  instead?(error: SluiceError): Value;
};
