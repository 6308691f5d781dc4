import { daysOfDate } from '../../../debezium/values/calendar.ts';
import { unreadable } from '../../../debezium/values/unreadable.ts';

export const microsPerSecond = 1_000_000;
export const microsPerDay = 86_400_000_000;

/**
 * What the last scan found. One object for all scans, so that nothing is allocated: take what is needed before the next scan.
 */
export const scanned = {
  /** Days since 1970. */
  days: 0,
  /** Microseconds of the day, 0 to 86,400,000,000 (24:00:00) inclusive. */
  micros: 0,
  /** Seconds east of UTC; 0 where there is no offset. */
  offsetSeconds: 0,
  /** Behind the last byte used. */
  next: 0,
};

function twoDigits(bytes: Buffer, at: number, end: number, type: string): number {
  const tens = bytes[at]! - 0x30;
  const ones = bytes[at + 1]! - 0x30;
  if (at + 2 > end || tens < 0 || tens > 9 || ones < 0 || ones > 9) throw unreadable(type);
  return tens * 10 + ones;
}

function expect(bytes: Buffer, at: number, end: number, byte: number, type: string): void {
  if (at >= end || bytes[at] !== byte) throw unreadable(type);
}

/** `infinity` (1), `-infinity` (-1), or a date (0). */
export function infinitySign(bytes: Buffer, start: number, end: number): -1 | 0 | 1 {
  if (bytes[start] === 0x69 && bytes.toString('latin1', start, end) === 'infinity') return 1;
  return bytes[start] === 0x2d && bytes.toString('latin1', start, end) === '-infinity' ? -1 : 0;
}

/** ` BC` at the end of the text [start, end). */
export function isBeforeChrist(bytes: Buffer, start: number, end: number): boolean {
  return end - start > 3 && bytes[end - 1] === 0x43 && bytes[end - 2] === 0x42 && bytes[end - 3] === 0x20;
}

/** `2024-02-29`: sets `days` and `next`. Years have four digits or more. */
export function scanDate(bytes: Buffer, start: number, end: number, beforeChrist: boolean, type: string): void {
  let at = start;
  let year = 0;
  for (; at < end && bytes[at] !== 0x2d; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9 || at - start > 7) throw unreadable(type);
    year = year * 10 + digit;
  }
  if (at - start < 4) throw unreadable(type);
  const month = twoDigits(bytes, at + 1, end, type);
  expect(bytes, at + 3, end, 0x2d, type);
  const day = twoDigits(bytes, at + 4, end, type);
  if (month < 1 || month > 12 || day < 1 || day > 31) throw unreadable(type);
  scanned.days = daysOfDate(beforeChrist ? 1 - year : year, month, day);
  scanned.next = at + 6;
}

/** `13:14:15` and up to six digits of fraction: sets `micros` and `next`. */
export function scanTime(bytes: Buffer, start: number, end: number, type: string): void {
  const hours = twoDigits(bytes, start, end, type);
  expect(bytes, start + 2, end, 0x3a, type);
  const minutes = twoDigits(bytes, start + 3, end, type);
  expect(bytes, start + 5, end, 0x3a, type);
  const seconds = twoDigits(bytes, start + 6, end, type);
  let at = start + 8;
  let fraction = 0;
  if (at < end && bytes[at] === 0x2e) {
    let unit = microsPerSecond;
    for (at++; at < end; at++) {
      const digit = bytes[at]! - 0x30;
      if (digit < 0 || digit > 9) break;
      unit /= 10;
      if (unit < 1) throw unreadable(type);
      fraction += digit * unit;
    }
    if (unit === microsPerSecond) throw unreadable(type);
  }
  const micros = ((hours * 60 + minutes) * 60 + seconds) * microsPerSecond + fraction;
  if (minutes > 59 || seconds > 59 || micros > microsPerDay) throw unreadable(type);
  scanned.micros = micros;
  scanned.next = at;
}

/** `+02`, `-05:30` or `+05:45:30`: sets `offsetSeconds` and `next`. */
export function scanOffset(bytes: Buffer, start: number, end: number, type: string): void {
  const sign = bytes[start] === 0x2d ? -1 : 1;
  if (sign === 1) expect(bytes, start, end, 0x2b, type);
  let seconds = twoDigits(bytes, start + 1, end, type) * 3600;
  let at = start + 3;
  for (let unit = 60; unit >= 1 && at < end && bytes[at] === 0x3a; unit /= 60) {
    seconds += twoDigits(bytes, at + 1, end, type) * unit;
    at += 3;
  }
  scanned.offsetSeconds = sign * seconds;
  scanned.next = at;
}

/** A timestamp without time zone, ` BC` included: sets `days` and `micros`. */
export function scanTimestamp(bytes: Buffer, start: number, end: number): void {
  const beforeChrist = isBeforeChrist(bytes, start, end);
  const stop = beforeChrist ? end - 3 : end;
  scanDate(bytes, start, stop, beforeChrist, 'timestamp');
  expect(bytes, scanned.next, stop, 0x20, 'timestamp');
  scanTime(bytes, scanned.next + 1, stop, 'timestamp');
  if (scanned.next !== stop) throw unreadable('timestamp');
}
