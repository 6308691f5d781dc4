import { parseBigDecimal, type Schema, schemas, unscaledValue } from '../../src/contract/index.ts';

/** A java.math.BigDecimal. */
export type BigDecimal = { readonly unscaled: bigint; readonly scale: number };

const scaleMax = 10_000;

/** The value of a Connect Decimal. */
export function decimalOf(bytes: Uint8Array, schema: Schema): BigDecimal {
  return { unscaled: unscaledValue(bytes), scale: Number(schema.parameters?.['scale'] ?? 0) };
}

export function isDecimal(schema: Schema): boolean {
  return schema.name === schemas.connectDecimal;
}

/** BigDecimal's constructor; null where the text is no decimal number, or one of absurd size. */
export function bigDecimal(text: string): BigDecimal | null {
  const decimal = parseBigDecimal(text);
  return decimal === null || Math.abs(decimal.scale) > scaleMax ? null : decimal;
}

/** BigDecimal.toBigInteger: what follows the point is cut off. */
export function integerPart({ unscaled, scale }: BigDecimal): bigint {
  return scale > 0 ? unscaled / 10n ** BigInt(scale) : unscaled * 10n ** BigInt(-scale);
}

/** BigDecimal.doubleValue. */
export function doubleOf({ unscaled, scale }: BigDecimal): number {
  return Number(`${unscaled}e${-scale}`);
}

const int32Least = -(2 ** 31);
const int32Most = 2 ** 31 - 1;
const int64Most = 2n ** 63n - 1n;

/** (int) of a double: towards zero, within the range, NaN is 0. */
export function intOfDouble(value: number): number {
  return Number.isNaN(value) ? 0 : Math.max(int32Least, Math.min(int32Most, Math.trunc(value)));
}

/** (long) of a double. */
export function longOfDouble(value: number): bigint {
  if (Number.isNaN(value)) return 0n;
  if (value >= 2 ** 63) return int64Most;
  return value <= -(2 ** 63) ? -int64Most - 1n : BigInt(Math.trunc(value));
}

/** The low bits of an integer, as Java narrows; a number must be a safe integer. */
export function narrow(value: number | bigint, bits: 8 | 16 | 32): number {
  return typeof value === 'number' ? (value << (32 - bits)) >> (32 - bits) : Number(BigInt.asIntN(bits, value));
}

/** Byte.parseByte, Short.parseShort, Integer.parseInt, Long.parseLong. null for anything else than an integer in the range. */
export function parseInteger(text: string, bits: 8 | 16 | 32 | 64): bigint | null {
  if (!/^[+-]?\d+$/.test(text)) return null;
  const value = BigInt(text.replace(/^\+/, ''));
  return BigInt.asIntN(bits, value) === value ? value : null;
}

/** Double.parseDouble; null where Java throws NumberFormatException. */
export function parseDouble(text: string): number | null {
  const match = /^[\0-\x20]*([+-]?)(?:(NaN)|(Infinity)|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[fFdD]?)[\0-\x20]*$/.exec(text);
  if (match === null) return null;
  const [, sign, notANumber, infinite, digits] = match;
  if (notANumber !== undefined) return Number.NaN;
  const magnitude = infinite === undefined ? Number(digits) : Number.POSITIVE_INFINITY;
  return sign === '-' ? -magnitude : magnitude;
}
