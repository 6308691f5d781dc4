import { schemas, type Value } from '../../../src/contract/index.ts';
import { unreadable } from '../../debezium/values/unreadable.ts';
import type { EventCursor } from '../binlog/cursor.ts';
import { columnTypes } from '../binlog/event-types.ts';
import type { CellReader } from '../binlog/rows-event.ts';
import type { BinlogColumn } from '../binlog/table-map.ts';
import type { UnreadForm } from './unread-form.ts';
import type { ReadText, ValueType } from './value-type.ts';

const two32 = 4_294_967_296;

function signed(cursor: EventCursor, size: number): number {
  const at = cursor.take(size);
  const { bytes } = cursor;
  switch (size) {
    case 1:
      return (bytes[at]! << 24) >> 24;
    case 2:
      return ((bytes[at]! | (bytes[at + 1]! << 8)) << 16) >> 16;
    case 3:
      return ((bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)) << 8) >> 8;
    default:
      return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  }
}

function unsigned(cursor: EventCursor, size: number): number {
  const value = signed(cursor, size);
  return size === 4 ? value >>> 0 : value & ((1 << (size * 8)) - 1);
}

/** Eight bytes; a number where it fits, since making a bigint of one costs less than of two halves. */
export function readInt64(cursor: EventCursor): bigint {
  const at = cursor.take(8);
  const { bytes } = cursor;
  const low = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  const high = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
  if (high >= -0x20_0000 && high < 0x20_0000) return BigInt(high * two32 + low);
  return bytes.readBigInt64LE(at);
}

export function readUint64(cursor: EventCursor): bigint {
  return BigInt.asUintN(64, readInt64(cursor));
}

const sizes: ReadonlyMap<number, number> = new Map([
  [columnTypes.TINY, 1],
  [columnTypes.SHORT, 2],
  [columnTypes.INT24, 3],
  [columnTypes.LONG, 4],
]);

/** A cell of an integer type as a number; null: another type, or BIGINT. */
export function smallIntegerReader({ type }: BinlogColumn, isUnsigned: boolean): ((cursor: EventCursor) => number) | null {
  const size = sizes.get(type);
  if (size === undefined) return null;
  return isUnsigned ? cursor => unsigned(cursor, size) : cursor => signed(cursor, size);
}

function numberBinlog(isUnsigned: boolean): ValueType['binlog'] {
  return column => {
    if (column.type === columnTypes.LONGLONG) return cursor => Number(BigInt.asIntN(32, readInt64(cursor)));
    if (column.type === columnTypes.YEAR) return cursor => readYear(cursor.uint8());
    return smallIntegerReader(column, isUnsigned);
  };
}

function bigintBinlog(isUnsigned: boolean): ValueType['binlog'] {
  return column => {
    if (column.type === columnTypes.LONGLONG) return readInt64;
    const small = smallIntegerReader(column, isUnsigned);
    return small && (cursor => BigInt(small(cursor)));
  };
}

/** A decimal integer that a double holds; zero-filled ones begin with zeros. NaN: another text. */
function scanInteger(bytes: Buffer, start: number, end: number): number {
  const negative = bytes[start] === 0x2d;
  const first = negative ? start + 1 : start;
  let value = first < end ? 0 : Number.NaN;
  for (let at = first; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  if (!Number.isSafeInteger(value)) return Number.NaN;
  return negative ? 0 - value : value;
}

/** The same. Throws MALFORMED_MESSAGE for another text. */
export const readIntegerText = (bytes: Buffer, start: number, end: number): number => {
  const value = scanInteger(bytes, start, end);
  if (Number.isNaN(value)) throw unreadable('integer');
  return value;
};

const longIntegerText = /^-?\d+$/;

/** So many characters of an integer a double holds. */
const exactCharacters = 15;

export const readBigintText = (bytes: Buffer, start: number, end: number): bigint => {
  if (end - start <= exactCharacters) return BigInt(readIntegerText(bytes, start, end));
  const text = bytes.toString('latin1', start, end);
  if (end - start > 65 || !longIntegerText.test(text)) throw unreadable('bigint');
  return BigInt(text);
};

const unreadInt32: UnreadForm = {
  kind: 'number',
  number: (bytes, start, end) => {
    const value = scanInteger(bytes, start, end);
    return (value | 0) === value ? value : Number.NaN;
  },
  valueOf: number => number,
};
const unreadInt64: UnreadForm = { kind: 'number', number: scanInteger, valueOf: BigInt };

function type(schema: ValueType['schema'], binlog: ValueType['binlog'], text: ReadText, unread: UnreadForm, zero: Value): ValueType {
  return { schema, binlog, text, unread, fallback: zero, unavailable: zero, unavailableAsNull: true };
}

export function int16Type(isUnsigned: boolean): ValueType {
  return type(schemas.int16, numberBinlog(isUnsigned), readIntegerText, unreadInt32, 0);
}

export function int32Type(isUnsigned: boolean): ValueType {
  return type(schemas.int32, numberBinlog(isUnsigned), readIntegerText, unreadInt32, 0);
}

/** INT UNSIGNED, BIGINT, and BIGINT UNSIGNED under bigint.unsigned.handling.mode=long, where it wraps as in Java. */
export function int64Type(isUnsigned: boolean): ValueType {
  // Cutting off makes a bigint of its own, so only where there may be something to cut.
  const text: ReadText = (bytes, start, end) => {
    const value = readBigintText(bytes, start, end);
    return end - start <= exactCharacters ? value : BigInt.asIntN(64, value);
  };
  return type(schemas.int64, bigintBinlog(isUnsigned), text, unreadInt64, 0n);
}

/** BOOL, where the DDL says so. */
export const booleanType: ValueType = {
  schema: schemas.boolean,
  binlog: column => {
    const read = smallIntegerReader(column, false);
    return read && (cursor => read(cursor) !== 0);
  },
  text: (bytes, start, end) => readIntegerText(bytes, start, end) !== 0,
  fallback: false,
  unavailable: false,
  unavailableAsNull: true,
};

/** The byte of a YEAR cell. The year 0 becomes 1900, as the reference has it in streams (a snapshot shows 2000). */
function readYear(byte: number): number {
  return 1900 + byte;
}

/** Debezium's adjustTemporal, which for YEAR is not to be switched off. */
function adjustedYear(year: number): number {
  return year < 0 || year > 99 ? year : year <= 69 ? year + 2000 : year + 1900;
}

export function yearType(schema: ValueType['schema']): ValueType {
  const read: CellReader = cursor => readYear(cursor.uint8());
  return {
    schema,
    binlog: column => (column.type === columnTypes.YEAR ? read : null),
    text: (bytes, start, end) => adjustedYear(readIntegerText(bytes, start, end)),
    fallback: 0,
    unavailable: 0,
    unavailableAsNull: true,
  };
}
