const dayMs = 86_400_000;
const daysMost = 100_000_000;
const dateCacheMax = 4096;
let dateTexts = new Map<number, string>();

/** What Debezium's Postgres source makes of `infinity`, in microseconds; in milliseconds it is a thousandth, in nanoseconds Long's limits. */
const infinityMicros = 9_223_372_036_825_200_000n;
const negativeInfinityMicros = -9_223_372_036_832_400_000n;

/** A value that no date or time can be: its record is refused. */
export class UnwritableValue extends Error {}

/** A day since 1970 as Postgres and SQLite read it: `2026-02-28`, before the year 1 `0044-03-15 BC`. */
export function dateText(days: number): string {
  const known = dateTexts.get(days);
  if (known !== undefined) return known;
  if (dateTexts.size >= dateCacheMax) dateTexts = new Map();
  const text = dateParts(days).join('');
  dateTexts.set(days, text);
  return text;
}

/** The date and, before the year 1, ` BC`. */
function dateParts(days: number): [date: string, era: string] {
  if (!Number.isInteger(days) || Math.abs(days) > daysMost) {
    if (days === 2_147_483_647 || days > daysMost) return ['infinity', ''];
    if (days === -2_147_483_648 || days < -daysMost) return ['-infinity', ''];
    throw new UnwritableValue('a date is no whole number of days');
  }
  const date = new Date(days * dayMs);
  const year = date.getUTCFullYear();
  const shown = String(year < 1 ? 1 - year : year).padStart(4, '0');
  return [`${shown}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`, year < 1 ? ' BC' : ''];
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** A time of the day in microseconds: `23:59:59.000001`. 24:00 is one, as in Postgres. */
export function timeText(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  const fraction = micros - seconds * 1_000_000;
  const text = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  if (fraction === 0) return text;
  return `${text}.${String(fraction).padStart(6, '0')}`;
}

/** Whether a moment in microseconds is what stands for `infinity` (1) or `-infinity` (-1); 0 for any other. */
export function isInfinite(micros: bigint): -1 | 0 | 1 {
  if (micros >= infinityMicros) return 1;
  return micros <= negativeInfinityMicros ? -1 : 0;
}

/** A moment in microseconds since 1970, without zone: `2026-02-28 23:59:59.000001`. */
export function timestampText(micros: bigint): string {
  const infinite = isInfinite(micros);
  if (infinite !== 0) return infinite > 0 ? 'infinity' : '-infinity';
  const safe = micros <= 9_007_199_254_740_991n && micros >= -9_007_199_254_740_991n;
  let days: number;
  let rest: number;
  if (safe) {
    const value = Number(micros);
    days = Math.floor(value / 86_400_000_000);
    rest = value - days * 86_400_000_000;
  } else {
    const inDay = ((micros % 86_400_000_000n) + 86_400_000_000n) % 86_400_000_000n;
    days = Number((micros - inDay) / 86_400_000_000n);
    rest = Number(inDay);
  }
  if (days > 2_900_000 || days < -719_162) {
    const [date, era] = dateParts(days);
    return date.endsWith('infinity') ? date : `${date} ${timeText(rest)}${era}`;
  }
  return `${dateText(days)} ${timeText(rest)}`;
}

/** Milliseconds as `timestampText` takes them. */
export function microsOfMillis(millis: bigint): bigint {
  if (millis >= infinityMicros / 1000n) return infinityMicros;
  return millis <= negativeInfinityMicros / 1000n ? negativeInfinityMicros : millis * 1000n;
}

/** As `timestampText`, of milliseconds. */
export function timestampTextOfMillis(millis: bigint): string {
  return timestampText(microsOfMillis(millis));
}

/** As `timestampText`, of nanoseconds; what is finer than a microsecond is cut off. */
export function timestampTextOfNanos(nanos: bigint): string {
  if (nanos === 2n ** 63n - 1n) return 'infinity';
  if (nanos === -(2n ** 63n)) return '-infinity';
  const micros = nanos / 1000n;
  return timestampText(nanos < 0n && micros * 1000n !== nanos ? micros - 1n : micros);
}
