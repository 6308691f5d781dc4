const seed = 0x9747b28c;
const multiplier = 0x5bd1e995;

/**
 * Kafka's murmur2 (org.apache.kafka.common.utils.Utils) of bytes[start, end), as a signed 32-bit number. All arithmetic is on int32:
 * any other width picks other partitions than Java's producers do.
 */
export function murmur2(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const length = end - start;
  let hash = seed ^ length;
  let at = start;
  for (const last = end - 3; at < last; at += 4) {
    let word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    word = Math.imul(word, multiplier);
    word ^= word >>> 24;
    word = Math.imul(word, multiplier);
    hash = Math.imul(hash, multiplier) ^ word;
  }
  const rest = end - at;
  if (rest === 3) hash ^= bytes[at + 2]! << 16;
  if (rest >= 2) hash ^= bytes[at + 1]! << 8;
  if (rest >= 1) hash = Math.imul(hash ^ bytes[at]!, multiplier);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, multiplier);
  return hash ^ (hash >>> 15);
}

/** The partition that Kafka's default partitioner gives the key bytes[start, end) in a topic of so many partitions. */
export function partitionOfKey(partitions: number, bytes: Uint8Array, start = 0, end = bytes.length): number {
  return (murmur2(bytes, start, end) & 0x7fffffff) % partitions;
}

/**
 * Where records without key go: to one partition for a whole batch, so that batches stay large, and to the next one with the next batch.
 * One a writer.
 */
export class StickyPartitions {
  #turn = 0;

  /** Call between batches. */
  nextBatch(): void {
    this.#turn = (this.#turn + 1) & 0x7fffffff;
  }

  /** The partition for keyless records of the current batch. */
  partition(partitions: number): number {
    return this.#turn % partitions;
  }
}
