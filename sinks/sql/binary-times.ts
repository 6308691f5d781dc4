import { type BinaryForm, smallForm } from './binary-form.ts';
import { dateText, isInfinite, timestampText } from './temporal-text.ts';

/** Postgres counts from 2000. */
const epochDays = 10_957;
const epochMs = 946_684_800_000;
const epochMicros = 946_684_800_000_000n;
/** Years that every calendar here knows; what lies beyond goes as text. */
const daysMost = 2_900_000;
/** 4713 BC to 294276, in microseconds since 2000 (timestamp.h). */
const microsLeast = -211_813_488_000_000_000n;
const microsMost = 9_223_371_331_200_000_000n;
const infinityMicros = 2n ** 63n - 1n;

/** Days since 1970, as numbers. */
export const dateForm: BinaryForm = smallForm(
  1082,
  4,
  (view, at, value) => {
    if (typeof value !== 'number' || !Number.isInteger(value) || Math.abs(value) > daysMost) return -1;
    view.setInt32(at, value - epochDays);
    return 4;
  },
  value => (typeof value === 'number' ? dateText(value) : value),
);

/** Microseconds since 1970, as bigints. */
export const timestampForm: BinaryForm = smallForm(
  1114,
  8,
  (view, at, value) => {
    if (typeof value !== 'bigint') return -1;
    const infinite = isInfinite(value);
    const micros = infinite === 0 ? value - epochMicros : infinite > 0 ? infinityMicros : -infinityMicros - 1n;
    if (infinite === 0 && (micros < microsLeast || micros >= microsMost)) return -1;
    view.setBigInt64(at, micros);
    return 8;
  },
  value => (typeof value === 'bigint' ? timestampText(value) : value),
);

/** Moments as ISO texts in UTC; those that say another zone, or finer than a microsecond, go as text. */
export const instantForm: BinaryForm = smallForm(1184, 8, (view, at, value) => {
  const micros = typeof value === 'string' ? instantMicros(value) : null;
  if (micros === null) return -1;
  view.setBigInt64(at, micros);
  return 8;
});

const fractionFrom = 19;
const fractionDigitsMax = 6;

/** `2026-02-28T23:59:59.000001Z` in microseconds since 2000; null for any other text. */
function instantMicros(text: string): bigint | null {
  const end = text.length - 1;
  if (end < fractionFrom || text.charCodeAt(end) !== 0x5a || text.charCodeAt(10) !== 0x54) return null;
  if (text.charCodeAt(4) !== 0x2d || text.charCodeAt(7) !== 0x2d || text.charCodeAt(13) !== 0x3a || text.charCodeAt(16) !== 0x3a)
    return null;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  const [hour, minute, second] = [digits(text, 11, 13), digits(text, 14, 16), digits(text, 17, 19)];
  // A day that is not in its month would become one of the next.
  if (year < 100 || month < 1 || month > 12 || day < 1 || (day > 28 && day > daysIn(year, month))) return null;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return null;
  let micros = 0;
  if (end > fractionFrom) {
    const count = end - fractionFrom - 1;
    if (text.charCodeAt(fractionFrom) !== 0x2e || count < 1 || count > fractionDigitsMax) return null;
    const fraction = digits(text, fractionFrom + 1, end);
    if (fraction < 0) return null;
    micros = fraction * 10 ** (fractionDigitsMax - count);
  }
  return BigInt(Date.UTC(year, month - 1, day, hour, minute, second) - epochMs) * 1000n + BigInt(micros);
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** -1 where one is no digit. */
function digits(text: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}
