import type { Value } from '../../src/contract/index.ts';
import { readTuple } from './pgoutput/tuple.ts';
import type { ReadableTable } from './tables.ts';

/**
 * The texts of some columns of the row at `offset` of a streamed change, in that order; null for a column that is NULL or was not sent. A long
 * value that the update left unchanged is in the old row at `oldOffset`.
 */
export function columnTexts(
  table: ReadableTable,
  columns: readonly string[],
  message: Buffer,
  offset: number,
  oldOffset: number | null = null,
): readonly (string | null)[] {
  const readers = table.readers.map(reader =>
    reader !== null && columns.includes(reader.name)
      ? {
          ...reader,
          read: (bytes: Buffer, start: number, end: number): Value => bytes.toString('utf8', start, end),
          whenNull: null,
          unavailable: null,
        }
      : null,
  );
  const names = readers.filter(reader => reader !== null).map(reader => reader.name);
  const old = oldOffset === null ? null : readTuple(message, oldOffset, readers);
  const values = readTuple(message, offset, readers, [], old);
  return columns.map(column => {
    const value = values[names.indexOf(column)];
    return typeof value === 'string' ? value : null;
  });
}
