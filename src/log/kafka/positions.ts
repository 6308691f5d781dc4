import type { PartitionOffset, ReadFrom, TopicDescription } from '../../contract/index.ts';
import { FetchIsolationLevels } from './client.ts';
import type { Cluster } from './cluster.ts';
import type { OnTruncated, Reading } from './read-partitions.ts';

const earliest = -2n;
const latest = -1n;

/** The offsets of each partition at a time (milliseconds since 1970, or one of the two above); -1 where there is none so late. */
async function offsetsAt(cluster: Cluster, topics: readonly string[], time: bigint): Promise<Map<string, bigint[]>> {
  const found = new Map<string, bigint[]>();
  if (topics.length === 0) return found;
  const asked = [];
  for (const name of topics) {
    const { partitions } = await cluster.topic(name);
    asked.push({ name, partitions: partitions.map((_, partitionIndex) => ({ partitionIndex, timestamp: time })) });
    found.set(name, []);
  }
  // The end is the high watermark, not the end of what is committed: behind somebody's open transaction there may be our own records.
  const listed = await cluster.admin.listOffsets({ topics: asked, isolationLevel: FetchIsolationLevels.READ_UNCOMMITTED });
  for (const { name, partitions } of listed) for (const { partitionIndex, offset } of partitions) found.get(name)![partitionIndex] = offset;
  return found;
}

/** Rejects TOPIC_UNKNOWN where one does not exist. */
function ask(cluster: Cluster, topics: readonly string[], time: bigint, abort: AbortSignal): Promise<Map<string, bigint[]>> {
  const final = ['UNKNOWN_TOPIC_OR_PARTITION'];
  return cluster.call(`read the offsets of ${topics.join(', ')}`, () => offsetsAt(cluster, topics, time), { abort, final });
}

/** The ranges of offsets that topics hold. */
export async function describeRanges(cluster: Cluster, topics: readonly string[], abort: AbortSignal): Promise<TopicDescription[]> {
  const [starts, ends] = [await ask(cluster, topics, earliest, abort), await ask(cluster, topics, latest, abort)];
  return topics.map(topic => ({
    topic,
    partitions: ends.get(topic)!.map((end, partition) => ({ partition, start: starts.get(topic)![partition] ?? end, end })),
  }));
}

/** Of each partition its first record that is not older, or its end. Rejects TOPIC_UNKNOWN. */
export async function offsetsFrom(
  cluster: Cluster,
  topics: readonly string[],
  timestampMs: number,
  abort: AbortSignal,
): Promise<PartitionOffset[]> {
  const [found, ends] = [await ask(cluster, topics, BigInt(timestampMs), abort), await ask(cluster, topics, latest, abort)];
  return topics.flatMap(topic =>
    ends.get(topic)!.map((end, partition) => {
      const at = found.get(topic)?.[partition] ?? -1n;
      return { topic, partition, offset: at < 0n ? end : at };
    }),
  );
}

/** Where a read begins and, unless it follows, ends: at the ends there are now. */
export async function readings(
  cluster: Cluster,
  topics: readonly string[],
  from: ReadFrom,
  follow: boolean,
  abort: AbortSignal,
): Promise<Reading[]> {
  const ranges = await describeRanges(cluster, topics, abort);
  const byTime = typeof from === 'object' && 'timestampMs' in from ? await ask(cluster, topics, BigInt(from.timestampMs), abort) : null;
  return ranges.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, start, end }) => ({
      topic,
      partition,
      position: begin(topic, partition, start, end),
      end: follow ? null : end,
    })),
  );

  function begin(topic: string, partition: number, start: bigint, end: bigint): bigint {
    if (from === 'start') return start;
    if (from === 'end') return end;
    const within = (offset: bigint) => (offset < start ? start : offset > end ? end : offset);
    if ('offset' in from) return within(from.offset);
    if ('offsets' in from) return within(from.offsets.find(place => place.topic === topic && place.partition === partition)?.offset ?? end);
    const found = byTime?.get(topic)?.[partition] ?? -1n;
    return found < 0n ? end : found;
  }
}

/** Goes on at what the partition still has, for readers to whom deleted records are no loss. */
export function goOnAtStart(cluster: Cluster, abort: AbortSignal): OnTruncated {
  return async ({ topic, partition }) => (await ask(cluster, [topic], earliest, abort)).get(topic)?.[partition] ?? 0n;
}
