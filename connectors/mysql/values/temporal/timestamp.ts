import type { Value } from '../../../../src/contract/index.ts';
import { isoDate, isoTime } from '../../../debezium/values/iso-format.ts';
import { logical } from '../../../debezium/values/logical-schema.ts';
import { columnTypes } from '../../binlog/event-types.ts';
import type { UnreadForm } from '../unread-form.ts';
import type { ValueType } from '../value-type.ts';
import { microsPerSecond } from './civil.ts';
import { readMoment } from './datetime.ts';
import { fractionBytes, readFraction } from './fraction.ts';
import { scanPlainMoment, wholeMomentBytes } from './plain-moment.ts';

const secondsPerDay = 86_400;

/** A stream's TIMESTAMP: the fraction has as many digits as the column, a snapshot's as many as it needs. */
function shown(seconds: number, micros: number, width: number | null): string {
  const days = Math.floor(seconds / secondsPerDay);
  return `${isoDate(days)}T${isoTime((seconds - days * secondsPerDay) * microsPerSecond + micros, width)}Z`;
}

/** `2026-01-02 03:04:05.670000` becomes `2026-01-02T03:04:05.67Z`, one byte further in front, where there is room for the Z. */
const unread: UnreadForm = {
  kind: 'rewritten',
  rewrite(bytes, start, end) {
    if (!scanPlainMoment(bytes, start, end)) return -1;
    let last = end;
    if (end - start > wholeMomentBytes) {
      while (bytes[last - 1] === 0x30) last--;
      if (bytes[last - 1] === 0x2e) last--;
    }
    for (let at = start; at < last; at++) bytes[at - 1] = bytes[at]!;
    bytes[start + 9] = 0x54;
    bytes[last - 1] = 0x5a;
    return last;
  },
};

/** TIMESTAMP(`length`): seconds since 1970, in the binlog; in results UTC, which the session's time zone is set to. */
export function timestampType(length: number, placeholder: string): ValueType {
  const width = length > 0 ? length : null;
  const show = (seconds: number, micros: number): Value => (seconds === 0 && micros === 0 ? null : shown(seconds, micros, width));
  return {
    schema: logical('string', 'io.debezium.time.ZonedTimestamp'),
    binlog: column => {
      if (column.type === columnTypes.TIMESTAMP) return cursor => show(cursor.uint32(), 0);
      if (column.type !== columnTypes.TIMESTAMP2) return null;
      const size = fractionBytes(column.size);
      return cursor => {
        const seconds = cursor.bytes.readUInt32BE(cursor.take(4));
        return show(seconds, readFraction(cursor, size));
      };
    },
    text: (bytes, start, end) => readMoment(bytes, start, end, false, (days, micros) => shown(days * secondsPerDay, micros, null)),
    unread,
    fallback: '1970-01-01T00:00:00Z',
    unavailable: placeholder,
    unavailableAsNull: false,
    givesNull: true,
  };
}
