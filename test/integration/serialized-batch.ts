import type { SerializedBatch, SerializedHeader } from '../../src/contract/index.ts';

/** A record as a test writes it down. Left out: no key, no headers, the log's partition and time. */
export type PlainRecord = {
  topic: string;
  key?: string | null;
  value: string | null;
  partition?: number;
  timestampMs?: number;
  headers?: readonly SerializedHeader[];
};

/** Plain records as the batch that a task would hand to the log. */
export function serializedBatch(records: readonly PlainRecord[]): SerializedBatch {
  const topics = [...new Set(records.map(({ topic }) => topic))];
  const headerSets = records.map(({ headers }) => headers ?? []);
  const keys = records.map(({ key }) => (key === null || key === undefined ? null : Buffer.from(key)));
  const values = records.map(({ value }) => (value === null ? null : Buffer.from(value)));
  const slab = Buffer.concat(keys.flatMap((key, index) => [key ?? Buffer.alloc(0), values[index] ?? Buffer.alloc(0)]));
  // Memory of its own, as the batch serializer's is: the log may transfer it to another thread.
  const owned = new Uint8Array(slab.length);
  owned.set(slab);
  return {
    count: records.length,
    slab: owned,
    keyLengths: Int32Array.from(keys, key => key?.length ?? -1),
    valueLengths: Int32Array.from(values, value => value?.length ?? -1),
    topicIndexes: Uint32Array.from(records, ({ topic }) => topics.indexOf(topic)),
    topics,
    partitions: Int32Array.from(records, ({ partition }) => partition ?? -1),
    timestampsMs: Float64Array.from(records, ({ timestampMs }) => timestampMs ?? Number.NaN),
    headerIndexes: Uint32Array.from(records, (_, index) => index),
    headerSets,
  };
}
