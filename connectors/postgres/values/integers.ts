import { schemas, type Value } from '../../../src/contract/index.ts';
import { unreadable } from '../../debezium/values/unreadable.ts';
import type { TypeReader } from './type-reader.ts';

const minus = 0x2d;
const zero = 0x30;
/** As many decimal digits as a number holds exactly. */
const exactDigits = 15;

/** The digits bytes[start, end) as a number; at most `exactDigits` of them. */
export function digitsToNumber(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - zero;
    if (digit < 0 || digit > 9) throw unreadable('integer');
    value = value * 10 + digit;
  }
  return value;
}

/** int2 and int4. */
export function readInteger(bytes: Buffer, start: number, end: number): number {
  const negative = bytes[start] === minus;
  const first = negative ? start + 1 : start;
  if (first >= end || end - first > 10) throw unreadable('integer');
  const value = digitsToNumber(bytes, first, end);
  return negative ? -value : value;
}

/** int8 and oid. */
export function readBigInteger(bytes: Buffer, start: number, end: number): bigint {
  const negative = bytes[start] === minus;
  const first = negative ? start + 1 : start;
  const digits = end - first;
  if (digits <= 0 || digits > 20) throw unreadable('bigint');
  if (digits <= exactDigits) {
    const value = digitsToNumber(bytes, first, end);
    return BigInt(negative ? -value : value);
  }
  const split = end - 10;
  const value = BigInt(digitsToNumber(bytes, first, split)) * 10_000_000_000n + BigInt(digitsToNumber(bytes, split, end));
  return negative ? -value : value;
}

/** float8; also NaN, Infinity and -Infinity. */
export function readDouble(bytes: Buffer, start: number, end: number): number {
  const text = bytes.toString('latin1', start, end);
  const value = Number(text);
  if (text === '' || (Number.isNaN(value) && text !== 'NaN')) throw unreadable('double precision');
  return value;
}

/** float4: the single-precision number, as the contract's float32 is. */
function readFloat(bytes: Buffer, start: number, end: number): number {
  return Math.fround(readDouble(bytes, start, end));
}

function numbers(schema: TypeReader['schema'], read: TypeReader['read'], zeroValue: Value): TypeReader {
  return { schema, read, fallback: zeroValue, unavailable: zeroValue };
}

export const smallintReader = numbers(schemas.int16, readInteger, 0);
export const integerReader = numbers(schemas.int32, readInteger, 0);
export const bigintReader = numbers(schemas.int64, readBigInteger, 0n);
export const floatReader = numbers(schemas.float32, readFloat, 0);
export const doubleReader = numbers(schemas.float64, readDouble, 0);
