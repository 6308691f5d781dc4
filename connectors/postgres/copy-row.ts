import { SluiceError, type Value } from '../../src/contract/index.ts';
import type { ColumnReader } from './column.ts';
import { readValue } from './read-value.ts';

const tab = 0x09;
const newline = 0x0a;
const backslash = 0x5c;
const letterN = 0x4e;

/** What stands behind a backslash in COPY's text format, where it is not the character itself (documentation of COPY, "Text Format"). */
const escapes = new Map([
  [0x62, 0x08], // b
  [0x66, 0x0c], // f
  [0x6e, 0x0a], // n
  [0x72, 0x0d], // r
  [0x74, 0x09], // t
  [0x76, 0x0b], // v
]);

/** Reads rows in COPY's text format. One object a table and connection: it keeps the memory in which it undoes escapes. */
export class CopyRowReader {
  readonly #readers: readonly ColumnReader[];
  #scratch = Buffer.allocUnsafeSlow(1024);
  /** Where each column's text lies after `read`, two numbers a column; -1 for NULL. */
  readonly #bounds: Int32Array;
  #bytes: Buffer = this.#scratch;

  constructor(readers: readonly ColumnReader[]) {
    this.#readers = readers;
    this.#bounds = new Int32Array(readers.length * 2);
  }

  /** The row at bytes[start, end): a value a reader. */
  read(bytes: Buffer, start: number, end: number): Value[] {
    const readers = this.#readers;
    const row = new Array<Value>(readers.length);
    const last = end > start && bytes[end - 1] === newline ? end - 1 : end;
    this.#bytes = bytes;
    let at = start;
    for (let column = 0; column < readers.length; column++) {
      if (at > last)
        throw new SluiceError('MALFORMED_MESSAGE', `A snapshot row has ${column} columns where ${readers.length} were asked for.`);
      let fieldEnd = at;
      let escaped = false;
      while (fieldEnd < last && bytes[fieldEnd] !== tab) {
        if (bytes[fieldEnd] === backslash) escaped = true;
        fieldEnd++;
      }
      const reader = readers[column]!;
      this.#bounds[column * 2] = at;
      this.#bounds[column * 2 + 1] = fieldEnd;
      if (!escaped) row[column] = readValue(reader, bytes, at, fieldEnd);
      else if (fieldEnd - at === 2 && bytes[at + 1] === letterN) {
        row[column] = reader.whenNull;
        this.#bounds[column * 2] = -1;
      } else {
        // Undoing escapes may replace the scratch memory, so its length comes first.
        const length = this.#unescape(bytes, at, fieldEnd);
        row[column] = readValue(reader, this.#scratch, 0, length);
      }
      at = fieldEnd + 1;
    }
    return row;
  }

  /** The text of a column of the row read last, while its bytes are still there; null for NULL. */
  text(column: number): string | null {
    const start = this.#bounds[column * 2]!;
    if (start < 0) return null;
    const length = this.#unescape(this.#bytes, start, this.#bounds[column * 2 + 1]!);
    return this.#scratch.toString('utf8', 0, length);
  }

  /** Undoes escapes into the scratch memory; answers the length. */
  #unescape(bytes: Buffer, start: number, end: number): number {
    if (this.#scratch.length < end - start) this.#scratch = Buffer.allocUnsafeSlow((end - start) * 2);
    const scratch = this.#scratch;
    let length = 0;
    for (let at = start; at < end; at++) {
      let byte = bytes[at]!;
      if (byte === backslash && at + 1 < end) {
        byte = bytes[++at]!;
        byte = escapes.get(byte) ?? byte;
      }
      scratch[length++] = byte;
    }
    return length;
  }
}
