import { schemas, type Value } from '../../../../src/contract/index.ts';
import { isoTime } from '../../../debezium/values/iso-format.ts';
import { logical } from '../../../debezium/values/logical-schema.ts';
import { unreadable } from '../../../debezium/values/unreadable.ts';
import type { Read, TypeReader } from '../type-reader.ts';
import type { ValueOptions } from '../value-options.ts';
import { microsPerDay, scanned, scanOffset, scanTime } from './scan.ts';

type Unit = 'millis' | 'micros' | 'nanos' | 'connect' | 'iso';

function unitOf(mode: ValueOptions['timePrecisionMode'], precision: number): Unit {
  switch (mode) {
    case 'adaptive':
      return precision <= 3 ? 'millis' : 'micros';
    case 'adaptive_time_microseconds':
    case 'microseconds':
      return 'micros';
    case 'nanoseconds':
      return 'nanos';
    case 'connect':
      return 'connect';
    case 'isostring':
      return 'iso';
  }
}

function reader(
  schema: TypeReader['schema'],
  fallback: Value,
  show: (micros: number) => Value,
  ofMicros: (micros: number) => number,
): TypeReader {
  const read: Read = (bytes, start, end) => {
    scanTime(bytes, start, end, 'time');
    if (scanned.next !== end) throw unreadable('time');
    return show(ofMicros(scanned.micros));
  };
  return { schema, read, fallback, unavailable: fallback };
}

const unchanged = (micros: number) => micros;
/** JDBC's Time, which the reference reads array items as, has milliseconds and ends before 24:00. */
const asArrayItem = (micros: number) => (micros - (micros % 1000)) % microsPerDay;

/** time(precision). `arrayItem`: as the reference reads it in arrays. */
export function timeReader({ timePrecisionMode }: ValueOptions, precision: number, arrayItem: boolean): TypeReader {
  const adjust = arrayItem ? asArrayItem : unchanged;
  const millis = (micros: number) => Math.floor(micros / 1000);
  switch (unitOf(timePrecisionMode, precision)) {
    case 'millis':
      return reader(logical('int32', 'io.debezium.time.Time'), 0, millis, adjust);
    case 'connect':
      return reader(logical('int32', schemas.connectTime), 0, millis, adjust);
    case 'micros':
      return reader(logical('int64', 'io.debezium.time.MicroTime'), 0n, micros => BigInt(micros), adjust);
    case 'nanos':
      return reader(logical('int64', 'io.debezium.time.NanoTime'), 0n, micros => BigInt(micros * 1000), adjust);
    case 'iso':
      return reader(
        logical('string', 'io.debezium.time.IsoTime'),
        '00:00:00Z',
        micros => `${isoTime(micros % microsPerDay, null)}Z`,
        adjust,
      );
  }
}

const readZoned: Read = (bytes, start, end) => `${isoTime(utcMicros(bytes, start, end), null)}Z`;
/** The reference reads array items as JDBC's Time and shows their seconds only. */
const readZonedSeconds: Read = (bytes, start, end) => `${isoTime(Math.floor(utcMicros(bytes, start, end) / 1_000_000) * 1_000_000, null)}Z`;

/** A time of the day in UTC, of a text with an offset. */
function utcMicros(bytes: Buffer, start: number, end: number): number {
  scanTime(bytes, start, end, 'timetz');
  scanOffset(bytes, scanned.next, end, 'timetz');
  if (scanned.next !== end) throw unreadable('timetz');
  const micros = (scanned.micros - scanned.offsetSeconds * 1_000_000) % microsPerDay;
  return micros < 0 ? micros + microsPerDay : micros;
}

/** timetz: in UTC, with as many digits of fraction as it needs. */
export function zonedTimeReader(placeholder: string, arrayItem: boolean): TypeReader {
  const read = arrayItem ? readZonedSeconds : readZoned;
  return { schema: logical('string', 'io.debezium.time.ZonedTime'), read, fallback: '00:00:00Z', unavailable: placeholder };
}
