import { isUtf8 } from 'node:buffer';

/** Where bytes are being read. */
export type Cursor = { readonly bytes: Buffer; at: number };

/** The JSON is not laid out as a writer lays it out, or does not fit the schema. */
export const unlike = new Error('laid out otherwise');

const [quote, plus, slash, comma, minus, point, openBracket, backslash, closeBracket, exponent, largeExponent] = [
  0x22, 0x2b, 0x2f, 0x2c, 0x2d, 0x2e, 0x5b, 0x5c, 0x5d, 0x65, 0x45,
];
const [nullWord, trueWord, falseWord] = ['null', 'true', 'false'].map(word => Buffer.from(word)) as [Buffer, Buffer, Buffer];

/** Goes behind a byte that must be this. Every function here that finds something else throws `unlike`. */
export function passByte(cursor: Cursor, expected: number): void {
  if (cursor.bytes[cursor.at++] !== expected) throw unlike;
}

/** Goes behind bytes that must be these. */
export function passBytes(cursor: Cursor, expected: Buffer): void {
  const { bytes, at } = cursor;
  for (let index = 0; index < expected.length; index++) if (bytes[at + index] !== expected[index]) throw unlike;
  cursor.at = at + expected.length;
}

/** Whether there is a null, which it then goes behind. */
export function passNull(cursor: Cursor): boolean {
  if (cursor.bytes[cursor.at] !== nullWord[0]) return false;
  passBytes(cursor, nullWord);
  return true;
}

export function readBoolean(cursor: Cursor): boolean {
  const isTrue = cursor.bytes[cursor.at] === trueWord[0];
  passBytes(cursor, isTrue ? trueWord : falseWord);
  return isTrue;
}

/** Goes behind an array, whose items `pass` takes. */
export function passArray(cursor: Cursor, pass: (cursor: Cursor) => void): void {
  const { bytes } = cursor;
  passByte(cursor, openBracket);
  if (bytes[cursor.at] === closeBracket) {
    cursor.at++;
    return;
  }
  for (;;) {
    pass(cursor);
    const next = bytes[cursor.at++];
    if (next === closeBracket) return;
    if (next !== comma) throw unlike;
  }
}

function isDigit(unit: number | undefined): unit is number {
  return unit !== undefined && unit >= 0x30 && unit <= 0x39;
}

/** Behind a number's last digit; there is at least one. */
function digitsEnd(bytes: Buffer, from: number): number {
  let at = from;
  while (isDigit(bytes[at])) at++;
  if (at === from) throw unlike;
  return at;
}

/** A whole number, without fraction and exponent. NaN where its digits are more than a number holds; then it has been passed. */
export function readWhole(cursor: Cursor): number {
  const { bytes } = cursor;
  const isNegative = bytes[cursor.at] === minus;
  const from = isNegative ? cursor.at + 1 : cursor.at;
  let number = 0;
  let at = from;
  for (let unit = bytes[at]; isDigit(unit); unit = bytes[++at]) number = number * 10 + (unit - 0x30);
  if (at === from || bytes[at] === point || isExponent(bytes[at])) throw unlike;
  cursor.at = at;
  // What was rounded on the way has become larger than this.
  if (number > Number.MAX_SAFE_INTEGER) return Number.NaN;
  return isNegative ? 0 - number : number;
}

/** The whole number in bytes[from, to), of any size. */
export function wholeIn(bytes: Buffer, from: number, to: number): bigint {
  return BigInt(bytes.toString('latin1', from, to));
}

function isExponent(unit: number | undefined): boolean {
  return unit === exponent || unit === largeExponent;
}

export function readDouble(cursor: Cursor): number {
  const { bytes, at: from } = cursor;
  const wholeEnd = digitsEnd(bytes, bytes[from] === minus ? from + 1 : from);
  let at = wholeEnd;
  if (bytes[at] === point) at = digitsEnd(bytes, at + 1);
  if (isExponent(bytes[at])) {
    const sign = bytes[at + 1];
    at = digitsEnd(bytes, sign === minus || sign === plus ? at + 2 : at + 1);
  }
  cursor.at = at;
  const number = Number(bytes.toString('latin1', from, at));
  // As a whole number -0 is 0.
  return number === 0 && at === wholeEnd ? 0 : number;
}

/** What a text has in it beside characters that stand for themselves, one byte each. */
export const textParts = { none: 0, wide: 1, escaped: 2 } as const;

/** Goes behind a text, quotes and all; tells its parts. */
export function passText(cursor: Cursor): number {
  const { bytes } = cursor;
  const from = cursor.at;
  if (bytes[from] !== quote) throw unlike;
  let parts: number = textParts.none;
  for (let at = from + 1; at < bytes.length; at++) {
    const unit = bytes[at]!;
    if (unit === quote) {
      if (parts & textParts.wide && !isUtf8(bytes.subarray(from, at))) throw unlike;
      cursor.at = at + 1;
      return parts;
    }
    if (unit === backslash) {
      parts |= textParts.escaped;
      at++;
    } else if (unit > 0x7f) parts |= textParts.wide;
    else if (unit < 0x20) throw unlike;
  }
  throw unlike;
}

/** Texts with escapes are read by the JSON reader of the language, which is as strict. */
export function readText(cursor: Cursor): string {
  const { bytes, at } = cursor;
  const parts = passText(cursor);
  if (parts === textParts.none) return bytes.toString('latin1', at + 1, cursor.at - 1);
  return parts & textParts.escaped ? unescaped(bytes, at, cursor.at) : bytes.toString('utf8', at + 1, cursor.at - 1);
}

/** The text with escapes in bytes[from, to), quotes and all. */
export function unescaped(bytes: Buffer, from: number, to: number): string {
  try {
    return JSON.parse(bytes.toString('utf8', from, to));
  } catch {
    throw unlike;
  }
}

const padding = 0x3d;
const paddingMax = 2;

/** Goes behind a text of base64, quotes and all, that has no escapes. */
export function passBase64(cursor: Cursor): void {
  const from = cursor.at + 1;
  if (passText(cursor) !== textParts.none || !isBase64In(cursor.bytes, from, cursor.at - 1)) throw unlike;
}

/** Whether bytes[from, to) are digits of base64, and padding at their end. */
function isBase64In(bytes: Buffer, from: number, to: number): boolean {
  let end = to;
  while (end > from && to - end < paddingMax && bytes[end - 1] === padding) end--;
  for (let at = from; at < end; at++) {
    const unit = bytes[at]!;
    const isLetter = (unit | 0x20) >= 0x61 && (unit | 0x20) <= 0x7a;
    if (!isLetter && !isDigit(unit) && unit !== plus && unit !== slash) return false;
  }
  return true;
}
