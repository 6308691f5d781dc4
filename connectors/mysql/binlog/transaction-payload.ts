import { createZstdDecompress } from 'node:zlib';
import type { EventCursor } from './cursor.ts';
import { eventHeaderBytes } from './event-types.ts';
import { malformed } from './malformed.ts';

/** What a TRANSACTION_PAYLOAD says of itself, and the compressed events. */
export type TransactionPayload = {
  readonly algorithm: 'zstd' | 'none';
  readonly bytes: Buffer;
  /** Bytes of its events. */
  readonly eventBytes: number;
};

/** TRANSACTION_PAYLOAD behind its header (libs/mysql/binlog/event/codecs/binary.cpp): fields of type, length, value; then the payload. */
export function readTransactionPayload(cursor: EventCursor): TransactionPayload {
  let size = -1;
  let algorithm = -1;
  let eventBytes = -1;
  for (;;) {
    const field = cursor.packedInt();
    if (field === 0) break; // the end of the fields
    const length = cursor.packedInt();
    const end = cursor.take(length) + length;
    cursor.at = end - length;
    if (field === 1) size = cursor.packedInt();
    else if (field === 2) algorithm = cursor.packedInt();
    else if (field === 3) eventBytes = cursor.packedInt();
    cursor.at = end;
  }
  if (size !== cursor.left) throw malformed('a compressed transaction of another size than it says');
  if (algorithm !== 0 && algorithm !== 255) throw malformed(`a transaction compressed by an unknown algorithm (${algorithm})`);
  if (algorithm === 255) eventBytes = size;
  if (eventBytes < eventHeaderBytes) throw malformed('a compressed transaction that does not say how large it is');
  return { algorithm: algorithm === 0 ? 'zstd' : 'none', bytes: cursor.view(size), eventBytes };
}

/** Decompressed bytes of one step; an event that is larger is waited for. */
const stepBytes = 256 * 1024;
/** No event is larger: max_allowed_packet ends there. */
const eventBytesMax = 1 << 30;

/**
 * The events of a compressed transaction, in groups of whole events: each buffer is a list of events without checksums. Decompressed bit by
 * bit, since a transaction of a few megabytes may grow to gigabytes; no more is held than the group and the compressed bytes.
 */
export async function* eventsOfPayload({ algorithm, bytes }: TransactionPayload): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of algorithm === 'zstd' ? decompressed(bytes) : [bytes]) {
    const joined: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = wholeEvents(joined);
    rest = joined.subarray(whole);
    if (whole > 0) yield joined.subarray(0, whole);
  }
  if (rest.length > 0) throw malformed('a compressed transaction that ends in the middle of an event');
}

async function* decompressed(bytes: Buffer): AsyncGenerator<Buffer> {
  const stream = createZstdDecompress({ chunkSize: stepBytes });
  stream.end(bytes);
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    throw malformed('a compressed transaction that cannot be decompressed', error);
  } finally {
    stream.destroy();
  }
}

/** How many of the bytes are whole events. */
function wholeEvents(bytes: Buffer): number {
  let at = 0;
  while (at + eventHeaderBytes <= bytes.length) {
    const size = bytes.readUInt32LE(at + 9);
    if (size < eventHeaderBytes || size > eventBytesMax) throw malformed(`an event of ${size} bytes in a compressed transaction`);
    if (at + size > bytes.length) break;
    at += size;
  }
  return at;
}
