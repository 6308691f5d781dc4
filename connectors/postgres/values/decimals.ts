import { type Schema, Struct, schemas, type Value } from '../../../src/contract/index.ts';
import { connectDecimalSchema, variableScaleDecimal } from '../../debezium/values/decimal-schemas.ts';
import type { Placeholder } from '../../debezium/values/placeholder.ts';
import { unreadable, unrepresentable } from '../../debezium/values/unreadable.ts';
import { unscaledOfBigInt, unscaledOfNumber } from '../../debezium/values/unscaled.ts';
import { readDouble } from './integers.ts';
import { readText } from './text.ts';
import type { Read, TypeReader } from './type-reader.ts';
import type { ValueOptions } from './value-options.ts';

const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;

/** NaN, Infinity and -Infinity (a leading N or I, maybe behind a minus). */
function isSpecial(bytes: Buffer, start: number): boolean {
  const first = bytes[start] === minus ? bytes[start + 1] : bytes[start];
  return first === 0x4e || first === 0x49;
}

function noDecimal(): never {
  throw unrepresentable(
    'NaN and Infinity have no place in a Decimal',
    'Set decimal.handling.mode to string or double, or exclude the column.',
  );
}

/** The digits of the number just scanned, without sign and point, and how many of them are behind the point. */
const scanned = { unscaled: 0, exact: true, fraction: 0, digits: '' };

/** Reads the plain notation that numeric is written in. Leaves the result in `scanned`: one object, no allocation. */
function scan(bytes: Buffer, start: number, end: number): void {
  const negative = bytes[start] === minus;
  let value = 0;
  let digits = 0;
  let pointAt = -1;
  for (let at = negative ? start + 1 : start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === point && pointAt < 0) {
      pointAt = at;
      continue;
    }
    const digit = byte - zero;
    if (digit < 0 || digit > 9) throw unreadable('numeric');
    if (value > 0 || digit > 0) digits++;
    if (digits <= 15) value = value * 10 + digit;
  }
  if (end - start - (negative ? 1 : 0) - (pointAt < 0 ? 0 : 1) <= 0) throw unreadable('numeric');
  scanned.fraction = pointAt < 0 ? 0 : end - pointAt - 1;
  scanned.exact = digits <= 15;
  scanned.unscaled = negative ? -value : value;
  if (!scanned.exact) scanned.digits = bytes.toString('latin1', start, end).replace('.', '');
}

const powersOfTen = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

/** The number just scanned at `scale`, as a Decimal's bytes. Digits that the scale has no room for must be zeros. */
function atScale(scale: number): Uint8Array {
  const shift = scale - scanned.fraction;
  if (scanned.exact) {
    if (shift === 0) return unscaledOfNumber(scanned.unscaled + 0);
    if (shift > 0 && shift <= 15) {
      const shifted = scanned.unscaled * powersOfTen[shift]!;
      if (Number.isSafeInteger(shifted)) return unscaledOfNumber(shifted + 0);
    }
  }
  const unscaled = BigInt(scanned.exact ? scanned.unscaled : scanned.digits);
  if (shift >= 0) return unscaledOfBigInt(unscaled * 10n ** BigInt(shift));
  const divisor = 10n ** BigInt(-shift);
  if (unscaled % divisor !== 0n)
    throw unrepresentable('the value has more fraction digits than its column', 'Restart the task: the table has changed.');
  return unscaledOfBigInt(unscaled / divisor);
}

/** A Decimal of a fixed scale. Zero is one zero byte, never minus zero. */
function decimalAt(scale: number): Read {
  return (bytes, start, end) => {
    if (isSpecial(bytes, start)) noDecimal();
    scan(bytes, start, end);
    return atScale(scale);
  };
}

/** numeric without precision: the value with trailing zeros of its fraction stripped, beside the scale that is left. */
function variableScaleReader(schema: Schema, placeholder: Placeholder): TypeReader {
  const read: Read = (bytes, start, end): Value => {
    if (isSpecial(bytes, start)) noDecimal();
    scan(bytes, start, end);
    const { fraction } = scanned;
    let zeros = 0;
    while (zeros < fraction && bytes[end - 1 - zeros] === zero) zeros++;
    const isZero = scanned.exact && scanned.unscaled === 0;
    const scale = isZero ? 0 : fraction - zeros;
    return new Struct(schema, [scale, atScale(scale)]);
  };
  return {
    schema,
    read,
    fallback: new Struct(schema, [0, Uint8Array.of(0)]),
    unavailable: new Struct(schema, [0, placeholder.bytes]),
    unavailableAsNull: true,
    bind: bound => variableScaleReader(bound, placeholder),
  };
}

/** SpecialValueDecimal's names for what BigDecimal cannot hold. */
function readPlainText(bytes: Buffer, start: number, end: number): Value {
  if (!isSpecial(bytes, start)) return readText(bytes, start, end);
  const text = bytes.toString('latin1', start, end);
  if (text === 'NaN') return 'NAN';
  return text.startsWith('-') ? 'NEGATIVE_INFINITY' : 'POSITIVE_INFINITY';
}

/** Zero as numeric(p, scale) shows it: 0.00 */
function zeroText(scale: number): string {
  return scale > 0 ? `0.${'0'.repeat(scale)}` : '0';
}

/** numeric with precision and scale; `precision` null: without, so that each value has its own scale. */
export function numericReader(precision: number | null, scale: number, options: ValueOptions, placeholder: Placeholder): TypeReader {
  switch (options.decimalHandlingMode) {
    case 'double':
      return { schema: schemas.float64, read: readDouble, fallback: 0, unavailable: 0, unavailableAsNull: true };
    case 'string':
      return {
        schema: schemas.string,
        read: readPlainText,
        fallback: zeroText(precision === null ? 0 : scale),
        unavailable: placeholder.text,
      };
    case 'precise': {
      if (precision === null) return variableScaleReader(variableScaleDecimal, placeholder);
      const schema = connectDecimalSchema(scale, precision);
      const fallback = Uint8Array.of(0);
      return { schema, read: decimalAt(scale), fallback, unavailable: placeholder.bytes, unavailableAsNull: true };
    }
  }
}

/** numeric in arrays: the reference reads the items as Decimals whatever the mode, so that NaN and infinities fail in all of them. */
export function numericItemReader(reader: TypeReader): TypeReader {
  const { read, bind } = reader;
  return {
    ...reader,
    read: (bytes, start, end) => (isSpecial(bytes, start) ? noDecimal() : read(bytes, start, end)),
    ...(bind && { bind: schema => numericItemReader(bind(schema)) }),
  };
}

/**
 * money as its locale writes it, read as Debezium does (PostgresMoney): parentheses or a leading minus negate, one currency sign goes,
 * commas go.
 * Throws CONVERSION_FAILED for other locales' money.
 */
function plainMoney(text: string): string {
  const negative = text.startsWith('-') || text.startsWith('(');
  let digits = text.startsWith('-') ? text.slice(1) : text.replace(/^\((.*)\)$/, '$1');
  if (digits !== '' && !/^[\d.]/.test(digits)) digits = digits.slice(1);
  // A comma that is not in front of three digits (or two, as India writes the higher ones) is a decimal comma: not to be dropped.
  if (!/^(?:\d+|\d{1,3}(?:,\d{2,3})*,\d{3})?(?:\.\d*)?$/.test(digits) || !/\d/.test(digits))
    throw unrepresentable(
      'money as this locale writes it cannot be read',
      'Set lc_monetary to a locale with decimal points, or exclude the column.',
    );
  const plain = digits.replaceAll(',', '');
  return negative ? `-${plain}` : plain;
}

/** The unscaled value at `scale`, halves away from zero. */
function rounded(plain: string, scale: number): bigint {
  const [whole = '', fraction = ''] = plain.replace('-', '').split('.');
  const kept = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'));
  const value = (fraction[scale] ?? '0') >= '5' ? kept + 1n : kept;
  return plain.startsWith('-') ? -value : value;
}

/** money; as bytes with `money.fraction.digits` behind the point. */
export function moneyReader(options: ValueOptions, placeholder: Placeholder): TypeReader {
  const scale = options.moneyFractionDigits;
  const text = (bytes: Buffer, start: number, end: number) => plainMoney(bytes.toString('utf8', start, end));
  switch (options.decimalHandlingMode) {
    case 'double':
      return { schema: schemas.float64, read: (bytes, start, end) => Number(text(bytes, start, end)), fallback: 0, unavailable: 0 };
    case 'string':
      return { schema: schemas.string, read: text, fallback: zeroText(scale), unavailable: placeholder.text };
    case 'precise': {
      const schema = connectDecimalSchema(scale, null);
      const read: Read = (bytes, start, end) => unscaledOfBigInt(rounded(text(bytes, start, end), scale));
      return { schema, read, fallback: Uint8Array.of(0), unavailable: placeholder.bytes };
    }
  }
}
