import { type LogRecord, type SerializedHeader, SluiceError } from '../../contract/index.ts';
import { compressionsAlgorithms } from './client.ts';

/** A record batch as it lies in the log (message format v2, https://kafka.apache.org/documentation/#recordbatch): its header, and where its records are. */
export type StoredBatch = {
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
  readonly magic: number;
  readonly attributes: number;
  readonly firstTimestampMs: number;
  readonly maxTimestampMs: number;
  readonly producerId: bigint;
  readonly recordsCount: number;
  /** Compressed, where the attributes say so. */
  readonly records: Buffer;
};

export const controlFlag = 0x20;
export const transactionalFlag = 0x10;
const logAppendTimeFlag = 0x08;
const compressionMask = 0x07;
const knownMagic = 2;
const headBytes = 12;
const headerBytes = 61;

/** The batches that an answer brings; its last one may have come in part only, and is then left out. */
export function storedBatches(bytes: Buffer): StoredBatch[] {
  const batches: StoredBatch[] = [];
  for (let at = 0; bytes.length - at >= headerBytes; ) {
    const end = at + headBytes + bytes.readInt32BE(at + 8);
    if (end > bytes.length || end < at + headerBytes) break;
    const firstOffset = bytes.readBigInt64BE(at);
    batches.push({
      firstOffset,
      lastOffset: firstOffset + BigInt(bytes.readInt32BE(at + 23)),
      magic: bytes[at + 16]!,
      attributes: bytes.readInt16BE(at + 21),
      firstTimestampMs: Number(bytes.readBigInt64BE(at + 27)),
      maxTimestampMs: Number(bytes.readBigInt64BE(at + 35)),
      producerId: bytes.readBigInt64BE(at + 43),
      recordsCount: bytes.readInt32BE(at + 57),
      records: bytes.subarray(at + headerBytes, end),
    });
    at = end;
  }
  return batches;
}

const compressions = new Map(Object.values(compressionsAlgorithms).map(algorithm => [algorithm.bitmask as number, algorithm]));

/** The bytes of a batch's records. Throws LOG_REFUSED where nobody here can read them. */
function decompressed({ records, attributes, magic, firstOffset }: StoredBatch, topic: string): Buffer {
  const unreadable = (why: string, cause?: unknown) =>
    new SluiceError('LOG_REFUSED', `The records of topic ${topic} at offset ${firstOffset} cannot be read: ${why}.`, { cause });
  if (magic !== knownMagic) throw unreadable(`they have the message format v${magic}, of before Kafka 0.11`);
  const compression = attributes & compressionMask;
  if (compression === 0) return records;
  const algorithm = compressions.get(compression);
  if (algorithm === undefined) throw unreadable(`compression ${compression} is not known`);
  try {
    return algorithm.decompressSync(records);
  } catch (error) {
    throw unreadable((error as Error).message, error);
  }
}

const noHeaders: readonly SerializedHeader[] = [];

/** Goes through the records of one batch. Each is decoded when it is asked for: what is skipped costs next to nothing. */
export class RecordCursor {
  readonly #batch: StoredBatch;
  readonly #topic: string;
  readonly #partition: number;
  readonly #bytes: Buffer;
  #left: number;
  /** Where reading is. */
  #at = 0;
  /** Where the record after this one begins. */
  #next = 0;
  #timestampDeltaMs = 0;
  #offset = -1n;

  constructor(batch: StoredBatch, topic: string, partition: number) {
    this.#batch = batch;
    this.#topic = topic;
    this.#partition = partition;
    this.#bytes = decompressed(batch, topic);
    this.#left = batch.recordsCount;
  }

  /** Goes to the next record; false where there is none. */
  advance(): boolean {
    if (this.#left <= 0) return false;
    this.#left--;
    this.#at = this.#next;
    const length = this.#number();
    this.#next = this.#at + length;
    if (length < 0 || this.#next > this.#bytes.length)
      throw new SluiceError('LOG_REFUSED', `A record of topic ${this.#topic} behind offset ${this.#offset} goes beyond its batch.`);
    this.#at++; // attributes, which are unused
    this.#timestampDeltaMs = this.#largeNumber();
    this.#offset = this.#batch.firstOffset + BigInt(this.#number());
    return true;
  }

  /** Of the record it is at. */
  get offset(): bigint {
    return this.#offset;
  }

  /** The record it is at; to be asked once. */
  record(): LogRecord {
    const { attributes, maxTimestampMs, firstTimestampMs } = this.#batch;
    return {
      topic: this.#topic,
      partition: this.#partition,
      offset: this.#offset,
      timestampMs: attributes & logAppendTimeFlag ? maxTimestampMs : firstTimestampMs + this.#timestampDeltaMs,
      key: this.#lengthAndBytes(),
      value: this.#lengthAndBytes(),
      headers: this.#headers(),
    };
  }

  #headers(): readonly SerializedHeader[] {
    const count = this.#number();
    if (count <= 0) return noHeaders;
    const headers: SerializedHeader[] = [];
    for (let index = 0; index < count; index++) headers.push({ key: String(this.#lengthAndBytes() ?? ''), value: this.#lengthAndBytes() });
    return headers;
  }

  #lengthAndBytes(): Buffer | null {
    const length = this.#number();
    if (length < 0) return null;
    const start = this.#at;
    this.#at = start + length;
    return this.#bytes.subarray(start, this.#at);
  }

  /** A signed number of variable length (zig-zag) within 32 bits. */
  #number(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let byte = bytes[at++]!;
    let value = byte & 0x7f;
    for (let shift = 7; byte > 0x7f; shift += 7) {
      byte = bytes[at++]!;
      value |= (byte & 0x7f) << shift;
    }
    this.#at = at;
    return (value >>> 1) ^ -(value & 1);
  }

  /** The same beyond 32 bits, as between timestamps that lie weeks apart: exact to 2^52. */
  #largeNumber(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let byte = bytes[at++]!;
    let value = byte & 0x7f;
    for (let factor = 0x80; byte > 0x7f; factor *= 0x80) {
      byte = bytes[at++]!;
      value += (byte & 0x7f) * factor;
    }
    this.#at = at;
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
