import { dateOf, daysOf } from './calendar.ts';
import type { TimeZone } from './time-zone.ts';

/** `2018-01-02T11:15:30.123456789+01:00`, java.time's ISO_OFFSET_DATE_TIME: seconds, fraction and offset seconds may be missing. */
const zonedTimestamp = /^([+-]?\d{4,9})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2}(?::\d{2})?)$/i;
/** `11:15:30.123456789+01:00`, ISO_OFFSET_TIME. */
const zonedTime = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2}(?::\d{2})?)$/i;

const secondsPerDay = 86_400;

function offsetSeconds(text: string): number {
  if (text === 'Z' || text === 'z') return 0;
  const [hours = 0, minutes = 0, seconds = 0] = text.slice(1).split(':').map(Number);
  const total = hours * 3_600 + minutes * 60 + seconds;
  return text.startsWith('-') ? -total : total;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function offsetText(offset: number): string {
  if (offset === 0) return 'Z';
  const [total, sign] = [Math.abs(offset), offset < 0 ? '-' : '+'];
  const seconds = total % 60;
  return `${sign}${twoDigits(Math.floor(total / 3_600))}:${twoDigits(Math.floor(total / 60) % 60)}${seconds === 0 ? '' : `:${twoDigits(seconds)}`}`;
}

/** Four digits, more with a sign before them (SignStyle.EXCEEDS_PAD). */
function yearText(year: number): string {
  const digits = String(Math.abs(year)).padStart(4, '0');
  if (year < 0) return `-${digits}`;
  return year > 9_999 ? `+${digits}` : digits;
}

/** Seconds are always written, the fraction without trailing zeros. */
function timeText(secondOfDay: number, fraction: string): string {
  const significant = fraction.replace(/0+$/, '');
  const time = [Math.floor(secondOfDay / 3_600), Math.floor(secondOfDay / 60) % 60, secondOfDay % 60].map(twoDigits).join(':');
  return significant === '' ? time : `${time}.${significant}`;
}

function secondOfDay(hours: string | undefined, minutes: string | undefined, seconds: string | undefined): number {
  const [hour, minute, second] = [Number(hours), Number(minutes), Number(seconds ?? 0)];
  if (hour > 23 || minute > 59 || second > 59) throw new Error('a time is out of range');
  return hour * 3_600 + minute * 60 + second;
}

/**
 * An io.debezium.time.ZonedTimestamp at the same instant in the zone. Its offset is that of the written local time in the zone, not of the
 * instant, as in the reference. Infinite timestamps stay. Throws an Error, which does not show the text, for what is no timestamp.
 */
export function timestampInZone(text: string, zone: TimeZone): string {
  if (text === 'infinity' || text === '-infinity') return text;
  const match = zonedTimestamp.exec(text);
  if (!match) throw new Error('a value is no timestamp with an offset');
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const local = daysOf({ year, month, day }) * secondsPerDay + secondOfDay(match[4], match[5], match[6]);
  const offset = zone.offsetAtLocal(local * 1_000);
  const moved = local - offsetSeconds(match[8] ?? 'Z') + offset;
  const days = Math.floor(moved / secondsPerDay);
  const date = dateOf(days);
  const dateText = `${yearText(date.year)}-${twoDigits(date.month)}-${twoDigits(date.day)}`;
  return `${dateText}T${timeText(moved - days * secondsPerDay, match[7] ?? '')}${offsetText(offset)}`;
}

/** An io.debezium.time.ZonedTime at the same instant under that offset (seconds). Throws an Error for what is no time. */
export function timeAtOffset(text: string, offset: number): string {
  const match = zonedTime.exec(text);
  if (!match) throw new Error('a value is no time with an offset');
  const moved = secondOfDay(match[1], match[2], match[3]) - offsetSeconds(match[5] ?? 'Z') + offset;
  return timeText(((moved % secondsPerDay) + secondsPerDay) % secondsPerDay, match[4] ?? '') + offsetText(offset);
}
