import { dateOfDays } from './calendar.ts';

/** Rows that lie together are mostly of one day. */
let lastDays = 0;
let lastDate = '1970-01-01';

/** java.time's ISO_LOCAL_DATE: four digits, beyond 9999 with a plus sign, before the year 0 with a minus. */
export function isoDate(days: number): string {
  if (days !== lastDays) {
    lastDate = dateText(days);
    lastDays = days;
  }
  return lastDate;
}

function dateText(days: number): string {
  const { year, month, day } = dateOfDays(days);
  const digits = String(Math.abs(year)).padStart(4, '0');
  const sign = year < 0 ? '-' : year > 9999 ? '+' : '';
  return `${sign}${digits}-${two(month)}-${two(day)}`;
}

/** A time of the day; the fraction has exactly `width` digits, with null as many as it needs. */
export function isoTime(micros: number, width: number | null): string {
  const seconds = Math.floor(micros / 1_000_000);
  const text = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  const fraction = fractionText(micros - seconds * 1_000_000, width);
  return fraction === '' ? text : `${text}.${fraction}`;
}

function fractionText(micros: number, width: number | null): string {
  if (width === null && micros === 0) return '';
  const digits = String(micros).padStart(6, '0');
  return width === null ? digits.replace(/0+$/, '') : digits.slice(0, width).padEnd(width, '0');
}

const twoDigits = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'));

function two(value: number): string {
  return twoDigits[value] ?? String(value);
}
