import type { Schema, Value } from '../../../src/contract/index.ts';
import type { CellReader } from '../binlog/rows-event.ts';
import type { BinlogColumn } from '../binlog/table-map.ts';
import type { UnreadForm } from './unread-form.ts';

/** Reads the text at bytes[start, end) as the text protocol has it: UTF-8, TIMESTAMP in UTC; binary columns as they are. */
export type ReadText = (bytes: Buffer, start: number, end: number) => Value;

/**
 * How one column is shown under given options, from both ways it may come. Debezium shows some values of a snapshot otherwise than those of
 * the stream (JSON, TIMESTAMP's fraction): so do these.
 */
export type ValueType = {
  /** Without nullability and default, which belong to the column. */
  readonly schema: Schema;
  /**
   * The reader of a binlog's cell of that type. Readers take the cell's bytes from the cursor before they throw CONVERSION_FAILED.
   * null: the binlog has another type than the table's definition, which does not fit.
   */
  readonly binlog: (column: BinlogColumn) => CellReader | null;
  readonly text: ReadText;
  /** Left out: values are read at once. */
  readonly unread?: UnreadForm;
  /** What stands for NULL in a NOT NULL column without a default. */
  readonly fallback: Value;
  /** What stands for a value that was not sent. */
  readonly unavailable: Value;
  /** No placeholder can be shown in this type: null takes its place where the column may be NULL. */
  readonly unavailableAsNull: boolean;
  /** Null values come from some bytes (zero dates): how they are to be shown is the column's. */
  readonly givesNull?: boolean;
  /** Of struct types: the same with `schema` in its values, since a struct names its schema, nullability and all. */
  readonly bind?: (schema: Schema) => ValueType;
  /** Applies a partial update to the former value (JSON). */
  readonly patch?: (bytes: Buffer, before: Value) => Value;
};

/** The same reader for some binlog types, none for others. */
export function forTypes(types: readonly number[], read: CellReader): ValueType['binlog'] {
  return ({ type }) => (types.includes(type) ? read : null);
}
