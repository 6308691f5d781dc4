import { schemas, type Value } from '../../../../src/contract/index.ts';
import { isoDate, isoTime } from '../../../debezium/values/iso-format.ts';
import { logical } from '../../../debezium/values/logical-schema.ts';
import { unrepresentable } from '../../../debezium/values/unreadable.ts';
import type { TypeReader } from '../type-reader.ts';
import type { ValueOptions } from '../value-options.ts';
import { infinitySign, microsPerDay, microsPerSecond, scanned, scanTimestamp } from './scan.ts';

type Unit = 'millis' | 'micros' | 'nanos' | 'connect' | 'iso';

function unitOf(mode: ValueOptions['timePrecisionMode'], precision: number): Unit {
  switch (mode) {
    case 'adaptive':
    case 'adaptive_time_microseconds':
      return precision <= 3 ? 'millis' : 'micros';
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

/** PGStatement.DATE_POSITIVE_INFINITY and DATE_NEGATIVE_INFINITY, which the reference takes for microseconds. */
const infiniteMicros = { 1: 9_223_372_036_825_200_000n, [-1]: -9_223_372_036_832_400_000n } as const;
const longMax = 2n ** 63n - 1n;
const longMin = -(2n ** 63n);
const nanosPerDay = 86_400_000_000_000n;

/** As Java's TimeUnit.toMicros followed by an addition of longs: the seconds saturate, the sum wraps. */
function epochMicros(days: number, micros: number): bigint {
  const seconds = BigInt(days) * 86_400n + BigInt(Math.floor(micros / microsPerSecond));
  const units = seconds * 1_000_000n;
  const saturated = units > longMax ? longMax : units < longMin ? longMin : units;
  return BigInt.asIntN(64, saturated + BigInt(micros % microsPerSecond));
}

function readMicros(bytes: Buffer, start: number, end: number): bigint {
  const sign = infinitySign(bytes, start, end);
  if (sign !== 0) return infiniteMicros[sign];
  scanTimestamp(bytes, start, end);
  const micros = scanned.days * microsPerDay + scanned.micros;
  return Number.isSafeInteger(micros) ? BigInt(micros) : epochMicros(scanned.days, scanned.micros);
}

function readMillis(bytes: Buffer, start: number, end: number): bigint {
  const sign = infinitySign(bytes, start, end);
  if (sign !== 0) return infiniteMicros[sign] / 1000n;
  scanTimestamp(bytes, start, end);
  const millis = scanned.days * 86_400_000 + Math.floor(scanned.micros / 1000);
  return Number.isSafeInteger(millis) ? BigInt(millis) : BigInt(scanned.days) * 86_400_000n + BigInt(Math.floor(scanned.micros / 1000));
}

/** Throws CONVERSION_FAILED where the day's start or the moment itself is beyond 64 bits. */
function readNanos(bytes: Buffer, start: number, end: number): bigint {
  const sign = infinitySign(bytes, start, end);
  if (sign !== 0) return sign > 0 ? longMax : longMin;
  scanTimestamp(bytes, start, end);
  const midnight = BigInt(scanned.days) * nanosPerDay;
  const nanos = midnight + BigInt(scanned.micros) * 1000n;
  if (midnight < longMin || nanos > longMax)
    throw unrepresentable(
      'a timestamp before 1677-09-22 or after 2262-04-11 23:47:16 has no count of nanoseconds',
      'Set time.precision.mode to microseconds or isostring.',
    );
  return nanos;
}

function readIso(bytes: Buffer, start: number, end: number): string {
  const sign = infinitySign(bytes, start, end);
  if (sign !== 0) {
    const days = Math.floor(Number(infiniteMicros[sign] / 1_000_000n) / 86_400);
    return `${isoDate(days)}T${isoTime(Number(infiniteMicros[sign] - BigInt(days) * BigInt(microsPerDay)), null)}Z`;
  }
  scanTimestamp(bytes, start, end);
  // 24:00:00 is no time of a timestamp: the server writes the next day.
  return `${isoDate(scanned.days)}T${isoTime(scanned.micros, null)}Z`;
}

function reader(schema: TypeReader['schema'], read: TypeReader['read'], fallback: Value): TypeReader {
  return { schema, read, fallback, unavailable: fallback };
}

/** timestamp(precision) without time zone. */
export function timestampReader({ timePrecisionMode }: ValueOptions, precision: number): TypeReader {
  switch (unitOf(timePrecisionMode, precision)) {
    case 'millis':
      return reader(logical('int64', 'io.debezium.time.Timestamp'), readMillis, 0n);
    case 'connect':
      return reader(logical('int64', schemas.connectTimestamp), readMillis, 0n);
    case 'micros':
      return reader(logical('int64', 'io.debezium.time.MicroTimestamp'), readMicros, 0n);
    case 'nanos':
      return reader(logical('int64', 'io.debezium.time.NanoTimestamp'), readNanos, 0n);
    case 'iso':
      return reader(logical('string', 'io.debezium.time.IsoTimestamp'), readIso, '1970-01-01T00:00:00Z');
  }
}
