import { inflateRawSync, inflateSync } from 'node:zlib';
import type { EventCursor } from './cursor.ts';
import { malformed } from './malformed.ts';

/** No single event or value is larger: max_allowed_packet ends there. */
const inflatedBytesMax = 1 << 30;

function inflated(bytes: Buffer, size: number, raw: boolean): Buffer {
  if (size > inflatedBytesMax) throw malformed(`${size} bytes in compressed form`);
  let result: Buffer;
  try {
    result = (raw ? inflateRawSync : inflateSync)(bytes, { maxOutputLength: Math.max(1, size) });
  } catch (error) {
    throw malformed('compressed bytes that cannot be decompressed', error);
  }
  if (result.length !== size) throw malformed(`${result.length} bytes where ${size} were compressed`);
  return result;
}

/**
 * What MariaDB compressed of an event (log_bin_compress; sql/log_event.cc, binlog_buf_compress): a byte with the algorithm and the size of
 * the length, the length (big-endian), a zlib stream. The cursor then stands at its end.
 */
export function inflateEvent(cursor: EventCursor): Buffer {
  const header = cursor.uint8();
  if ((header & 0xf0) !== 0x80) throw malformed(`a compressed event of an unknown algorithm (0x${header.toString(16)})`);
  const lengthBytes = header & 0x07;
  if (lengthBytes < 1 || lengthBytes > 4) throw malformed('a compressed event without its length');
  const size = cursor.bytes.readUIntBE(cursor.take(lengthBytes), lengthBytes);
  return inflated(cursor.view(cursor.left), size, false);
}

const zlibMethod = 8;

/** A value of a MariaDB column declared COMPRESSED (sql/field.cc, Field_longstr::uncompress). */
export function inflateColumn(value: Buffer): Buffer {
  if (value.length === 0) return value;
  const header = value[0]!;
  if (header === 0) return value.subarray(1);
  if (header >> 4 !== zlibMethod) throw malformed('a compressed value of an unknown algorithm');
  const lengthBytes = header & 0x07;
  if (lengthBytes < 1 || lengthBytes > 4 || value.length < 1 + lengthBytes) throw malformed('a compressed value without its length');
  return inflated(value.subarray(1 + lengthBytes), value.readUIntBE(1, lengthBytes), (header & 0x08) !== 0);
}
