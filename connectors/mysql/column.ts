import type { SluiceError, Value } from '../../src/contract/index.ts';
import type { ColumnDefinition } from '../debezium/table.ts';
import type { CellReader } from './binlog/rows-event.ts';
import type { BinlogColumn } from './binlog/table-map.ts';
import type { UnreadForm } from './values/unread-form.ts';

/** A column ready to be read: its definition, and the readers of the two forms in which its values come. */
export type ColumnReader = ColumnDefinition & {
  /**
   * The reader of the binlog's cells of that type; null: the type is not one that the table's definition can have, so that the definition is
   * not this table map's. What it throws does not name the column (`RowsEvent.each` does).
   */
  binlog(column: BinlogColumn): CellReader | null;
  /**
   * Reads a value of a result of the text protocol, bytes[start, end): in UTF-8, TIMESTAMP in UTC (`connect` sets the session so). Throws
   * SluiceError MALFORMED_MESSAGE for what the server cannot have written, CONVERSION_FAILED for a value that the schema cannot hold.
   */
  text(bytes: Buffer, start: number, end: number): Value;
  /** How such a value goes into a row that is not read; null: it is read. */
  readonly unread: UnreadForm | null;
  /** Applies the changes of a partial update (JSON) to the former value; null: another type. */
  readonly patch: ((bytes: Buffer, before: Value) => Value) | null;
  /** What stands for SQL NULL: null, or in a NOT NULL column (zero dates) the default, else Debezium's fallback ("", 0, false ...). */
  readonly whenNull: Value;
  /** What stands for a value that the row image left out. */
  readonly unavailable: Value;
  /**
   * What stands for a value that the schema cannot hold (CONVERSION_FAILED), where `event.converting.failure.handling.mode` lets the task go
   * on; left out: the error stops it.
   */
  instead?(error: SluiceError): Value;
};
