import { type SerializedHeader, slabMemory } from '../../contract/index.ts';
import { compressionsAlgorithms, crc32c, Writer } from './client.ts';
import type { Compression } from './producer-config.ts';

/** Bytes of a record batch (message format v2) before its first record. */
export const batchHeaderBytes = 61;
const crcStart = 21;
const magic = 2;
const transactionalFlag = 0x10;
const compressionCodes: Readonly<Record<Compression, number>> = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 };
const firstBufferBytes = 64 * 1024;
const noBytes = Buffer.alloc(0);

/** Who sends a batch, for the broker to drop repetitions and to refuse a fenced owner. */
export type BatchProducer = { readonly id: bigint; readonly epoch: number; readonly transactional: boolean };

/** Most bytes a record can take in a batch beside its key, value and headers: seven variable-length numbers. */
const recordOverheadMax = 40;

/** An upper bound of what a record takes in a batch; lengths of -1 are null. */
export function recordBytesMax(keyLength: number, valueLength: number, headerBytes: number): number {
  return recordOverheadMax + Math.max(0, keyLength) + Math.max(0, valueLength) + headerBytes;
}

/** What a batch of this one record takes, to the byte; lengths of -1 are null. */
export function loneRecordBytes(keyLength: number, valueLength: number, headerBytes: number): number {
  const ofKey = zigZagSize(keyLength) + Math.max(0, keyLength);
  const length = 3 + ofKey + zigZagSize(valueLength) + Math.max(0, valueLength) + headerBytes;
  return batchHeaderBytes + zigZagSize(length) + length;
}

/** One partition's record batch while records are added to it, in the form in which it goes over the wire. */
export class RecordBatch {
  readonly bytesMax: number;
  #bytes: Buffer;
  #end = batchHeaderBytes;
  #count = 0;
  #firstTimestampMs = 0;
  #lastTimestampMs = 0;

  /** `bytesMax`: the largest batch; only a single record that is larger by itself may exceed it. */
  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
    this.#bytes = slabMemory.take(Math.min(bytesMax, firstBufferBytes) + batchHeaderBytes);
  }

  get count(): number {
    return this.#count;
  }

  get length(): number {
    return this.#end;
  }

  /** Whether a record of at most so many bytes (`recordBytesMax`) still goes in. */
  hasRoom(recordBytes: number): boolean {
    return this.#count === 0 || this.#end + recordBytes <= this.bytesMax;
  }

  /** Adds a record; key and value lie in `source` one behind the other; a length of -1 is null. `headers` is what `encodeHeaders` made. */
  add(timestampMs: number, source: Buffer, keyStart: number, keyLength: number, valueLength: number, headers: Buffer): void {
    if (this.#count === 0) this.#firstTimestampMs = timestampMs;
    if (this.#count === 0 || timestampMs > this.#lastTimestampMs) this.#lastTimestampMs = timestampMs;
    const timestampDelta = timestampMs - this.#firstTimestampMs;
    const valueStart = keyStart + Math.max(0, keyLength);
    const length =
      1 +
      zigZagSize(timestampDelta) +
      zigZagSize(this.#count) +
      zigZagSize(keyLength) +
      Math.max(0, keyLength) +
      zigZagSize(valueLength) +
      Math.max(0, valueLength) +
      headers.length;
    this.#reserve(length + 5);
    const bytes = this.#bytes;
    let at = putZigZag(bytes, this.#end, length);
    bytes[at++] = 0;
    at = putZigZag(bytes, at, timestampDelta);
    at = putZigZag(bytes, at, this.#count);
    at = putZigZag(bytes, at, keyLength);
    if (keyLength > 0) at = copy(source, keyStart, keyLength, bytes, at);
    at = putZigZag(bytes, at, valueLength);
    if (valueLength > 0) at = copy(source, valueStart, valueLength, bytes, at);
    this.#end = copy(headers, 0, headers.length, bytes, at);
    this.#count++;
  }

  /** Completes the batch. It may be called again with another sequence or producer, as long as nothing is added in between. */
  finish(producer: BatchProducer | null, firstSequence: number, compression: Compression): Buffer {
    const records = this.#bytes.subarray(batchHeaderBytes, this.#end);
    const compressed = compression === 'none' ? null : compress(records, compression);
    const batch =
      compressed === null ? this.#bytes.subarray(0, this.#end) : Buffer.concat([this.#bytes.subarray(0, batchHeaderBytes), compressed]);
    batch.fill(0, 0, 8);
    batch.writeInt32BE(batch.length - 12, 8);
    batch.writeInt32BE(-1, 12);
    batch[16] = magic;
    const flags = (compressed === null ? 0 : compressionCodes[compression]) | (producer?.transactional ? transactionalFlag : 0);
    batch.writeInt16BE(flags, crcStart);
    batch.writeInt32BE(this.#count - 1, 23);
    batch.writeBigInt64BE(BigInt(this.#firstTimestampMs), 27);
    batch.writeBigInt64BE(BigInt(this.#lastTimestampMs), 35);
    batch.writeBigInt64BE(producer?.id ?? -1n, 43);
    batch.writeInt16BE(producer?.epoch ?? -1, 51);
    batch.writeInt32BE(producer === null ? -1 : firstSequence, 53);
    batch.writeInt32BE(this.#count, 57);
    batch.writeUInt32BE(checksum(batch.subarray(crcStart)), 17);
    return batch;
  }

  /** Nobody needs the batch any more: acknowledged, and no repetition of it is on its way. */
  giveBack(): void {
    slabMemory.giveBack(this.#bytes);
    this.#bytes = noBytes;
  }

  #reserve(more: number): void {
    const needed = this.#end + more;
    if (needed <= this.#bytes.length) return;
    const larger = slabMemory.take(Math.max(needed, Math.min(this.bytesMax, this.#bytes.length * 2)));
    this.#bytes.copy(larger, 0, 0, this.#end);
    slabMemory.giveBack(this.#bytes);
    this.#bytes = larger;
  }
}

/** Of bytes as they lie: handed over bare, the library copies them first. */
function checksum(bytes: Buffer): number {
  return crc32c(Writer.create().append(bytes).dynamicBuffer);
}

/** Compressed bytes, or null where compression does not make them fewer. */
export function compress(records: Buffer, compression: Exclude<Compression, 'none'>): Buffer | null {
  const compressed = compressionsAlgorithms[compression].compressSync(records);
  return compressed.length < records.length ? compressed : null;
}

/** The bytes of a record's headers, their count first. */
export function encodeHeaders(headers: readonly SerializedHeader[]): Buffer {
  const keys = headers.map(header => Buffer.from(header.key));
  const size = headers.reduce((sum, header, index) => sum + keys[index]!.length + (header.value?.length ?? 0) + 10, 5);
  const bytes = Buffer.allocUnsafe(size);
  let at = putZigZag(bytes, 0, headers.length);
  for (const [index, { value }] of headers.entries()) {
    const key = keys[index]!;
    at = putZigZag(bytes, at, key.length);
    at = copy(key, 0, key.length, bytes, at);
    at = putZigZag(bytes, at, value === null ? -1 : value.length);
    if (value === null) continue;
    bytes.set(value, at);
    at += value.length;
  }
  return bytes.subarray(0, at);
}

/** Short runs are copied byte by byte: below this a call costs more. */
const shortCopy = 24;

/** By a buffer's own copy: a view made for `set` is an object for each record. */
function copy(source: Buffer, start: number, length: number, target: Buffer, at: number): number {
  if (length < shortCopy) for (let i = 0; i < length; i++) target[at + i] = source[start + i]!;
  else source.copy(target, at, start, start + length);
  return at + length;
}

const int31 = 0x3fffffff;

/** Kafka's signed variable-length numbers (zig-zag). Beyond 30 bits (timestamps far apart) arithmetic leaves int32. */
function putZigZag(bytes: Uint8Array, start: number, value: number): number {
  let at = start;
  if (value >= -int31 && value <= int31) {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    return at;
  }
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  while (rest > 0x7f) {
    bytes[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[at++] = rest;
  return at;
}

function zigZagSize(value: number): number {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  let size = 1;
  while (rest > 0x7f) {
    rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 0x80);
    size++;
  }
  return size;
}
