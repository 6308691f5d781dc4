import { SluiceError, type Value } from '../../src/contract/index.ts';
import { EventCursor } from './binlog/cursor.ts';
import type { ColumnReader } from './column.ts';

/** Stands in place of a length: the column is NULL. */
export const nullValue = 0xfb;

/** The texts of columns that were left unread; null stands for NULL. */
export function textsAt(bytes: Buffer, start: number, end: number): (string | null)[] {
  const cursor = new EventCursor().start(bytes, start, end);
  const texts: (string | null)[] = [];
  while (cursor.left > 0) {
    if (bytes[cursor.at] === nullValue) {
      cursor.take(1);
      texts.push(null);
      continue;
    }
    const from = cursor.take(cursor.packedInt());
    texts.push(bytes.toString('utf8', from, cursor.at));
  }
  return texts;
}

/** A row of the text protocol ("Text Resultset Row"): a length and a text for each column, or the mark of NULL. */
export function readTextRow(cursor: EventCursor, readers: readonly (ColumnReader | null)[]): Value[] {
  const row = new Array<Value>(readers.length);
  for (let index = 0; index < readers.length; index++) {
    const reader = readers[index]!;
    if (cursor.bytes[cursor.at] === nullValue && cursor.left > 0) {
      cursor.take(1);
      row[index] = reader === null ? null : reader.whenNull;
      continue;
    }
    const start = cursor.take(cursor.packedInt());
    row[index] = reader === null ? null : readText(reader, cursor.bytes, start, cursor.at);
  }
  return row;
}

/** One value; what cannot be read is told with the column's name. */
export function readText(reader: ColumnReader, bytes: Buffer, start: number, end: number): Value {
  try {
    return reader.text(bytes, start, end);
  } catch (error) {
    if (!(error instanceof SluiceError))
      throw new SluiceError('MALFORMED_MESSAGE', `Column "${reader.name}": its value cannot be read.`, { cause: error });
    if (error.code === 'CONVERSION_FAILED' && reader.instead) return reader.instead(error);
    throw new SluiceError(error.code, `Column "${reader.name}": ${error.message}`, { cause: error, remedy: error.remedy });
  }
}
