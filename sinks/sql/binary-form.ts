import type { ColumnValues } from './row-reader.ts';
import type { ColumnValue } from './value-text.ts';

/** Rows of which a column is taken. */
export type ColumnRows = readonly { readonly values: ColumnValues }[];

/**
 * How values of one column cross to Postgres in binary form, as an array (array_recv in arrayfuncs.c): neither side makes texts of numbers and times,
 * and texts need no quotes.
 */
export type BinaryForm = {
  /** The column of all rows as one parameter, missing values as NULL; null where a value does not fit, so that they go as text and the server says why. */
  readonly array: (rows: ColumnRows, column: number) => Buffer | null;
  /** A value as the array literal takes it, where values of this form are of a kind of their own; null where they are as everywhere. */
  readonly text: ((value: ColumnValue) => ColumnValue) | null;
};

/** Dimensions, flags, the elements' type, their number and the first one's index: int32 each. */
export const headerBytes = 20;
export const lengthBytes = 4;

/** `oid`: of the elements' type, as pg_type has it; it must be what the statement declares. */
export function writeHeader(view: DataView, oid: number, count: number, hasNulls: boolean): void {
  view.setInt32(0, 1);
  view.setInt32(4, hasNulls ? 1 : 0);
  view.setInt32(8, oid);
  view.setInt32(12, count);
  view.setInt32(16, 1);
}

/** Writes a value at a place; how many bytes it has taken, -1 where it does not fit. */
export type Put = (view: DataView, at: number, value: NonNullable<ColumnValue>) => number;

/** A form of elements that take a few bytes each. */
export function smallForm(oid: number, elementBytesMax: number, put: Put, text: BinaryForm['text'] = null): BinaryForm {
  const array = (rows: ColumnRows, column: number): Buffer | null => {
    const buffer = Buffer.allocUnsafe(headerBytes + rows.length * (lengthBytes + elementBytesMax));
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    let at = headerBytes;
    let hasNulls = false;
    for (let row = 0; row < rows.length; row++) {
      const value = rows[row]!.values[column];
      if (value === null || value === undefined) {
        view.setInt32(at, -1);
        at += lengthBytes;
        hasNulls = true;
        continue;
      }
      const bytes = put(view, at + lengthBytes, value);
      if (bytes < 0) return null;
      view.setInt32(at, bytes);
      at += lengthBytes + bytes;
    }
    writeHeader(view, oid, rows.length, hasNulls);
    return buffer.subarray(0, at);
  };
  return { array, text };
}
