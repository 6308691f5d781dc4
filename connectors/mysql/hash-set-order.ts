/** java.lang.String.hashCode. */
function hashCode(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}

/**
 * Items without doubles in the order in which a java.util.HashSet of their texts gives them: Debezium lists the tables of one statement so.
 */
export function inHashSetOrder<Item extends { readonly text: string }>(items: readonly Item[]): readonly Item[] {
  const distinct = [...new Map(items.map(item => [item.text, item])).values()];
  let buckets = 16;
  while (buckets < Math.floor(distinct.length / 0.75) + 1) buckets *= 2;
  const bucketOf = ({ text }: Item) => {
    const hash = hashCode(text);
    return (hash ^ (hash >>> 16)) & (buckets - 1);
  };
  // A sort keeps the order of what shares a bucket, as the bucket does.
  return distinct
    .map(item => ({ item, bucket: bucketOf(item) }))
    .sort((a, b) => a.bucket - b.bucket)
    .map(({ item }) => item);
}
