import { hasDay, microsPerDay, microsPerSecond, scanned } from './civil.ts';

const dash = 0x2d;
const colon = 0x3a;
const point = 0x2e;
/** `2026-01-02 03:04:05`; a fraction is behind it. */
export const wholeMomentBytes = 19;
const timeAt = 11;
const fractionDigitsMax = 6;

/** The number of some digits; -1: they are none. */
function digits(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/**
 * Whether the text is a moment as nearly all are, and then sets all that is `scanned`: of a day that the calendar has, beyond the years that
 * enable.time.adjuster means. Says nothing on what another text is.
 */
export function scanPlainMoment(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < wholeMomentBytes || bytes[start + 4] !== dash || bytes[start + 7] !== dash || bytes[start + 10] !== 0x20) return false;
  const year = digits(bytes, start, start + 4);
  const month = digits(bytes, start + 5, start + 7);
  const day = digits(bytes, start + 8, start + 10);
  if (year <= 99 || month < 1 || day < 1 || !hasDay(year, month, day)) return false;
  scanned.year = year;
  scanned.month = month;
  scanned.day = day;
  scanned.micros = plainTime(bytes, start + timeAt, end);
  return scanned.micros >= 0 && scanned.micros < microsPerDay;
}

/** Microseconds of `03:04:05`, `03:04:05.5`, up to 99 hours; -1: another text. */
export function plainTime(bytes: Buffer, start: number, end: number): number {
  if (end - start < 8 || bytes[start + 2] !== colon || bytes[start + 5] !== colon) return -1;
  const hours = digits(bytes, start, start + 2);
  const minutes = digits(bytes, start + 3, start + 5);
  const seconds = digits(bytes, start + 6, start + 8);
  if (hours < 0 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59) return -1;
  const micros = ((hours * 60 + minutes) * 60 + seconds) * microsPerSecond;
  if (end - start === 8) return micros;
  const size = end - start - 9;
  if (bytes[start + 8] !== point || size < 1 || size > fractionDigitsMax) return -1;
  const fraction = digits(bytes, start + 9, end);
  return fraction < 0 ? -1 : micros + fraction * 10 ** (fractionDigitsMax - size);
}
