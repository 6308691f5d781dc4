import { type BinaryForm, smallForm } from './binary-form.ts';
import { decimalText } from './decimal-text.ts';
import type { ColumnValue } from './value-text.ts';

function integerForm(oid: number, bytes: 2 | 4): BinaryForm {
  const limit = 2 ** (bytes * 8 - 1);
  return smallForm(oid, bytes, (view, at, value) => {
    const number = typeof value === 'bigint' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < -limit || number >= limit) return -1;
    if (bytes === 2) view.setInt16(at, number);
    else view.setInt32(at, number);
    return bytes;
  });
}

const longMax = 2n ** 63n - 1n;

function putLong(view: DataView, at: number, value: ColumnValue): number {
  if (typeof value === 'bigint') {
    if (value > longMax || value < -longMax - 1n) return -1;
    view.setBigInt64(at, value);
    return 8;
  }
  if (!Number.isSafeInteger(value)) return -1;
  const number = value as number;
  const high = Math.floor(number / 4_294_967_296);
  view.setInt32(at, high);
  view.setUint32(at + 4, number - high * 4_294_967_296);
  return 8;
}

export const int2Form = integerForm(21, 2);
export const int4Form = integerForm(23, 4);
export const int8Form = smallForm(20, 8, putLong);

export const float8Form = smallForm(701, 8, (view, at, value) => {
  if (typeof value !== 'number' && typeof value !== 'bigint') return -1;
  view.setFloat64(at, Number(value));
  return 8;
});

export const booleanForm = smallForm(16, 1, (view, at, value) => {
  if (typeof value !== 'boolean') return -1;
  view.setUint8(at, value ? 1 : 0);
  return 1;
});

/** Digits of a numeric are of this base (numeric.c). */
const base = 10_000;
const digitsOfBase = 4;
const negative = 0x4000;
/** Longer ones go as text: their number is not exact as a double. */
const unscaledBytesMax = 6;
export const scaleMax = 12;

/** Four counters of two bytes, then up to four digits before the point and three behind it. */
const numericBytesMax = 8 + 2 * 7;

/** Decimals in Connect's form, unscaled bytes, of one scale (0 to `scaleMax`). */
function numericForm(scale: number): BinaryForm {
  const power = 10 ** scale;
  const fractionDigits = Math.ceil(scale / digitsOfBase);
  const padding = 10 ** (fractionDigits * digitsOfBase - scale);
  const put = (view: DataView, at: number, value: ColumnValue): number => {
    if (!(value instanceof Uint8Array) || value.length === 0 || value.length > unscaledBytesMax) return -1;
    let unscaled = 0;
    for (let index = 0; index < value.length; index++) unscaled = unscaled * 256 + value[index]!;
    const isNegative = value[0]! >= 0x80;
    if (isNegative) unscaled = 256 ** value.length - unscaled;
    const whole = Math.floor(unscaled / power);
    let fraction = (unscaled - whole * power) * padding;
    let wholeDigits = 0;
    for (let left = whole; left > 0; left = Math.floor(left / base)) wholeDigits++;
    view.setInt16(at, wholeDigits + fractionDigits);
    view.setInt16(at + 2, wholeDigits - 1);
    view.setInt16(at + 4, isNegative ? negative : 0);
    view.setInt16(at + 6, scale);
    let rest = whole;
    for (let digit = wholeDigits - 1; digit >= 0; digit--) {
      const next = Math.floor(rest / base);
      view.setInt16(at + 8 + 2 * digit, rest - next * base);
      rest = next;
    }
    for (let digit = wholeDigits + fractionDigits - 1; digit >= wholeDigits; digit--) {
      const next = Math.floor(fraction / base);
      view.setInt16(at + 8 + 2 * digit, fraction - next * base);
      fraction = next;
    }
    return 8 + 2 * (wholeDigits + fractionDigits);
  };
  return smallForm(1700, numericBytesMax, put, value => (value instanceof Uint8Array ? decimalText(value, scale) : value));
}

const numericForms = Array.from({ length: scaleMax + 1 }, (_, scale) => numericForm(scale));

/** Null where a scale has none. The same for the same scale. */
export function numericFormOf(scale: number): BinaryForm | null {
  return numericForms[scale] ?? null;
}
