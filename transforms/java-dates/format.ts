import { type CalendarFields, fieldsOf } from './calendar.ts';
import { monthNames, type PatternPart, shortName, weekdayNames } from './pattern.ts';

type Writer = (fields: CalendarFields, count: number) => string;

function padded(value: number, count: number): string {
  const digits = String(Math.abs(value)).padStart(count, '0');
  return value < 0 ? `-${digits}` : digits;
}

function yearText(year: number, count: number): string {
  return count === 2 ? padded(year % 100, 2) : padded(year, count);
}

function named(names: readonly string[], index: number, count: number): string {
  const name = names[index] ?? '';
  return count >= 4 ? name : shortName(name);
}

function month({ month }: CalendarFields, count: number): string {
  return count >= 3 ? named(monthNames, month, count) : padded(month + 1, count);
}

function hour({ millisecondOfDay }: CalendarFields): number {
  return Math.floor(millisecondOfDay / 3_600_000);
}

const writers: Readonly<Record<string, Writer>> = {
  G: ({ era }) => era,
  y: ({ year }, count) => yearText(year, count),
  Y: ({ weekYear }, count) => yearText(weekYear, count),
  M: month,
  L: month,
  w: ({ weekOfYear }, count) => padded(weekOfYear, count),
  W: ({ weekOfMonth }, count) => padded(weekOfMonth, count),
  D: ({ dayOfYear }, count) => padded(dayOfYear, count),
  d: ({ day }, count) => padded(day, count),
  F: ({ day }, count) => padded(Math.floor((day - 1) / 7) + 1, count),
  E: ({ weekday }, count) => named(weekdayNames, weekday, count),
  u: ({ weekday }, count) => padded(weekday === 0 ? 7 : weekday, count),
  a: fields => (hour(fields) < 12 ? 'AM' : 'PM'),
  H: (fields, count) => padded(hour(fields), count),
  k: (fields, count) => padded(hour(fields) === 0 ? 24 : hour(fields), count),
  K: (fields, count) => padded(hour(fields) % 12, count),
  h: (fields, count) => padded(hour(fields) % 12 === 0 ? 12 : hour(fields) % 12, count),
  m: ({ millisecondOfDay }, count) => padded(Math.floor(millisecondOfDay / 60_000) % 60, count),
  s: ({ millisecondOfDay }, count) => padded(Math.floor(millisecondOfDay / 1000) % 60, count),
  S: ({ millisecondOfDay }, count) => padded(millisecondOfDay % 1000, count),
  z: (_, count) => (count >= 4 ? 'Coordinated Universal Time' : 'UTC'),
  Z: () => '+0000',
  X: () => 'Z',
};

/** A function that writes milliseconds since 1970 in UTC by these parts. */
export function dateWriter(parts: readonly PatternPart[]): (milliseconds: bigint) => string {
  const steps = parts.map(part => {
    if ('literal' in part) return () => part.literal;
    const write = writers[part.letter];
    return (fields: CalendarFields) => write?.(fields, part.count) ?? '';
  });
  return milliseconds => {
    const fields = fieldsOf(milliseconds);
    let text = '';
    for (const step of steps) text += step(fields);
    return text;
  };
}
