import type { EventCursor } from './cursor.ts';
import type { GtidEvent } from './events.ts';
import { malformed } from './malformed.ts';

/** 16 bytes as a UUID is written. */
export function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Seven bytes; the highest bit says that another time follows, of the server that committed first. */
function commitTime(cursor: EventCursor): bigint {
  const at = cursor.take(7);
  const value = BigInt(cursor.bytes.readUIntLE(at, 6)) + (BigInt(cursor.bytes[at + 6]! & 0x7f) << 48n);
  if ((cursor.bytes[at + 6]! & 0x80) === 0) return value;
  const original = cursor.take(7);
  return BigInt(cursor.bytes.readUIntLE(original, 6)) + (BigInt(cursor.bytes[original + 6]! & 0x7f) << 48n);
}

/** GTID and ANONYMOUS_GTID behind their header (libs/mysql/binlog/event/control_events.h, Gtid_event). */
export function readGtidEvent(cursor: EventCursor, anonymous: boolean): GtidEvent {
  cursor.take(1); // flags
  const uuid = cursor.view(16);
  const number = cursor.int64();
  let commitMicros: bigint | null = null;
  // Since 5.7: logical timestamps; since 8.0: when it was committed.
  if (cursor.left >= 1 + 16 + 7) {
    cursor.take(1 + 16);
    commitMicros = commitTime(cursor);
  }
  return { gtid: anonymous ? null : `${uuidText(uuid)}:${number}`, commitMicros, standalone: false };
}

/** A number of the library mysql::serialization: as many bytes as the first one has low bits set before a clear one, and that one. */
function serializedUint(cursor: EventCursor): bigint {
  const first = cursor.uint8();
  let extra = 0;
  while (extra < 8 && ((first >> extra) & 1) === 1) extra++;
  let value = extra >= 8 ? 0n : BigInt(first >> (extra + 1));
  const shift = extra >= 8 ? 0 : 7 - extra;
  for (let index = 0; index < extra; index++) value |= BigInt(cursor.uint8()) << BigInt(shift + 8 * index);
  return BigInt.asUintN(64, value);
}

/** With a sign: zigzag, the sign in the lowest bit. */
function serializedInt(cursor: EventCursor): bigint {
  const value = serializedUint(cursor);
  return (value & 1n) === 0n ? value >> 1n : -(value >> 1n) - 1n;
}

/** Fields of GTID_TAGGED by their number. */
const taggedFields = {
  flags: 0,
  uuid: 1,
  number: 2,
  tag: 3,
  lastCommitted: 4,
  sequence: 5,
  immediateCommit: 6,
  originalCommit: 7,
} as const;

/** GTID_TAGGED (MySQL 8.4 and newer) behind its header: a message of mysql::serialization, whose fields are numbered. */
export function readTaggedGtidEvent(cursor: EventCursor): GtidEvent {
  serializedUint(cursor); // version
  serializedUint(cursor); // size
  serializedUint(cursor); // the last field that must be known
  const uuid = new Uint8Array(16);
  let number = 0n;
  let tag = '';
  let commitMicros: bigint | null = null;
  while (cursor.left > 0) {
    const field = Number(serializedUint(cursor));
    if (field === taggedFields.flags) serializedUint(cursor);
    else if (field === taggedFields.uuid) for (let index = 0; index < 16; index++) uuid[index] = Number(serializedUint(cursor));
    else if (field === taggedFields.number) number = serializedInt(cursor);
    else if (field === taggedFields.tag) tag = cursor.text(Number(serializedUint(cursor)));
    else if (field === taggedFields.lastCommitted || field === taggedFields.sequence) serializedInt(cursor);
    else if (field === taggedFields.immediateCommit) commitMicros = serializedUint(cursor);
    else if (field === taggedFields.originalCommit) commitMicros = serializedUint(cursor);
    else break; // sizes and versions, of which nobody here asks
  }
  if (number <= 0n) throw malformed('a tagged GTID without its number');
  return { gtid: `${uuidText(uuid)}:${tag === '' ? '' : `${tag}:`}${number}`, commitMicros, standalone: false };
}

const standaloneFlag = 1;

/** MariaDB's GTID behind its header (sql/log_event.h, Gtid_log_event); the server's number stands in the header. */
export function readMariadbGtidEvent(cursor: EventCursor, serverId: number): GtidEvent {
  const sequence = cursor.uint64();
  const domain = cursor.uint32();
  const flags = cursor.uint8();
  return { gtid: `${domain}-${serverId}-${sequence}`, commitMicros: null, standalone: (flags & standaloneFlag) !== 0 };
}
