import {
  type Connection,
  fetchV4,
  fetchV5,
  fetchV6,
  fetchV7,
  fetchV8,
  fetchV9,
  fetchV10,
  fetchV11,
  fetchV12,
  fetchV13,
  fetchV14,
  fetchV15,
  fetchV16,
  fetchV17,
  protocolErrors,
  ResponseError,
} from './client.ts';
import type { Cluster } from './cluster.ts';
import type { Reading } from './read-partitions.ts';

const fetches = {
  4: fetchV4.api,
  5: fetchV5.api,
  6: fetchV6.api,
  7: fetchV7.api,
  8: fetchV8.api,
  9: fetchV9.api,
  10: fetchV10.api,
  11: fetchV11.api,
  12: fetchV12.api,
  13: fetchV13.api,
  14: fetchV14.api,
  15: fetchV15.api,
  16: fetchV16.api,
  17: fetchV17.api,
};
const knownVersions = Object.keys(fetches).map(Number) as (keyof typeof fetches)[];
const firstVersionById = 13;
const readCommitted = 1;
const noSession = { id: 0, epoch: -1 };

const errorNames = new Map(Object.values(protocolErrors).map(error => [error.code, error.id]));

/** What a broker answered for a partition; null where all is well. */
export function answerName(errorCode: number): string | null {
  return errorCode === 0 ? null : (errorNames.get(errorCode) ?? 'UNKNOWN_SERVER_ERROR');
}

/** How long a broker keeps an answer back while there is nothing to read, and how much of one answer and of one partition in it it sends. */
export type FetchLimits = {
  readonly waitMs: number;
  readonly bytesMin: number;
  /** A larger batch comes whole nevertheless. */
  readonly bytesMax: number;
  readonly partitionBytesMax: number;
};

type FetchResponse = ReturnType<typeof fetchV17.parseResponse>;

/** One partition's part of an answer. */
export type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number];

/** What a broker answered for one partition. */
export type Served = { readonly reading: Reading; readonly partition: PartitionAnswer };

/** One fetch request (read_committed) to the leader of these partitions. */
export async function fetchOnce(
  cluster: Cluster,
  connect: () => Promise<Connection>,
  readings: readonly Reading[],
  limits: FetchLimits,
): Promise<readonly Served[]> {
  const version = (await cluster.version('Fetch', knownVersions)) as keyof typeof fetches;
  const byTopic = Map.groupBy(readings, reading => reading.topic);
  const topics = [];
  for (const [name, parts] of byTopic) {
    // Older versions name topics, newer ones their ids.
    const topicId = version < firstVersionById ? name : (parts[0]!.topicId ?? (await cluster.topic(name)).id);
    const partitions = parts.map(({ partition, position }) => ({
      partition,
      currentLeaderEpoch: -1,
      fetchOffset: position,
      lastFetchedEpoch: -1,
      partitionMaxBytes: limits.partitionBytesMax,
    }));
    topics.push({ topicId, partitions, name });
  }
  const nameOf = new Map(topics.map(({ topicId, name }) => [topicId, name]));
  let response: FetchResponse;
  try {
    const connection = await connect();
    response = await fetches[version].async(
      connection,
      limits.waitMs,
      limits.bytesMin,
      limits.bytesMax,
      readCommitted,
      noSession.id,
      noSession.epoch,
      topics,
      [],
      '',
    );
  } catch (error) {
    // One partition's error comes as the error of all; the answer with the others' records is within.
    const within = error instanceof ResponseError ? (error['response'] as FetchResponse | undefined) : undefined;
    if (within === undefined || within.errorCode !== 0) throw error;
    response = within;
  }
  return response.responses.flatMap(({ topicId, partitions }) =>
    partitions.flatMap(partition => {
      const reading = byTopic.get(nameOf.get(topicId) ?? '')?.find(candidate => candidate.partition === partition.partitionIndex);
      return reading === undefined ? [] : [{ reading, partition }];
    }),
  );
}
