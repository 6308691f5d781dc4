import type { SerializedBatch, SerializedHeader } from '../../src/contract/index.ts';

/** A record to be appended. */
export type BenchRecord = {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
  readonly headers?: readonly SerializedHeader[];
};

/** Records as a batch of the log. */
export function recordsBatch(records: readonly BenchRecord[]): SerializedBatch {
  const topics = new Map<string, number>();
  for (const { topic } of records) if (!topics.has(topic)) topics.set(topic, topics.size);
  const slab = Buffer.from(records.map(({ key, value }) => key + value).join(''));
  const owned = new Uint8Array(slab.length);
  owned.set(slab);
  return {
    count: records.length,
    slab: owned,
    keyLengths: Int32Array.from(records, ({ key }) => Buffer.byteLength(key)),
    valueLengths: Int32Array.from(records, ({ value }) => Buffer.byteLength(value)),
    topicIndexes: Uint32Array.from(records, ({ topic }) => topics.get(topic)!),
    topics: [...topics.keys()],
    partitions: new Int32Array(records.length).fill(-1),
    timestampsMs: new Float64Array(records.length).fill(Number.NaN),
    headerIndexes: Uint32Array.from(records, (_, index) => index),
    headerSets: records.map(({ headers }) => headers ?? []),
  };
}
