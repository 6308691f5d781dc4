import { type BinaryForm, type ColumnRows, headerBytes, lengthBytes, writeHeader } from './binary-form.ts';
import { numberText } from './composite-text.ts';
import type { ColumnValue } from './value-text.ts';

/** A length as four characters of one byte each: so a whole column can be joined, and written at once. */
function lengthText(length: number): string {
  return String.fromCharCode(length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff);
}

const knownMax = 1024;
const knownLengths = Array.from({ length: knownMax }, (_, length) => lengthText(length));
const nullText = lengthText(-1);

/** Characters of a length's text that UTF-8 writes in two bytes. */
function wideIn(length: number): number {
  return ((length >>> 24) & 0x80 ? 1 : 0) + ((length >>> 16) & 0x80 ? 1 : 0) + ((length >>> 8) & 0x80 ? 1 : 0) + (length & 0x80 ? 1 : 0);
}

function textOf(value: NonNullable<ColumnValue>): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 't' : 'f';
  return typeof value === 'object' ? null : numberText(value);
}

/** Texts. `mark`: what stands before each of them, one byte or none. */
function textForm(oid: number, mark = ''): BinaryForm {
  const array = (rows: ColumnRows, column: number): Buffer | null => {
    const parts: string[] = [];
    let wide = 0;
    let hasNulls = false;
    for (let row = 0; row < rows.length; row++) {
      const value = rows[row]!.values[column];
      if (value === null || value === undefined) {
        parts.push(nullText);
        wide += 4;
        hasNulls = true;
        continue;
      }
      const text = textOf(value);
      if (text === null) return null;
      const length = text.length + mark.length;
      parts.push(length < knownMax ? knownLengths[length]! : lengthText(length), mark, text);
      wide += wideIn(length);
    }
    const joined = parts.join('');
    const bytes = Buffer.byteLength(joined);
    const buffer = Buffer.allocUnsafe(headerBytes + bytes);
    writeHeader(new DataView(buffer.buffer, buffer.byteOffset, buffer.length), oid, rows.length, hasNulls);
    // Where nothing but lengths takes two bytes in UTF-8, characters are bytes.
    if (bytes === joined.length + wide) return buffer.subarray(0, headerBytes + buffer.write(joined, headerBytes, 'latin1'));
    return buffer.subarray(0, writeEach(buffer, rows, column, mark));
  };
  return { array, text: null };
}

/** One by one, with the bytes that each has in UTF-8. */
function writeEach(buffer: Buffer, rows: ColumnRows, column: number, mark: string): number {
  let at = headerBytes;
  for (const { values } of rows) {
    const value = values[column] ?? null;
    if (value === null) at = buffer.writeInt32BE(-1, at);
    else {
      const from = at + lengthBytes;
      const bytes = buffer.write(mark, from, 'latin1') + buffer.write(textOf(value) ?? '', from + mark.length, 'utf8');
      at = buffer.writeInt32BE(bytes, at) + bytes;
    }
  }
  return at;
}

export const plainTextForm = textForm(25);
export const varcharForm = textForm(1043);
export const jsonForm = textForm(114);
/** Its version stands before the text (jsonb_recv). */
export const jsonbForm = textForm(3802, '\u0001');

export const bytesForm: BinaryForm = {
  array: (rows, column) => {
    let bytes = headerBytes;
    for (const { values } of rows) {
      const value = values[column] ?? null;
      if (value !== null && !(value instanceof Uint8Array)) return null;
      bytes += lengthBytes + (value?.length ?? 0);
    }
    const buffer = Buffer.allocUnsafe(bytes);
    let at = headerBytes;
    let hasNulls = false;
    for (const { values } of rows) {
      const value = values[column];
      if (!(value instanceof Uint8Array)) {
        at = buffer.writeInt32BE(-1, at);
        hasNulls = true;
        continue;
      }
      at = buffer.writeInt32BE(value.length, at);
      buffer.set(value, at);
      at += value.length;
    }
    writeHeader(new DataView(buffer.buffer, buffer.byteOffset, buffer.length), 17, rows.length, hasNulls);
    return buffer;
  },
  text: null,
};
