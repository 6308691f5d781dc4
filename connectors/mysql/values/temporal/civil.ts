import { daysOfDate } from '../../../debezium/values/calendar.ts';
import { unreadable, unrepresentable } from '../../../debezium/values/unreadable.ts';

export const microsPerSecond = 1_000_000;
export const microsPerDay = 86_400_000_000;
export const millisPerDay = 86_400_000;

const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/** Debezium's adjustTemporal (enable.time.adjuster): years of one and two digits are those of this century and the last. */
function adjusted(year: number): number {
  return year > 99 ? year : year <= 69 ? year + 2000 : year + 1900;
}

/** Whether the calendar has that day. */
export function hasDay(year: number, month: number, day: number): boolean {
  return month <= 12 && (day <= 28 || day <= daysOfMonth[month - 1]! + (month === 2 && isLeap(year) ? 1 : 0));
}

/** Days since 1970. Throws CONVERSION_FAILED for a day that the calendar does not have (sql_mode ALLOW_INVALID_DATES). */
export function civilDays(year: number, month: number, day: number, adjust: boolean): number {
  if (!hasDay(year, month, day)) throw unrepresentable('the calendar does not have that day', 'Correct the value, or exclude the column.');
  if (!adjust || year > 99) return daysOfDate(year, month, day);
  // 29 February of a year that is none after the adjustment becomes the 28th, as java.time has it.
  const target = adjusted(year);
  return daysOfDate(target, month, month === 2 && day === 29 && !isLeap(target) ? 28 : day);
}

/** What the last scan of a text found. One object for all scans, so that nothing is allocated. */
export const scanned = { year: 0, month: 0, day: 0, /** Of the day; negative times are below 0. */ micros: 0 };

function digits(bytes: Buffer, start: number, end: number, what: string): number {
  let value = 0;
  if (end <= start) throw unreadable(what);
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) throw unreadable(what);
    value = value * 10 + digit;
  }
  return value;
}

/** `2024-02-29` at the front of the text: sets year, month and day, which may be 0. Answers where it ends. */
export function scanDate(bytes: Buffer, start: number, end: number): number {
  if (end - start < 10 || bytes[start + 4] !== 0x2d || bytes[start + 7] !== 0x2d) throw unreadable('date');
  scanned.year = digits(bytes, start, start + 4, 'date');
  scanned.month = digits(bytes, start + 5, start + 7, 'date');
  scanned.day = digits(bytes, start + 8, start + 10, 'date');
  return start + 10;
}

/** `-838:59:59.000000`: sets micros. */
export function scanTime(bytes: Buffer, start: number, end: number): void {
  const negative = bytes[start] === 0x2d;
  const first = negative ? start + 1 : start;
  let colon = first;
  while (colon < end && bytes[colon] !== 0x3a) colon++;
  if (colon + 6 > end || bytes[colon + 3] !== 0x3a) throw unreadable('time');
  const hours = digits(bytes, first, colon, 'time');
  const minutes = digits(bytes, colon + 1, colon + 3, 'time');
  const seconds = digits(bytes, colon + 4, colon + 6, 'time');
  let fraction = 0;
  if (colon + 6 < end) {
    const size = end - colon - 7;
    if (bytes[colon + 6] !== 0x2e || size < 1 || size > 6) throw unreadable('time');
    fraction = digits(bytes, colon + 7, end, 'time') * 10 ** (6 - size);
  }
  const micros = ((hours * 60 + minutes) * 60 + seconds) * microsPerSecond + fraction;
  scanned.micros = negative ? 0 - micros : micros;
}
