import { isoDate, isoTime } from '../../../debezium/values/iso-format.ts';
import { logical } from '../../../debezium/values/logical-schema.ts';
import { unreadable } from '../../../debezium/values/unreadable.ts';
import type { Read, TypeReader } from '../type-reader.ts';
import { infinitySign, isBeforeChrist, microsPerDay, scanDate, scanned, scanOffset, scanTime } from './scan.ts';

/** `2024-02-29 13:14:15` */
const secondsSize = 19;
/** Where the bytes of the text to be are put together: one call makes the string. */
const scratch = Buffer.alloc(32);
/** Whether the byte at that place of `2024-02-29 13:14:15` is a digit; else which byte it is. */
const layout = Buffer.from('0000-00-00 00:00:00', 'latin1');

/**
 * The common case without arithmetic: a year of four digits in a session in UTC. Gives null where it is another case, or unreadable.
 * `width`: digits of fraction, 0: as many as there are (the server writes none that is a trailing zero).
 */
function readUtc(bytes: Buffer, start: number, end: number, width: number): string | null {
  const size = end - start;
  if (size < secondsSize + 3 || bytes[end - 3] !== 0x2b || bytes[end - 2] !== 0x30 || bytes[end - 1] !== 0x30) return null;
  for (let at = 0; at < secondsSize; at++) {
    const byte = bytes[start + at]!;
    if (layout[at] === 0x30 ? byte < 0x30 || byte > 0x39 : byte !== layout[at]) return null;
    scratch[at] = byte;
  }
  scratch[10] = 0x54;
  let to = secondsSize;
  const fraction = end - 3 - start - secondsSize - 1;
  if (fraction >= 0) {
    if (bytes[start + secondsSize] !== 0x2e || fraction === 0 || fraction > 6) return null;
    scratch[to++] = 0x2e;
    for (let at = start + secondsSize + 1; at < end - 3; at++) {
      const byte = bytes[at]!;
      if (byte < 0x30 || byte > 0x39) return null;
      scratch[to++] = byte;
    }
  } else if (width > 0) scratch[to++] = 0x2e;
  for (let digits = Math.max(0, fraction); digits < width; digits++) scratch[to++] = 0x30;
  scratch[to++] = 0x5a;
  return scratch.toString('latin1', 0, to);
}

/** Every other case: offsets, years beyond 9999 or before Christ. */
function readShifted(bytes: Buffer, start: number, end: number, width: number): string {
  const beforeChrist = isBeforeChrist(bytes, start, end);
  const stop = beforeChrist ? end - 3 : end;
  scanDate(bytes, start, stop, beforeChrist, 'timestamptz');
  if (bytes[scanned.next] !== 0x20) throw unreadable('timestamptz');
  scanTime(bytes, scanned.next + 1, stop, 'timestamptz');
  scanOffset(bytes, scanned.next, stop, 'timestamptz');
  if (scanned.next !== stop) throw unreadable('timestamptz');
  const micros = scanned.micros - scanned.offsetSeconds * 1_000_000;
  const carriedDays = Math.floor(micros / microsPerDay);
  return `${isoDate(scanned.days + carriedDays)}T${isoTime(micros - carriedDays * microsPerDay, width || null)}Z`;
}

/** timestamptz(precision): ISO 8601 in UTC, the fraction padded to the precision. */
export function zonedTimestampReader(precision: number, placeholder: string): TypeReader {
  const read: Read = (bytes, start, end) => {
    const sign = infinitySign(bytes, start, end);
    if (sign !== 0) return sign > 0 ? 'infinity' : '-infinity';
    return readUtc(bytes, start, end, precision) ?? readShifted(bytes, start, end, precision);
  };
  return {
    schema: logical('string', 'io.debezium.time.ZonedTimestamp'),
    read,
    fallback: '1970-01-01T00:00:00Z',
    unavailable: placeholder,
  };
}
