import { javaDouble } from '../../../../src/contract/index.ts';
import { logical } from '../../../debezium/values/logical-schema.ts';
import { unreadable } from '../../../debezium/values/unreadable.ts';
import type { Read, TypeReader } from '../type-reader.ts';
import type { ValueOptions } from '../value-options.ts';

type Parts = { years: number; months: number; days: number; hours: number; minutes: number; seconds: number };

/** A Gregorian year's twelfth: the reference's month where it must be a duration. */
const daysPerMonth = 365.25 / 12;

/** `1 year 2 mons -3 days -04:05:06.789` (IntervalStyle postgres), part by part as JDBC's PGInterval reads it. */
export function parseInterval(text: string): Parts {
  const parts: Parts = { years: 0, months: 0, days: 0, hours: 0, minutes: 0, seconds: 0 };
  const words = text.split(' ');
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const time = /^([+-]?)(\d{1,10}):(\d\d):(\d\d(?:\.\d{1,6})?)$/.exec(word);
    if (time) {
      const sign = time[1] === '-' ? -1 : 1;
      parts.hours = sign * Number(time[2]);
      parts.minutes = sign * Number(time[3]);
      parts.seconds = sign * seconds(Number(time[4]));
      continue;
    }
    const unit = words[++at] ?? '';
    if (!/^[+-]?\d{1,10}$/.test(word)) throw unreadable('interval');
    if (unit.startsWith('year')) parts.years = Number(word);
    else if (unit.startsWith('mon')) parts.months = Number(word);
    else if (unit.startsWith('day')) parts.days = Number(word);
    else throw unreadable('interval');
  }
  return parts;
}

/** PGInterval keeps whole seconds and microseconds apart and adds them again: the same double comes of it. */
function seconds(value: number): number {
  const whole = Math.trunc(value);
  return whole + Math.round((value - whole) * 1e6) / 1e6;
}

const longMax = 2n ** 63n - 1n;
const longMin = -(2n ** 63n);

/** MicroDuration.durationMicros: in doubles, in this order, cast to a long at last (which saturates). */
export function durationMicros({ years, months, days, hours, minutes, seconds }: Parts): bigint {
  const inDays = (years * 12 + months) * daysPerMonth + days;
  const inSeconds = ((inDays * 24 + hours) * 60 + minutes) * 60 + seconds;
  const micros = BigInt(Math.trunc(inSeconds * 1e6));
  return micros > longMax ? longMax : micros < longMin ? longMin : micros;
}

/** The seconds as BigDecimal.valueOf(double).toPlainString has them, cut after nine digits. */
function plainSeconds(value: number): string {
  const [mantissa = '', exponent = '0'] = javaDouble(value).split('E');
  const [whole = '', fraction = ''] = mantissa.split('.');
  // An exponent is negative here: Double.toString writes 0.0005 as 5.0E-4, and there is nothing below 0.000001.
  const shift = -Number(exponent);
  const digits = shift === 0 ? fraction : `${'0'.repeat(shift - 1)}${whole.replace('-', '')}${fraction}`;
  const cut = digits.slice(0, 9).replace(/0+$/, '');
  const shown = shift === 0 ? whole : value < 0 ? '-0' : '0';
  if (cut === '') return Number(shown) === 0 ? '0' : shown;
  return `${shown}.${cut}`;
}

function isoInterval(parts: Parts): string {
  const { years, months, days, hours, minutes } = parts;
  return `P${years}Y${months}M${days}DT${hours}H${minutes}M${plainSeconds(parts.seconds)}S`;
}

/** interval: microseconds with months of 30.4375 days, or ISO 8601. */
export function intervalReader({ intervalHandlingMode }: ValueOptions, placeholder: string): TypeReader {
  if (intervalHandlingMode === 'string') {
    const read: Read = (bytes, start, end) => isoInterval(parseInterval(bytes.toString('latin1', start, end)));
    return { schema: logical('string', 'io.debezium.time.Interval'), read, fallback: 'P0Y0M0DT0H0M0S', unavailable: placeholder };
  }
  const read: Read = (bytes, start, end) => durationMicros(parseInterval(bytes.toString('latin1', start, end)));
  return { schema: logical('int64', 'io.debezium.time.MicroDuration'), read, fallback: 0n, unavailable: 0n };
}
