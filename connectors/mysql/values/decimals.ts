import { type Schema, schemas, type Value } from '../../../src/contract/index.ts';
import { connectDecimalSchema } from '../../debezium/values/decimal-schemas.ts';
import type { Placeholder } from '../../debezium/values/placeholder.ts';
import { unreadable } from '../../debezium/values/unreadable.ts';
import { unscaledOfBigInt, unscaledOfNumber } from '../../debezium/values/unscaled.ts';
import type { EventCursor } from '../binlog/cursor.ts';
import { columnTypes } from '../binlog/event-types.ts';
import { malformed } from '../binlog/malformed.ts';
import type { CellReader } from '../binlog/rows-event.ts';
import { readBigintText, readUint64, smallIntegerReader } from './integers.ts';
import type { UnreadForm } from './unread-form.ts';
import type { ValueOptions } from './value-options.ts';
import type { ValueType } from './value-type.ts';

/** Nine digits take four bytes; fewer take as many as they need (strings/decimal.cc, dig2bytes). */
const digitsPerGroup = 9;
const bytesOfDigits = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4] as const;
const powersOfTen = Array.from({ length: 10 }, (_, exponent) => 10 ** exponent);
const groupFactor = 1_000_000_000n;
/** As many decimal digits as a number holds exactly. */
const exactDigits = 15;

/** Bytes of a decimal in the binlog and in binary JSON. */
export function decimalBytes(precision: number, scale: number): number {
  const whole = precision - scale;
  return (
    Math.floor(whole / digitsPerGroup) * 4 +
    bytesOfDigits[whole % digitsPerGroup]! +
    Math.floor(scale / digitsPerGroup) * 4 +
    bytesOfDigits[scale % digitsPerGroup]!
  );
}

/** The sizes of a decimal's groups in bytes and digits, from its front. */
function groupsOf(precision: number, scale: number): { bytes: number; digits: number }[] {
  const whole = precision - scale;
  const group = (digits: number) => ({ bytes: bytesOfDigits[digits]!, digits });
  const full = (count: number) => Array.from({ length: count }, () => group(digitsPerGroup));
  return [
    group(whole % digitsPerGroup),
    ...full(Math.floor(whole / digitsPerGroup)),
    ...full(Math.floor(scale / digitsPerGroup)),
    group(scale % digitsPerGroup),
  ].filter(({ digits }) => digits > 0);
}

/**
 * The reader of a decimal's unscaled value: a number where the digits fit into one, else a bigint. Big-endian groups of digits; the sign is
 * the highest bit, inverted, and negative numbers have all bits inverted (strings/decimal.cc, decimal2bin).
 */
export function unscaledReader(precision: number, scale: number): (cursor: EventCursor) => number | bigint {
  const size = decimalBytes(precision, scale);
  const groups = groupsOf(precision, scale);
  const exact = precision <= exactDigits;
  return cursor => {
    let at = cursor.take(size);
    const { bytes } = cursor;
    const negative = (bytes[at]! & 0x80) === 0;
    const invert = negative ? 0xff : 0;
    let value = 0;
    let large = 0n;
    // The sign's bit is not part of the first group.
    let mask = 0x80;
    for (const group of groups) {
      let digits = 0;
      for (let index = 0; index < group.bytes; index++) {
        digits = digits * 256 + ((bytes[at++]! ^ invert ^ mask) & 0xff);
        mask = 0;
      }
      if (digits >= powersOfTen[group.digits]!) throw malformed('a decimal with a group of too many digits');
      if (exact) value = value * powersOfTen[group.digits]! + digits;
      else large = large * (group.digits === digitsPerGroup ? groupFactor : BigInt(powersOfTen[group.digits]!)) + BigInt(digits);
    }
    if (exact) return negative ? 0 - value : value;
    return negative ? -large : large;
  };
}

/** The digits of an unscaled value with the point in their place: BigDecimal.toPlainString. */
export function plainText(unscaled: number | bigint, scale: number): string {
  const negative = unscaled < 0;
  const digits = String(unscaled < 0 ? -unscaled : unscaled).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${negative ? '-' : ''}${whole}${scale > 0 ? `.${digits.slice(-scale)}` : ''}`;
}

function bytesOf(unscaled: number | bigint): Uint8Array {
  return typeof unscaled === 'number' ? unscaledOfNumber(unscaled + 0) : unscaledOfBigInt(unscaled);
}

const decimalText = /^-?\d+(?:\.\d+)?$/;

/** The unscaled value of a text at `scale`; digits beyond it must be zeros. */
function unscaledOfText(text: string, scale: number): number | bigint {
  if (text.length > 80 || !decimalText.test(text)) throw unreadable('decimal');
  const point = text.indexOf('.');
  const whole = point < 0 ? text : text.slice(0, point);
  const fraction = point < 0 ? '' : text.slice(point + 1);
  if (fraction.length > scale && /[1-9]/.test(fraction.slice(scale))) throw unreadable('decimal');
  const digits = whole + fraction.slice(0, scale).padEnd(scale, '0');
  return digits.length <= exactDigits ? Number(digits) + 0 : BigInt(digits);
}

/**
 * The same of a text as the server writes it, with all its `scale` digits and no more than a double holds; null: another one, which
 * `unscaledOfText` reads.
 */
function unscaledOfPlain(bytes: Buffer, start: number, end: number, scale: number): number | null {
  const negative = bytes[start] === 0x2d;
  const first = negative ? start + 1 : start;
  const point = scale === 0 ? end : end - scale - 1;
  if (point <= first || end - first > exactDigits || (scale > 0 && bytes[point] !== 0x2e)) return null;
  let value = 0;
  for (let at = first; at < end; at++) {
    if (at === point) continue;
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  return negative ? 0 - value : value;
}

/** Of texts at `scale` as the server writes them: the unscaled value. */
function unreadDecimal(scale: number): UnreadForm {
  return {
    kind: 'number',
    number: (bytes, start, end) => unscaledOfPlain(bytes, start, end, scale) ?? Number.NaN,
    valueOf: unscaledOfNumber,
  };
}

/** DECIMAL as its mode shows it, from the unscaled value and the text. */
type Shown = {
  readonly schema: Schema;
  readonly ofUnscaled: (unscaled: number | bigint, scale: number) => Value;
  readonly ofText: (bytes: Buffer, start: number, end: number) => Value;
  readonly fallback: Value;
  readonly unavailable: Value;
};

function shown(precision: number, scale: number, mode: ValueOptions['decimalHandlingMode'], placeholder: Placeholder): Shown {
  switch (mode) {
    case 'precise':
      return {
        schema: connectDecimalSchema(scale, precision),
        // Where the binlog has another scale than the table's definition, the value is what counts.
        ofUnscaled: (unscaled, from) => bytesOf(from === scale ? unscaled : unscaledOfText(plainText(unscaled, from), scale)),
        ofText: (bytes, start, end) =>
          bytesOf(unscaledOfPlain(bytes, start, end, scale) ?? unscaledOfText(bytes.toString('latin1', start, end), scale)),
        fallback: Uint8Array.of(0),
        unavailable: placeholder.bytes,
      };
    case 'double':
      return {
        schema: schemas.float64,
        ofUnscaled: (unscaled, from) => Number(plainText(unscaled, from)),
        ofText: (bytes, start, end) => Number(bytes.toString('latin1', start, end)),
        fallback: 0,
        unavailable: 0,
      };
    case 'string':
      return {
        schema: schemas.string,
        ofUnscaled: plainText,
        ofText: (bytes, start, end) => plainText(unscaledOfText(bytes.toString('latin1', start, end), scale), scale),
        fallback: plainText(0, scale),
        unavailable: placeholder.text,
      };
  }
}

export function decimalType(precision: number, scale: number, options: ValueOptions, placeholder: Placeholder): ValueType {
  const { schema, ofUnscaled, ofText, fallback, unavailable } = shown(precision, scale, options.decimalHandlingMode, placeholder);
  return {
    schema,
    binlog: column => {
      if (column.type !== columnTypes.NEWDECIMAL) return null;
      const read = unscaledReader(column.size, column.scale);
      const from = column.scale;
      return cursor => ofUnscaled(read(cursor), from);
    },
    text: ofText,
    ...(options.decimalHandlingMode === 'precise' && { unread: unreadDecimal(scale) }),
    fallback,
    unavailable,
    unavailableAsNull: options.decimalHandlingMode !== 'string',
  };
}

/** BIGINT UNSIGNED under bigint.unsigned.handling.mode=precise: a Decimal of twenty digits, whatever the decimals' own mode. */
export function preciseUnsignedType(placeholder: Placeholder): ValueType {
  return {
    schema: connectDecimalSchema(0, 20),
    binlog: column => {
      if (column.type === columnTypes.LONGLONG) return (cursor => unscaledOfBigInt(readUint64(cursor))) satisfies CellReader;
      const small = smallIntegerReader(column, true);
      return small && (cursor => unscaledOfNumber(small(cursor)));
    },
    text: (bytes, start, end) => unscaledOfBigInt(readBigintText(bytes, start, end)),
    unread: unreadDecimal(0),
    fallback: Uint8Array.of(0),
    unavailable: placeholder.bytes,
    unavailableAsNull: true,
  };
}
