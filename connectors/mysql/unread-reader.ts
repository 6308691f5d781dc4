import { type UnreadRow, UnreadRowMemory, type UnreadRows } from '../../src/contract/index.ts';
import type { EventCursor } from './binlog/cursor.ts';
import type { ColumnReader } from './column.ts';
import { nullValue, readText } from './text-values.ts';

const cellsMax = 4096;

/** Takes rows of the text protocol as they lie: values that are only written again are never made. */
export class UnreadRowReader {
  readonly #readers: readonly (ColumnReader | null)[];
  readonly #memory: UnreadRowMemory;

  /** One for each column, null gives null. */
  constructor(readers: readonly (ColumnReader | null)[]) {
    this.#readers = readers;
    const columns = readers.map(reader => {
      return { valueOfNumber: reader?.unread?.kind === 'number' ? reader.unread.valueOf : null, valueOfText: null };
    });
    this.#memory = new UnreadRowMemory(columns, cellsMax);
  }

  /** The row from where the cursor stands; leaves the cursor behind it. Its bytes belong to the row from here on. */
  read(cursor: EventCursor): UnreadRow {
    const rows = this.#memory.rows();
    const { bytes } = cursor;
    const readers = this.#readers;
    const row = rows.row(bytes);
    for (let column = 0; column < readers.length; column++) {
      const reader = readers[column]!;
      if (bytes[cursor.at] === nullValue && cursor.left > 0) {
        cursor.take(1);
        rows.value(column, reader === null ? null : reader.whenNull);
        continue;
      }
      const start = cursor.take(cursor.packedInt());
      if (reader === null) rows.value(column, null);
      else enter(rows, column, reader, bytes, start, cursor.at);
    }
    return row;
  }
}

function enter(rows: UnreadRows, column: number, reader: ColumnReader, bytes: Buffer, start: number, end: number): void {
  const { unread } = reader;
  if (unread === null) rows.value(column, readText(reader, bytes, start, end));
  else if (unread.kind === 'text') rows.text(column, start, end);
  else if (unread.kind === 'number') {
    const number = unread.number(bytes, start, end);
    if (Number.isNaN(number)) rows.value(column, readText(reader, bytes, start, end));
    else rows.number(column, number);
  } else {
    const rewrittenEnd = unread.rewrite(bytes, start, end);
    if (rewrittenEnd < 0) rows.value(column, readText(reader, bytes, start, end));
    else rows.text(column, start - 1, rewrittenEnd);
  }
}
