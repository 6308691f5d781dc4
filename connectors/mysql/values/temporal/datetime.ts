import { schemas, type Value } from '../../../../src/contract/index.ts';
import { daysOfDate } from '../../../debezium/values/calendar.ts';
import { isoDate, isoTime } from '../../../debezium/values/iso-format.ts';
import { logical } from '../../../debezium/values/logical-schema.ts';
import { unreadable } from '../../../debezium/values/unreadable.ts';
import type { EventCursor } from '../../binlog/cursor.ts';
import { columnTypes } from '../../binlog/event-types.ts';
import type { UnreadForm } from '../unread-form.ts';
import type { ValueOptions } from '../value-options.ts';
import type { ValueType } from '../value-type.ts';
import { civilDays, microsPerDay, microsPerSecond, millisPerDay, scanDate, scanned, scanTime } from './civil.ts';
import { fractionBytes, readFraction } from './fraction.ts';
import { scanPlainMoment } from './plain-moment.ts';

/** Shows a day since 1970 and microseconds of it. */
type Show = (days: number, micros: number) => Value;
type Shown = {
  readonly schema: ValueType['schema'];
  readonly show: Show;
  /** The same as a number that `show` makes a bigint of; null: no number holds it. */
  readonly number: ((days: number, micros: number) => number) | null;
  readonly fallback: Value;
  readonly unavailable: Value;
};

function epochMillis(days: number, micros: number): number {
  return days * millisPerDay + Math.floor(micros / 1000);
}

const showMillis: Show = (days, micros) => BigInt(epochMillis(days, micros));

/** Microseconds since 1970: beyond the year 2255 no number holds them exactly. */
export function epochMicros(days: number, micros: number): bigint {
  const value = days * microsPerDay + micros;
  return Number.isSafeInteger(value) ? BigInt(value) : BigInt(days) * BigInt(microsPerDay) + BigInt(micros);
}

function exactMicros(days: number, micros: number): number {
  const value = days * microsPerDay + micros;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

const showNanos: Show = (days, micros) => BigInt.asIntN(64, epochMicros(days, micros) * 1000n);

function shownDatetime(mode: ValueOptions['timePrecisionMode'], length: number, placeholder: string): Shown {
  const epoch = (name: string, show: Show, number: Shown['number']): Shown => ({
    schema: logical('int64', name),
    show,
    number,
    fallback: 0n,
    unavailable: 0n,
  });
  switch (mode) {
    case 'adaptive_time_microseconds':
      return length <= 3
        ? epoch('io.debezium.time.Timestamp', showMillis, epochMillis)
        : epoch('io.debezium.time.MicroTimestamp', epochMicros, exactMicros);
    case 'microseconds':
      return epoch('io.debezium.time.MicroTimestamp', epochMicros, exactMicros);
    case 'nanoseconds':
      return epoch('io.debezium.time.NanoTimestamp', showNanos, null);
    case 'connect':
      return epoch(schemas.connectTimestamp, showMillis, epochMillis);
    case 'isostring':
      return {
        schema: logical('string', 'io.debezium.time.IsoTimestamp'),
        show: (days, micros) => `${isoDate(days)}T${isoTime(micros, null)}Z`,
        number: null,
        fallback: '1970-01-01T00:00:00Z',
        unavailable: placeholder,
      };
  }
}

/** Seconds of a day. Throws MALFORMED_MESSAGE for what is none. */
function secondsOf(hours: number, minutes: number, seconds: number): number {
  if (hours > 23 || minutes > 59 || seconds > 59) throw unreadable('datetime');
  return (hours * 60 + minutes) * 60 + seconds;
}

/** DATETIME2: year * 13 + month in 17 bits behind the sign, day, hour, minute, second, and the fraction. */
function datetime2Reader(digits: number, adjust: boolean, show: Show): (cursor: EventCursor) => Value {
  const size = fractionBytes(digits);
  return cursor => {
    const at = cursor.take(5);
    const { bytes } = cursor;
    const yearMonth = ((bytes[at]! & 0x7f) << 10) | (bytes[at + 1]! << 2) | (bytes[at + 2]! >> 6);
    const low = ((bytes[at + 2]! & 0x3f) << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!;
    const micros = readFraction(cursor, size);
    const year = Math.floor(yearMonth / 13);
    const month = yearMonth % 13;
    const day = low >> 17;
    if (year === 0 || month === 0 || day === 0) return null;
    const seconds = secondsOf((low >> 12) & 31, (low >> 6) & 63, low & 63);
    return show(civilDays(year, month, day, adjust), seconds * microsPerSecond + micros);
  };
}

/** The older DATETIME, without fraction: YYYYMMDDhhmmss as a number. */
function oldDatetimeReader(adjust: boolean, show: Show): (cursor: EventCursor) => Value {
  return cursor => {
    const packed = Number(cursor.uint64());
    const date = Math.floor(packed / 1_000_000);
    const time = packed % 1_000_000;
    const [year, month, day] = [Math.floor(date / 10_000), Math.floor(date / 100) % 100, date % 100];
    if (year > 9999) throw unreadable('datetime');
    if (year === 0 || month === 0 || day === 0) return null;
    const seconds = secondsOf(Math.floor(time / 10_000), Math.floor(time / 100) % 100, time % 100);
    return show(civilDays(year, month, day, adjust), seconds * microsPerSecond);
  };
}

/** Calls `show` with the moment that the text names; a zero in its date makes it NULL. */
export function readMoment(bytes: Buffer, start: number, end: number, adjust: boolean, show: Show): Value {
  const dateEnd = scanDate(bytes, start, end);
  if (bytes[dateEnd] !== 0x20 || dateEnd + 1 >= end) throw unreadable('datetime');
  scanTime(bytes, dateEnd + 1, end);
  const { year, month, day, micros } = scanned;
  if (micros < 0 || micros >= microsPerDay) throw unreadable('datetime');
  return month === 0 || day === 0 ? null : show(civilDays(year, month, day, adjust), micros);
}

/** Of moments beyond the years that the adjuster means. */
function unreadMoment(number: NonNullable<Shown['number']>): UnreadForm {
  return {
    kind: 'number',
    number: (bytes, start, end) =>
      scanPlainMoment(bytes, start, end) ? number(daysOfDate(scanned.year, scanned.month, scanned.day), scanned.micros) : Number.NaN,
    valueOf: BigInt,
  };
}

/** DATETIME(`length`), which belongs to no time zone: shown as if it were UTC. */
export function datetimeType(length: number, options: ValueOptions, placeholder: string): ValueType {
  const { schema, show, number, fallback, unavailable } = shownDatetime(options.timePrecisionMode, length, placeholder);
  const adjust = options.enableTimeAdjuster;
  return {
    schema,
    binlog: column => {
      if (column.type === columnTypes.DATETIME2) return datetime2Reader(column.size, adjust, show);
      return column.type === columnTypes.DATETIME ? oldDatetimeReader(adjust, show) : null;
    },
    text: (bytes, start, end) => readMoment(bytes, start, end, adjust, show),
    ...(number !== null && { unread: unreadMoment(number) }),
    fallback,
    unavailable,
    unavailableAsNull: options.timePrecisionMode !== 'isostring',
    givesNull: true,
  };
}
