import type { SluiceError, Value } from '../../../src/contract/index.ts';
import type { ColumnReader } from '../column.ts';
import { readValue } from '../read-value.ts';
import { malformed } from './malformed.ts';

const nullKind = 0x6e; // n
const unchangedKind = 0x75; // u
const textKind = 0x74; // t
const binaryKind = 0x62; // b

/** The tuple's number of columns. */
function columnCount(message: Buffer, offset: number): number {
  if (offset < 0 || offset + 2 > message.length) throw malformed(`a row expected at byte ${offset} of ${message.length}`);
  return (message[offset]! << 8) | message[offset + 1]!;
}

/** Where the text ends whose length stands at `at`. */
function textEnd(message: Buffer, at: number): number {
  if (at + 4 > message.length) throw malformed(`a value's length expected at byte ${at} of ${message.length}`);
  const size = (message[at]! << 24) | (message[at + 1]! << 16) | (message[at + 2]! << 8) | message[at + 3]!;
  const end = at + 4 + size;
  if (size < 0 || end > message.length) throw malformed(`a value of ${size} bytes at byte ${at} does not fit into ${message.length}`);
  return end;
}

function unknownKind(kind: number | undefined, at: number): SluiceError {
  if (kind === binaryKind) return malformed(`a value in binary form at byte ${at}, which was not asked for`);
  return malformed(`a value's kind expected at byte ${at}, ${kind === undefined ? 'the message ends' : `0x${kind.toString(16)} found`}`);
}

/** Where the tuple at `offset` ends. Reads no values. */
export function skipTuple(message: Buffer, offset: number): number {
  const count = columnCount(message, offset);
  let at = offset + 2;
  for (let column = 0; column < count; column++) {
    const kind = message[at];
    if (kind === textKind) at = textEnd(message, at + 1);
    else if (kind === nullKind || kind === unchangedKind) at++;
    else throw unknownKind(kind, at);
  }
  return at;
}

/**
 * The row at `offset` of an insert, update or delete: one value for each reader that is not null, in their order. `readers` has one
 * entry for each column of the relation message; null leaves the column out of the row.
 *
 * SQL NULL becomes the reader's `whenNull`. A TOAST value that the update left unchanged is not sent: it is taken from `old` (the row's
 * former values: all of them under replica identity full, else `oldValues`); without it the reader's `unavailable` stands for it.
 *
 * `into` is filled and returned where it is given: give it a fresh array or one that nobody keeps.
 * Throws SluiceError MALFORMED_MESSAGE, or CONVERSION_FAILED for a value that its schema cannot hold; both name the column.
 */
export function readTuple(
  message: Buffer,
  offset: number,
  readers: readonly (ColumnReader | null)[],
  into: Value[] = [],
  old: readonly Value[] | null = null,
): Value[] {
  const count = columnCount(message, offset);
  if (count !== readers.length) throw malformed(`a row of ${count} columns where its table has ${readers.length}`);
  let at = offset + 2;
  let index = 0;
  for (let column = 0; column < count; column++) {
    const reader = readers[column]!;
    const kind = message[at];
    if (kind === textKind) {
      const end = textEnd(message, at + 1);
      if (reader !== null) into[index++] = readValue(reader, message, at + 5, end);
      at = end;
    } else if (kind === nullKind) {
      if (reader !== null) into[index++] = reader.whenNull;
      at++;
    } else if (kind === unchangedKind) {
      if (reader !== null) {
        into[index] = old === null ? reader.unavailable : old[index]!;
        index++;
      }
      at++;
    } else throw unknownKind(kind, at);
  }
  return into;
}

/** Which columns of the relation (by their place in it) the update at `offset` left out as unchanged TOAST values. */
export function unchangedColumns(message: Buffer, offset: number): number[] {
  const count = columnCount(message, offset);
  const unchanged: number[] = [];
  let at = offset + 2;
  for (let column = 0; column < count; column++) {
    const kind = message[at];
    if (kind === unchangedKind) unchanged.push(column);
    if (kind === textKind) at = textEnd(message, at + 1);
    else if (kind === nullKind || kind === unchangedKind) at++;
    else throw unknownKind(kind, at);
  }
  return unchanged;
}

/**
 * What the old key at `oldOffset` knows of the values that the update left out: those of the key itself, which is sent whole where it is a
 * long one. null where the update left nothing out.
 */
export function oldValues(
  message: Buffer,
  oldOffset: number,
  newOffset: number,
  readers: readonly (ColumnReader | null)[],
): Value[] | null {
  if (unchangedColumns(message, newOffset).length === 0) return null;
  // In an old key, NULL stands for every column outside it.
  return readTuple(
    message,
    oldOffset,
    readers.map(reader => reader && { ...reader, whenNull: reader.unavailable }),
  );
}
