import { type Schema, Struct, type Value } from '../../contract/index.ts';
import { isBase64 } from './reader.ts';

/** Where a text is being read. */
type Cursor = { readonly text: string; at: number };
type Read = (cursor: Cursor) => Value;

/** The text is not laid out as a writer lays it out, or does not fit the schema: `readValue` reads it, and says what is wrong. */
const unlike = new Error('laid out otherwise');

const [quote, comma, minus, point, openBracket, backslash, closeBracket, letterN, openBrace, closeBrace] = [
  0x22, 0x2c, 0x2d, 0x2e, 0x5b, 0x5c, 0x5d, 0x6e, 0x7b, 0x7d,
];
/** Of these many digits every number is exact. */
const exactDigitsMax = 15;
const ranges: Readonly<Partial<Record<Schema['type'], number>>> = { int8: 2 ** 7, int16: 2 ** 15, int32: 2 ** 31 };

/**
 * Reads JSON as Connect's and this converter write it, each struct's fields in the schema's order and no blanks, straight into values: without
 * maps, names and numbers' texts on the way. Readers are compiled once a schema.
 */
export class GuidedReader {
  readonly #nullsAsDefaults: boolean;
  readonly #readers = new WeakMap<Schema, Read>();

  constructor(nullsAsDefaults: boolean) {
    this.#nullsAsDefaults = nullsAsDefaults;
  }

  /** Undefined where the text is any other: then `readValue` is to read it. */
  read(schema: Schema, text: string): Value | undefined {
    const cursor: Cursor = { text, at: 0 };
    try {
      const value = this.#of(schema)(cursor);
      return cursor.at === text.length ? value : undefined;
    } catch (fault) {
      if (fault === unlike) return undefined;
      throw fault;
    }
  }

  #of(schema: Schema): Read {
    let read = this.#readers.get(schema);
    if (read === undefined) {
      read = this.#compiled(schema);
      this.#readers.set(schema, read);
    }
    return read;
  }

  #compiled(schema: Schema): Read {
    const read = this.#present(schema);
    const hasDefault = schema.default !== undefined && this.#nullsAsDefaults;
    const absent = hasDefault ? schema.default! : null;
    const mayBeNull = hasDefault || schema.optional;
    return cursor => {
      if (cursor.text.charCodeAt(cursor.at) !== letterN) return read(cursor);
      if (!mayBeNull || !cursor.text.startsWith('null', cursor.at)) throw unlike;
      cursor.at += 4;
      return absent;
    };
  }

  #present(schema: Schema): Read {
    switch (schema.type) {
      case 'int8':
      case 'int16':
      case 'int32':
        return integerReader(ranges[schema.type]!);
      case 'int64':
        return readLong;
      case 'float64':
        return readDouble;
      case 'float32':
        return cursor => Math.fround(readDouble(cursor));
      case 'boolean':
        return readBoolean;
      case 'string':
        return readString;
      case 'bytes':
        return readBytes;
      case 'array':
        return arrayReader(this.#of(schema.valueSchema!));
      case 'struct':
        return structReader(
          schema,
          schema.fields.map(field => this.#of(field.schema)),
        );
      case 'map':
        return () => {
          throw unlike;
        };
    }
  }
}

function structReader(schema: Schema, reads: readonly Read[]): Read {
  const names = schema.fields.map(({ name }, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);
  const count = names.length;
  return cursor => {
    const { text } = cursor;
    const values: Value[] = new Array(count);
    if (count === 0 && text.charCodeAt(cursor.at++) !== openBrace) throw unlike;
    for (let index = 0; index < count; index++) {
      const name = names[index]!;
      if (!text.startsWith(name, cursor.at)) throw unlike;
      cursor.at += name.length;
      values[index] = reads[index]!(cursor);
    }
    if (text.charCodeAt(cursor.at++) !== closeBrace) throw unlike;
    return new Struct(schema, values);
  };
}

function arrayReader(read: Read): Read {
  return cursor => {
    const { text } = cursor;
    if (text.charCodeAt(cursor.at++) !== openBracket) throw unlike;
    const items: Value[] = [];
    if (text.charCodeAt(cursor.at) === closeBracket) {
      cursor.at++;
      return items;
    }
    for (;;) {
      items.push(read(cursor));
      const next = text.charCodeAt(cursor.at++);
      if (next === closeBracket) return items;
      if (next !== comma) throw unlike;
    }
  };
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

/** Behind a number's last digit; there is at least one. */
function digitsEnd(text: string, from: number): number {
  let at = from;
  while (isDigit(text.charCodeAt(at))) at++;
  if (at === from) throw unlike;
  return at;
}

/** A whole number's text: without fraction and exponent. Undefined where its digits are more than a number holds; then it has been passed. */
function readWhole(cursor: Cursor): number | undefined {
  const { text } = cursor;
  const isNegative = text.charCodeAt(cursor.at) === minus;
  const from = isNegative ? cursor.at + 1 : cursor.at;
  let number = 0;
  let at = from;
  for (let unit = text.charCodeAt(at); isDigit(unit); unit = text.charCodeAt(++at)) number = number * 10 + (unit - 0x30);
  if (at === from || isFractionAt(text, at)) throw unlike;
  cursor.at = at;
  if (at - from > exactDigitsMax) return undefined;
  return isNegative ? 0 - number : number;
}

function isFractionAt(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit === point || unit === 0x65 || unit === 0x45;
}

function integerReader(limit: number): Read {
  return cursor => {
    const number = readWhole(cursor);
    if (number === undefined || number < -limit || number >= limit) throw unlike;
    return number;
  };
}

function readLong(cursor: Cursor): bigint {
  const from = cursor.at;
  const number = readWhole(cursor);
  if (number !== undefined) return BigInt(number);
  const long = BigInt(cursor.text.slice(from, cursor.at));
  if (BigInt.asIntN(64, long) !== long) throw unlike;
  return long;
}

function readDouble(cursor: Cursor): number {
  const { text, at: from } = cursor;
  const wholeEnd = digitsEnd(text, text.charCodeAt(from) === minus ? from + 1 : from);
  let at = wholeEnd;
  if (text.charCodeAt(at) === point) at = digitsEnd(text, at + 1);
  if (text.charCodeAt(at) === 0x65 || text.charCodeAt(at) === 0x45) {
    const sign = text.charCodeAt(at + 1);
    at = digitsEnd(text, sign === minus || sign === 0x2b ? at + 2 : at + 1);
  }
  cursor.at = at;
  const number = Number(text.slice(from, at));
  // As a whole number -0 is 0.
  return number === 0 && at === wholeEnd ? 0 : number;
}

function readBoolean(cursor: Cursor): boolean {
  const { text, at } = cursor;
  if (text.startsWith('true', at)) {
    cursor.at += 4;
    return true;
  }
  if (!text.startsWith('false', at)) throw unlike;
  cursor.at += 5;
  return false;
}

/** Texts with escapes are read by the JSON reader of the language, which is as strict. */
function readString(cursor: Cursor): string {
  const { text } = cursor;
  const from = cursor.at + 1;
  if (text.charCodeAt(cursor.at) !== quote) throw unlike;
  let isEscaped = false;
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === quote) {
      cursor.at = at + 1;
      return isEscaped ? unescaped(text.slice(from - 1, at + 1)) : text.slice(from, at);
    }
    if (unit === backslash) {
      isEscaped = true;
      at++;
    } else if (unit < 0x20) throw unlike;
  }
  throw unlike;
}

function unescaped(text: string): string {
  try {
    return JSON.parse(text);
  } catch {
    throw unlike;
  }
}

/** Decimals too, where they are written so. */
function readBytes(cursor: Cursor): Uint8Array {
  const text = readString(cursor);
  if (!isBase64(text)) throw unlike;
  return Buffer.from(text, 'base64');
}
