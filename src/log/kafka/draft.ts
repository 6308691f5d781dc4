import { type SerializedBatch, type SerializedHeader, SluiceError, type SourceOffset } from '../../contract/index.ts';
import { partitionOfKey, type StickyPartitions } from '../partitioner.ts';
import { canonicalPartition, offsetKey, offsetValue } from './offset-format.ts';
import type { ProducerSettings } from './producer-config.ts';
import { compress, encodeHeaders, loneRecordBytes, RecordBatch, recordBytesMax } from './record-batch.ts';
import type { TopicLimits } from './topics.ts';

/** One task's offsets: where they go, and the key's bytes under which each source partition was first written, by whomever. */
export type OffsetTarget = { readonly topic: string; readonly connector: string; readonly keys: Map<string, Uint8Array> };

const noBytes = new Uint8Array(0);
/** Most header sets whose bytes are kept; a task uses a handful. */
const headerSetsMax = 1000;

/** The header bytes of records, encoded once a set. */
export class HeaderBytes {
  #bySet = new Map<readonly SerializedHeader[], Buffer>();
  static readonly #none = encodeHeaders([]);

  of(set: readonly SerializedHeader[] | undefined): Buffer {
    if (set === undefined || set.length === 0) return HeaderBytes.#none;
    const known = this.#bySet.get(set);
    if (known !== undefined) return known;
    if (this.#bySet.size >= headerSetsMax) this.#bySet.clear();
    const bytes = encodeHeaders(set);
    this.#bySet.set(set, bytes);
    return bytes;
  }
}

/**
 * Refuses a unit with a record that the topic or the producer would not take, before anything of it is sent. The error's cause has the
 * record's `index` in the batch.
 */
export function checkRecordSizes(
  records: SerializedBatch,
  limitsOf: (topic: string) => TopicLimits,
  headers: HeaderBytes,
  settings: ProducerSettings,
): SluiceError | null {
  const limits = records.topics.map(topic => Math.min(settings.requestBytesMax, limitsOf(topic).batchBytesMax ?? settings.requestBytesMax));
  const { keyLengths, valueLengths, headerIndexes, topicIndexes } = records;
  let start = 0;
  for (let index = 0; index < records.count; index++) {
    const end = start + Math.max(0, keyLengths[index]!) + Math.max(0, valueLengths[index]!);
    const bytes = loneRecordBytes(keyLengths[index]!, valueLengths[index]!, headers.of(records.headerSets[headerIndexes[index]!]).length);
    const limit = limits[topicIndexes[index]!]!;
    if (bytes > limit && !fitsCompressed(records, start, end, bytes, limit, settings)) {
      const topic = records.topics[topicIndexes[index]!]!;
      const message = `A record of ${bytes} bytes is larger than topic ${topic} takes (${limit} bytes: the smaller of the topic's max.message.bytes and the producer's max.request.size).`;
      return new SluiceError('RECORD_TOO_LARGE', message, { cause: { topic, index } });
    }
    start = end;
  }
  return null;
}

/** The topic's limit is one of compressed batches, the producer's one of records before compression (as with Kafka's own producer). */
function fitsCompressed(
  records: SerializedBatch,
  start: number,
  end: number,
  bytes: number,
  limit: number,
  { compression, requestBytesMax }: ProducerSettings,
): boolean {
  if (compression === 'none' || bytes > requestBytesMax) return false;
  const compressed = compress(Buffer.from(records.slab.buffer, records.slab.byteOffset + start, end - start), compression);
  return compressed !== null && compressed.length + (bytes - (end - start)) <= limit;
}

/** Units that go out together: their records, already in the form in which they go over the wire, and their last offsets. */
export class Draft<Unit> {
  readonly units: Unit[] = [];
  readonly #batches = new Map<string, Map<number, RecordBatch[]>>();
  readonly #offsets = new Map<string, SourceOffset>();
  readonly #settings: ProducerSettings;
  #bytes = 0;

  constructor(settings: ProducerSettings) {
    this.#settings = settings;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a unit. Every topic of it must be known. */
  add(
    unit: Unit,
    records: SerializedBatch | null,
    offsets: readonly SourceOffset[],
    limitsOf: (topic: string) => TopicLimits,
    headers: HeaderBytes,
    sticky: StickyPartitions,
  ): void {
    this.units.push(unit);
    for (const offset of offsets) {
      this.#offsets.set(canonicalPartition(offset.partition), offset);
    }
    this.#bytes += 1;
    if (records === null) return;
    sticky.nextBatch();
    const now = Date.now();
    const { keyLengths, valueLengths, partitions, topicIndexes, timestampsMs, headerIndexes } = records;
    const slab = Buffer.from(records.slab.buffer, records.slab.byteOffset, records.slab.byteLength);
    const targets = records.topics.map(topic => ({ limits: limitsOf(topic), batches: this.#batchesOf(topic) }));
    let at = 0;
    for (let index = 0; index < records.count; index++) {
      const keyLength = keyLengths[index]!;
      const valueLength = valueLengths[index]!;
      const { limits, batches } = targets[topicIndexes[index]!]!;
      let partition = partitions[index]!;
      if (partition < 0)
        partition = keyLength < 0 ? sticky.partition(limits.partitions) : partitionOfKey(limits.partitions, slab, at, at + keyLength);
      const headerBytes = headers.of(records.headerSets[headerIndexes[index]!]);
      const bytes = recordBytesMax(keyLength, valueLength, headerBytes.length);
      const timestampMs = timestampsMs[index]!;
      batchFor(batches, partition, bytes, limits, this.#settings).add(
        Number.isNaN(timestampMs) ? now : timestampMs,
        slab,
        at,
        keyLength,
        valueLength,
        headerBytes,
      );
      this.#bytes += bytes;
      at += Math.max(0, keyLength) + Math.max(0, valueLength);
    }
  }

  /** The records, without offsets. */
  records(): ReadonlyMap<string, ReadonlyMap<number, readonly RecordBatch[]>> {
    return this.#batches;
  }

  /** The last offset of each source partition, by the partition's canonical text. */
  get offsets(): ReadonlyMap<string, SourceOffset> {
    return this.#offsets;
  }

  /** Everything is acknowledged: its memory may be used for the next ones. */
  giveBack(): void {
    for (const partitions of this.#batches.values()) for (const list of partitions.values()) for (const batch of list) batch.giveBack();
    this.#batches.clear();
  }

  #batchesOf(topic: string): Map<number, RecordBatch[]> {
    let batches = this.#batches.get(topic);
    if (batches === undefined) {
      batches = new Map();
      this.#batches.set(topic, batches);
    }
    return batches;
  }
}

/** Offsets as records of the offset topic. */
export function offsetBatches(
  offsets: ReadonlyMap<string, SourceOffset>,
  target: OffsetTarget,
  limits: TopicLimits,
  settings: ProducerSettings,
): Map<number, RecordBatch[]> {
  const batches = new Map<number, RecordBatch[]>();
  const now = Date.now();
  const headers = encodeHeaders([]);
  for (const [canonical, { partition, offset }] of offsets) {
    const key = target.keys.get(canonical) ?? offsetKey(target.connector, partition);
    // The same bytes from now on: other ones could go to another partition, where nothing orders the two.
    target.keys.set(canonical, key);
    const value = offsetValue(offset);
    const bytes = recordBytesMax(key.length, value?.length ?? -1, 1);
    const batch = batchFor(batches, partitionOfKey(limits.partitions, key), bytes, limits, settings);
    batch.add(now, Buffer.concat([key, value ?? noBytes]), 0, key.length, value?.length ?? -1, headers);
  }
  return batches;
}

/** The partition's batch that takes a record of so many bytes: its last one, or a new one. */
function batchFor(
  batches: Map<number, RecordBatch[]>,
  partition: number,
  bytes: number,
  limits: TopicLimits,
  { batchBytesMax, requestBytesMax }: ProducerSettings,
): RecordBatch {
  let list = batches.get(partition);
  if (list === undefined) {
    list = [];
    batches.set(partition, list);
  }
  const last = list.at(-1);
  if (last?.hasRoom(bytes)) return last;
  const batch = new RecordBatch(Math.min(batchBytesMax, requestBytesMax, limits.batchBytesMax ?? requestBytesMax));
  list.push(batch);
  return batch;
}
