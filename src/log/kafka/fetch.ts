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
  type Reader,
  type Writer,
} from './client.ts';
import type { Cluster } from './cluster.ts';
import { BrokerError } from './errors.ts';
import { type FetchAnswer, firstFlexibleVersion, firstVersionById, type PartitionAnswer, readFetchAnswer } from './fetch-answer.ts';
import type { Reading } from './read-partitions.ts';

const fetches = {
  4: fetchV4,
  5: fetchV5,
  6: fetchV6,
  7: fetchV7,
  8: fetchV8,
  9: fetchV9,
  10: fetchV10,
  11: fetchV11,
  12: fetchV12,
  13: fetchV13,
  14: fetchV14,
  15: fetchV15,
  16: fetchV16,
  17: fetchV17,
};
const knownVersions = Object.keys(fetches).map(Number) as (keyof typeof fetches)[];
const fetchKey = 1;
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

/** What a broker answered for one partition. */
export type Served = { readonly reading: Reading; readonly partition: PartitionAnswer };

type AskedTopic = Parameters<typeof fetchV17.createRequest>[6][number] & { readonly name: string };

/** One fetch request (read_committed) to the leader of these partitions. */
export async function fetchOnce(
  cluster: Cluster,
  connect: () => Promise<Connection>,
  readings: readonly Reading[],
  limits: FetchLimits,
): Promise<readonly Served[]> {
  const version = (await cluster.version('Fetch', knownVersions)) as keyof typeof fetches;
  const byTopic = Map.groupBy(readings, reading => reading.topic);
  const topics: AskedTopic[] = [];
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
  const connection = await connect();
  const answer = await asked(connection, version, () =>
    fetches[version].createRequest(
      limits.waitMs,
      limits.bytesMin,
      limits.bytesMax,
      readCommitted,
      noSession.id,
      noSession.epoch,
      topics,
      [],
      '',
    ),
  );
  const refused = answerName(answer.errorCode);
  if (refused !== null) throw new BrokerError(refused);
  return answer.topics.flatMap(({ topic, partitions }) =>
    partitions.flatMap(partition => {
      const reading = byTopic.get(nameOf.get(topic) ?? '')?.find(candidate => candidate.partition === partition.partition);
      return reading === undefined ? [] : [{ reading, partition }];
    }),
  );
}

/** The library's own way of sending, with an answer that is read here. */
function asked(connection: Connection, version: number, request: () => Writer): Promise<FetchAnswer> {
  const isFlexible = version >= firstFlexibleVersion;
  return new Promise((resolve, reject) => {
    connection.send(
      fetchKey,
      version,
      request,
      (_correlationId: number, _key: number, _version: number, answer: Reader) => readFetchAnswer(version, answer),
      isFlexible,
      isFlexible,
      (error: Error | null, answer?: FetchAnswer) => (error ? reject(error) : resolve(answer!)),
    );
  });
}
