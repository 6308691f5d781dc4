/**
 * The order in which java.util.HashMap gives its entries: by bucket, within one by insertion. The reference writes hstore and sparse
 * vectors through it, so the same text needs the same order.
 */
export function inHashMapOrder<Key, Entry>(
  entries: readonly Entry[],
  keyOf: (entry: Entry) => Key,
  hashOf: (key: Key) => number,
  initialCapacity = 16,
): Entry[] {
  let capacity = 16;
  if (initialCapacity !== 16) for (capacity = 1; capacity < initialCapacity; ) capacity *= 2;
  while (entries.length > capacity * 0.75) capacity *= 2;
  const bucket = (entry: Entry) => {
    const hash = hashOf(keyOf(entry));
    return (hash ^ (hash >>> 16)) & (capacity - 1);
  };
  return entries
    .map(entry => ({ entry, bucket: bucket(entry) }))
    .sort((a, b) => a.bucket - b.bucket)
    .map(({ entry }) => entry);
}

/** java.lang.String.hashCode, over UTF-16 units as JavaScript's are. */
export function javaStringHash(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash;
}
