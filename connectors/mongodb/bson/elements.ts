import { SluiceError } from '../../../src/contract/index.ts';

/** The types of BSON elements (bsonspec.org). */
export const bsonType = {
  double: 0x01,
  string: 0x02,
  document: 0x03,
  array: 0x04,
  binary: 0x05,
  undefined: 0x06,
  objectId: 0x07,
  boolean: 0x08,
  dateTime: 0x09,
  null: 0x0a,
  regularExpression: 0x0b,
  dbPointer: 0x0c,
  javaScript: 0x0d,
  symbol: 0x0e,
  javaScriptWithScope: 0x0f,
  int32: 0x10,
  timestamp: 0x11,
  int64: 0x12,
  decimal128: 0x13,
  minKey: 0xff,
  maxKey: 0x7f,
} as const;

/** Where a value lies: its type and the place of its first byte in the same buffer. */
export type Located = { readonly type: number; readonly at: number; readonly end: number };

function malformed(what: string): SluiceError {
  return new SluiceError('MALFORMED_MESSAGE', `A BSON document cannot be read: ${what}`);
}

/** Behind the zero byte that ends the C string at `at`. Names are short: looking at their bytes here costs less than a call to search them. */
export function cStringEnd(bytes: Buffer, at: number): number {
  for (let index = at; index < at + 32; index++) if (bytes[index] === 0) return index + 1;
  const zero = bytes.indexOf(0, at);
  if (zero < 0) throw malformed('a name does not end');
  return zero + 1;
}

/** The C string at `at`. Names are short and mostly ASCII: read unit by unit they cost less than through a decoder. */
export function cString(bytes: Buffer, at: number, end: number): string {
  if (end - at > 24) return bytes.toString('utf8', at, end - 1);
  let text = '';
  for (let index = at; index < end - 1; index++) {
    const byte = bytes[index]!;
    if (byte > 0x7f) return bytes.toString('utf8', at, end - 1);
    text += String.fromCharCode(byte);
  }
  return text;
}

function checked(bytes: Buffer, at: number, length: number): number {
  const end = at + length;
  if (length < 0 || end > bytes.length) throw malformed('a value is longer than its document');
  return end;
}

/** Behind the last byte of a value. */
export function valueEnd(bytes: Buffer, type: number, at: number): number {
  switch (type) {
    case bsonType.int32:
      return checked(bytes, at, 4);
    case bsonType.double:
    case bsonType.dateTime:
    case bsonType.timestamp:
    case bsonType.int64:
      return checked(bytes, at, 8);
    case bsonType.string:
    case bsonType.javaScript:
    case bsonType.symbol:
      return checked(bytes, at, 4 + length(bytes, at));
    case bsonType.document:
    case bsonType.array:
    case bsonType.javaScriptWithScope:
      return checked(bytes, at, length(bytes, at));
    case bsonType.binary:
      return checked(bytes, at, 5 + length(bytes, at));
    case bsonType.objectId:
      return checked(bytes, at, 12);
    case bsonType.boolean:
      return checked(bytes, at, 1);
    case bsonType.undefined:
    case bsonType.null:
    case bsonType.minKey:
    case bsonType.maxKey:
      return at;
    case bsonType.regularExpression:
      return cStringEnd(bytes, cStringEnd(bytes, at));
    case bsonType.dbPointer:
      return checked(bytes, at, 4 + length(bytes, at) + 12);
    case bsonType.decimal128:
      return checked(bytes, at, 16);
    default:
      throw malformed(`there is no type ${type}`);
  }
}

function length(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw malformed('it ends too early');
  return bytes.readInt32LE(at);
}

/** Behind the last byte of the document at `at`. */
export function documentEnd(bytes: Buffer, at: number): number {
  return checked(bytes, at, length(bytes, at));
}

/** The bytes of the document at `at`. */
export function documentAt(bytes: Buffer, at: number): Buffer {
  return bytes.subarray(at, documentEnd(bytes, at));
}

/**
 * Calls `each` for every element of the document (or array) at `start`, in its order. What `each` is told must be read before it returns
 * or kept as places: the bytes are those of the server's answer.
 */
export function eachElement(bytes: Buffer, start: number, each: (name: string, type: number, at: number, end: number) => void): void {
  const stop = checked(bytes, start, length(bytes, start)) - 1;
  let at = start + 4;
  while (at < stop) {
    const type = bytes[at]!;
    const nameEnd = cStringEnd(bytes, at + 1);
    const end = valueEnd(bytes, type, nameEnd);
    each(cString(bytes, at + 1, nameEnd), type, nameEnd, end);
    at = end;
  }
}

/** The first element of that name (ASCII) of the document at `start`; null where there is none. */
export function findElement(bytes: Buffer, start: number, name: string): Located | null {
  const stop = documentEnd(bytes, start) - 1;
  let from = start + 4;
  while (from < stop) {
    const type = bytes[from]!;
    const at = cStringEnd(bytes, from + 1);
    const end = valueEnd(bytes, type, at);
    if (at - from - 2 === name.length && isAt(bytes, from + 1, name)) return { type, at, end };
    from = end;
  }
  return null;
}

function isAt(bytes: Buffer, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text.charCodeAt(index)) return false;
  return true;
}

/** A string's, symbol's or code's text. */
export function stringAt(bytes: Buffer, at: number): string {
  return textBetween(bytes, at + 4, at + 3 + bytes.readInt32LE(at));
}

/** Text in UTF-8. */
export function textBetween(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  return text.includes('\ufffd') ? withSingleReplacements(bytes.subarray(start, end)) : text;
}

/** Bytes that are no UTF-8: Java replaces one of a pair of surrogates, which is written in three bytes, by one character, not by three. */
function withSingleReplacements(bytes: Buffer): string {
  const mended = Buffer.from(bytes);
  for (let at = mended.indexOf(0xed); at >= 0 && at + 2 < mended.length; at = mended.indexOf(0xed, at + 1))
    if (mended[at + 1]! >= 0xa0 && mended[at + 2]! >> 6 === 2) mended.set([0xef, 0xbf, 0xbd], at);
  return mended.toString('utf8');
}

/** An integer of 32 or 64 bits, or a double, as a number; null of any other type. */
export function numberAt(bytes: Buffer, { type, at }: Located): number | null {
  if (type === bsonType.int32) return bytes.readInt32LE(at);
  if (type === bsonType.int64 || type === bsonType.dateTime) return Number(bytes.readBigInt64LE(at));
  return type === bsonType.double ? bytes.readDoubleLE(at) : null;
}
