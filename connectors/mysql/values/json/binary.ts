import { EventCursor } from '../../binlog/cursor.ts';
import { columnTypes } from '../../binlog/event-types.ts';
import { malformed } from '../../binlog/malformed.ts';
import { decimalBytes, plainText, unscaledReader } from '../decimals.ts';
import { KeyTexts } from './key-texts.ts';
import { doubleText, quoted } from './text.ts';

/** Types of values (sql-common/json_binary.cc). */
const types = {
  SMALL_OBJECT: 0,
  LARGE_OBJECT: 1,
  SMALL_ARRAY: 2,
  LARGE_ARRAY: 3,
  LITERAL: 4,
  INT16: 5,
  UINT16: 6,
  INT32: 7,
  UINT32: 8,
  INT64: 9,
  UINT64: 10,
  DOUBLE: 11,
  STRING: 12,
  OPAQUE: 15,
} as const;

/** The server refuses documents of more levels (JSON_DOCUMENT_MAX_DEPTH). */
const depthMax = 100;

const literals = ['null', 'true', 'false'] as const;

const noBytes: Buffer = Buffer.alloc(0);

/** Reads one document after the other. Offsets in it count from the value they belong to; every read is checked against its end. */
class JsonReader {
  readonly #cursor = new EventCursor();
  readonly #keys = new KeyTexts();
  #bytes: Buffer = noBytes;
  #end = 0;
  /** Bytes still to be read: offsets may lead to the same ones again and again, which must not take forever. */
  #budget = 0;

  document(bytes: Buffer, start: number, end: number): string {
    this.#bytes = bytes;
    this.#end = end;
    this.#budget = 16 + (end - start) * 2;
    return this.value(bytes[start]!, start + 1, 0);
  }

  #at(offset: number): EventCursor {
    if (offset > this.#end) throw malformed('a JSON value outside of its document');
    return this.#cursor.start(this.#bytes, offset, this.#end);
  }

  #spend(bytes: number): void {
    this.#budget -= bytes;
    if (this.#budget < 0) throw malformed('a JSON document larger than its bytes');
  }

  #text(cursor: EventCursor, size: number): string {
    this.#spend(size);
    return cursor.text(size);
  }

  /** The text of the value of that type at `offset`. */
  value(type: number, offset: number, depth: number): string {
    this.#spend(1);
    switch (type) {
      case types.SMALL_OBJECT:
      case types.LARGE_OBJECT:
      case types.SMALL_ARRAY:
      case types.LARGE_ARRAY:
        return this.#container(type, offset, depth + 1);
      case types.LITERAL:
        return literalText(this.#at(offset).uint8());
      case types.INT16:
        return String((this.#at(offset).uint16() << 16) >> 16);
      case types.UINT16:
        return String(this.#at(offset).uint16());
      case types.INT32:
        return String(this.#at(offset).uint32() | 0);
      case types.UINT32:
        return String(this.#at(offset).uint32());
      case types.INT64:
        return String(this.#at(offset).int64());
      case types.UINT64:
        return String(this.#at(offset).uint64());
      case types.DOUBLE: {
        const cursor = this.#at(offset);
        return doubleText(this.#bytes.readDoubleLE(cursor.take(8)));
      }
      case types.STRING: {
        const cursor = this.#at(offset);
        return quoted(this.#text(cursor, variableLength(cursor)));
      }
      case types.OPAQUE:
        return this.#opaque(offset);
      default:
        throw malformed(`a JSON value of an unknown type (${type})`);
    }
  }

  #container(type: number, offset: number, depth: number): string {
    if (depth > depthMax) throw malformed(`a JSON document of more than ${depthMax} levels`);
    const isObject = type === types.SMALL_OBJECT || type === types.LARGE_OBJECT;
    const large = type === types.LARGE_OBJECT || type === types.LARGE_ARRAY;
    const width = large ? 4 : 2;
    const bytes = this.#bytes;
    const head = this.#at(offset);
    const count = head.uint(width);
    const size = head.uint(width);
    if (size > this.#end - offset) throw malformed('a JSON value larger than its document');
    const keyBytes = isObject ? width + 2 : 0;
    const keysAt = head.take(0);
    // All entries at once: behind this, every entry is within the document.
    head.take(count * (keyBytes + 1 + width));
    const valuesAt = keysAt + count * keyBytes;
    let text = isObject ? '{' : '[';
    for (let index = 0; index < count; index++) {
      if (index > 0) text += ',';
      if (isObject) {
        const entry = keysAt + index * keyBytes;
        const keySize = bytes.readUInt16LE(entry + width);
        const at = this.#at(offset + bytes.readUIntLE(entry, width)).take(keySize);
        this.#spend(keySize);
        text += this.#keys.of(bytes, at, at + keySize);
      }
      const entry = valuesAt + index * (1 + width);
      const valueType = bytes[entry]!;
      text += isInlined(valueType, large)
        ? this.value(valueType, entry + 1, depth)
        : this.value(valueType, offset + bytes.readUIntLE(entry + 1, width), depth);
    }
    return text + (isObject ? '}' : ']');
  }

  /** A value of a column's type: decimals and times; of other types as base64. */
  #opaque(offset: number): string {
    const cursor = this.#at(offset);
    const type = cursor.uint8();
    const size = variableLength(cursor);
    this.#spend(size);
    const start = cursor.take(size);
    switch (type) {
      case columnTypes.DECIMAL:
      case columnTypes.NEWDECIMAL: {
        const value = this.#at(start);
        const precision = value.uint8();
        const scale = value.uint8();
        if (precision < 1 || precision > 65 || scale > precision || size < 2 + decimalBytes(precision, scale))
          throw malformed('a decimal in a JSON document that has no such form');
        return plainText(unscaledReader(precision, scale)(value), scale);
      }
      case columnTypes.DATE:
      case columnTypes.NEWDATE:
        return `"${dateText(this.#packed(start, size))}"`;
      case columnTypes.TIME:
      case columnTypes.TIME2:
        return `"${timeText(this.#packed(start, size))}"`;
      case columnTypes.DATETIME:
      case columnTypes.DATETIME2:
      case columnTypes.TIMESTAMP:
      case columnTypes.TIMESTAMP2: {
        const packed = this.#packed(start, size);
        return `"${dateText(packed)} ${clockText(packed, 0x1fn)}"`;
      }
      default:
        return `"${this.#bytes.toString('base64', start, start + size)}"`;
    }
  }

  #packed(start: number, size: number): bigint {
    if (size < 8) throw malformed('a time in a JSON document that has no such form');
    return this.#bytes.readBigInt64LE(start);
  }
}

function isInlined(type: number, large: boolean): boolean {
  return (
    type === types.LITERAL || type === types.INT16 || type === types.UINT16 || (large && (type === types.INT32 || type === types.UINT32))
  );
}

function literalText(literal: number): string {
  const text = literals[literal];
  if (text === undefined) throw malformed(`a JSON literal of an unknown kind (${literal})`);
  return text;
}

/** Seven bits a byte, the lowest first; the highest bit says that more follow. */
function variableLength(cursor: EventCursor): number {
  let length = 0;
  for (let index = 0; index < 5; index++) {
    const byte = cursor.uint8();
    length += (byte & 0x7f) * 2 ** (7 * index);
    if ((byte & 0x80) === 0) return length;
  }
  throw malformed('a length in a JSON document that does not end');
}

const pad = (value: bigint | number, width: number) => String(value).padStart(width, '0');

/** TIME_to_longlong_datetime_packed: the fraction in 24 bits below, the time in 17, the day in 5, then year * 13 + month. */
function dateText(packed: bigint): string {
  const date = packed >> 41n;
  const yearMonth = (date >> 5n) & 0x1ffffn;
  return `${pad(yearMonth / 13n, 4)}-${pad(yearMonth % 13n, 2)}-${pad(date & 31n, 2)}`;
}

/** The fraction without its last zeros, none at all where it is zero. */
function clockText(packed: bigint, hourMask: bigint): string {
  const time = packed >> 24n;
  const micros = packed & 0xff_ffffn;
  const clock = `${pad((time >> 12n) & hourMask, 2)}:${pad((time >> 6n) & 63n, 2)}:${pad(time & 63n, 2)}`;
  return micros === 0n ? clock : `${clock}.${pad(micros, 6).replace(/0+$/, '')}`;
}

function timeText(packed: bigint): string {
  return packed < 0n ? `-${clockText(-packed, 0x3ffn)}` : clockText(packed, 0x3ffn);
}

/** One for all documents: reading one waits for nothing. */
const reader = new JsonReader();

/**
 * Binary JSON (sql-common/json_binary.h) as the reference's stream writes it: no blanks, doubles without exponent, decimals with their
 * scale. Other than the reference, negative times and unsigned numbers of 32 bits are written as they are. Throws MALFORMED_MESSAGE.
 */
export function jsonText(bytes: Buffer, start: number, end: number): string {
  if (end <= start) throw malformed('an empty JSON value');
  return reader.document(bytes, start, end);
}
