import { dateOfDays } from './calendar.ts';

/** java.time's ISO_LOCAL_DATE: four digits, beyond 9999 with a plus sign, before the year 0 with a minus. */
export function isoDate(days: number): string {
  const { year, month, day } = dateOfDays(days);
  const digits = String(Math.abs(year)).padStart(4, '0');
  const sign = year < 0 ? '-' : year > 9999 ? '+' : '';
  return `${sign}${digits}-${two(month)}-${two(day)}`;
}

/** A time of the day; the fraction has exactly `width` digits, with null as many as it needs. */
export function isoTime(micros: number, width: number | null): string {
  const seconds = Math.floor(micros / 1_000_000);
  const fraction = String(micros % 1_000_000).padStart(6, '0');
  const shown = width === null ? fraction.replace(/0+$/, '') : fraction.slice(0, width).padEnd(width, '0');
  const text = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return shown === '' ? text : `${text}.${shown}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
