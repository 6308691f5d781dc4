import { schemas, type Value } from '../../../../src/contract/index.ts';
import { isoTime } from '../../../debezium/values/iso-format.ts';
import { logical } from '../../../debezium/values/logical-schema.ts';
import { unrepresentable } from '../../../debezium/values/unreadable.ts';
import type { EventCursor } from '../../binlog/cursor.ts';
import { columnTypes } from '../../binlog/event-types.ts';
import type { UnreadForm } from '../unread-form.ts';
import type { ValueOptions } from '../value-options.ts';
import type { ValueType } from '../value-type.ts';
import { microsPerDay, microsPerSecond, scanned, scanTime } from './civil.ts';
import { fractionBytes, microsOfFraction } from './fraction.ts';
import { plainTime } from './plain-moment.ts';

/** TIME2: the sign is the highest bit (set: not negative), the rest two's complement of hours, minutes, seconds and the fraction. */
function time2Reader(digits: number): (cursor: EventCursor) => number {
  const size = fractionBytes(digits);
  const unit = 256 ** size;
  const zero = 0x80_0000 * unit;
  return cursor => {
    const at = cursor.take(3 + size);
    const packed = cursor.bytes.readUIntBE(at, 3 + size) - zero;
    const absolute = Math.abs(packed);
    const whole = Math.floor(absolute / unit);
    const seconds = ((whole >> 12) & 0x3ff) * 3600 + ((whole >> 6) & 0x3f) * 60 + (whole & 0x3f);
    const micros = seconds * microsPerSecond + microsOfFraction(absolute % unit, size);
    return packed < 0 ? 0 - micros : micros;
  };
}

/** The older TIME, without fraction: HHMMSS as a number. */
function readOldTime(cursor: EventCursor): number {
  const packed = (cursor.uint24() << 8) >> 8;
  const absolute = Math.abs(packed);
  const seconds = Math.floor(absolute / 10_000) * 3600 + (Math.floor(absolute / 100) % 100) * 60 + (absolute % 100);
  return (packed < 0 ? 0 - seconds : seconds) * microsPerSecond;
}

/** These modes count from midnight, so that only times of a day can be shown. */
function ofDay(micros: number): number {
  if (micros < 0 || micros > microsPerDay)
    throw unrepresentable(
      'a TIME outside of 00:00:00 to 24:00:00',
      'Use another time.precision.mode: adaptive_time_microseconds holds it.',
    );
  return micros;
}

const countsMicros: ReadonlySet<ValueOptions['timePrecisionMode']> = new Set(['adaptive_time_microseconds', 'microseconds']);

function shownTime(mode: ValueOptions['timePrecisionMode'], placeholder: string) {
  const number = (schema: ValueType['schema'], show: (micros: number) => Value, zero: Value) => ({
    schema,
    show,
    fallback: zero,
    unavailable: zero,
  });
  switch (mode) {
    case 'adaptive_time_microseconds':
    case 'microseconds':
      return number(logical('int64', 'io.debezium.time.MicroTime'), micros => BigInt(micros), 0n);
    case 'nanoseconds':
      return number(logical('int64', 'io.debezium.time.NanoTime'), micros => BigInt(micros) * 1000n, 0n);
    case 'connect':
      return number(logical('int32', schemas.connectTime), micros => Math.floor(ofDay(micros) / 1000), 0);
    case 'isostring':
      return {
        schema: logical('string', 'io.debezium.time.IsoTime'),
        show: (micros: number): Value => `${isoTime(ofDay(micros) % microsPerDay, null)}Z`,
        fallback: '00:00:00Z',
        unavailable: placeholder,
      };
  }
}

/** Of times of up to 99 hours. */
const unread: UnreadForm = {
  kind: 'number',
  number: (bytes, start, end) => {
    const micros = plainTime(bytes, start, end);
    return micros < 0 ? Number.NaN : micros;
  },
  valueOf: BigInt,
};

/** TIME, from -838:59:59 to 838:59:59. */
export function timeType(options: ValueOptions, placeholder: string): ValueType {
  const { schema, show, fallback, unavailable } = shownTime(options.timePrecisionMode, placeholder);
  return {
    schema,
    binlog: column => {
      if (column.type === columnTypes.TIME) return cursor => show(readOldTime(cursor));
      if (column.type !== columnTypes.TIME2) return null;
      const read = time2Reader(column.size);
      return cursor => show(read(cursor));
    },
    text: (bytes, start, end) => {
      scanTime(bytes, start, end);
      return show(scanned.micros);
    },
    ...(countsMicros.has(options.timePrecisionMode) && { unread }),
    fallback,
    unavailable,
    unavailableAsNull: options.timePrecisionMode !== 'isostring',
  };
}
