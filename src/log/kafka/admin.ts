import { crashPoint, type OnRetry, SluiceError, type TopicDescription, type TopicSpec } from '../../contract/index.ts';
import { ConfigResourceTypes } from './client.ts';
import type { Cluster, RetryOptions } from './cluster.ts';
import { BrokerError, brokerAnswer } from './errors.ts';
import type { StorageTopic } from './log-config.ts';
import { describeRanges } from './positions.ts';

/** Connect's default; fewer brokers have fewer copies. */
const replicasWanted = 3;
/** Topics whose offsets one request asks for. */
const topicsPerRequest = 100;
const never = new AbortController().signal;

/** Which of these topics exist. */
async function existing(cluster: Cluster, names: readonly string[] | undefined, options: RetryOptions = {}): Promise<string[]> {
  const all = await cluster.call('list topics', () => cluster.admin.listTopics(), options);
  if (names === undefined) return all.sort();
  const present = new Set(all);
  return names.filter(name => present.has(name));
}

/** Answered as long as fewer brokers are there than a topic is to have replicas: one of them may just be starting again. */
const tooFewBrokers = ['INVALID_REPLICATION_FACTOR'];

/** Creates the topics that do not exist, and waits until they can be written to. */
export async function ensureTopics(cluster: Cluster, topics: readonly TopicSpec[], abort: AbortSignal, onRetry?: OnRetry): Promise<void> {
  const options = { abort, onRetry };
  const present = new Set(
    await existing(
      cluster,
      topics.map(({ topic }) => topic),
      options,
    ),
  );
  for (const spec of topics) {
    if (present.has(spec.topic)) continue;
    const { topic, partitions, replicationFactor } = spec;
    const configs = Object.entries(spec.configs).map(([name, value]) => ({ name, value }));
    const create = async () => {
      try {
        await cluster.admin.createTopics({ topics: [topic], partitions, replicas: replicationFactor, configs });
      } catch (error) {
        // Another worker was quicker.
        if (brokerAnswer(error)?.answer !== 'TOPIC_ALREADY_EXISTS') throw error;
      }
    };
    await cluster.call(`create topic ${topic}`, create, { ...options, passing: tooFewBrokers });
    crashPoint('kafka-topic-created');
    await cluster.call(`create topic ${topic}`, () => cluster.topic(topic, true), options);
  }
}

/** The topics that exist among those named, or all that are no internal ones. */
export async function describeTopics(cluster: Cluster, names?: readonly string[]): Promise<TopicDescription[]> {
  const found = await existing(cluster, names);
  const described: TopicDescription[] = [];
  for (let start = 0; start < found.length; start += topicsPerRequest) {
    const part = found.slice(start, start + topicsPerRequest);
    described.push(...(await describeThoseLeft(cluster, part)));
  }
  return described;
}

/** A topic may go while it is described; then the others are described without it. */
async function describeThoseLeft(cluster: Cluster, names: readonly string[]): Promise<TopicDescription[]> {
  try {
    return await describeRanges(cluster, names, never);
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'TOPIC_UNKNOWN') throw error;
    if (names.length === 1) return [];
    const each: TopicDescription[] = [];
    for (const name of names) each.push(...(await describeThoseLeft(cluster, [name])));
    return each;
  }
}

/** How long a deleted topic is waited for to be gone; one that is there still by then was made again by somebody else. */
const goneMsMax = 5_000;
const stillThere = 'TOPIC_ALREADY_EXISTS';

/**
 * Deletes those of the topics that exist, and waits until nobody is told of them any more: brokers hear of a deletion a moment after it was
 * acknowledged, and who makes a topic of that name until then would find it there.
 */
export async function deleteTopics(cluster: Cluster, names: readonly string[]): Promise<void> {
  const deleted = await existing(cluster, names);
  for (const name of deleted) {
    const remove = async () => {
      try {
        await cluster.admin.deleteTopics({ topics: [name] });
      } catch (error) {
        if (brokerAnswer(error)?.answer !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
      }
    };
    await cluster.call(`delete topic ${name}`, remove);
  }
  const gone = async () => {
    const [left] = await existing(cluster, deleted);
    if (left !== undefined) throw new BrokerError(stillThere, `Topic ${left} is there still.`);
  };
  if (deleted.length > 0) await cluster.call('delete topics', gone, { deadlineMs: goneMsMax, passing: [stillThere] }).catch(() => {});
  cluster.admin.clearMetadata();
}

/** Deletes what lies before an offset in a topic's one partition. */
export async function truncateTopic(cluster: Cluster, topic: string, before: bigint): Promise<void> {
  if ((await existing(cluster, [topic])).length === 0) throw new SluiceError('TOPIC_UNKNOWN', `Kafka has no topic '${topic}'.`);
  const partitions = [{ partition: 0, offset: before }];
  await cluster.call(`delete old records of topic ${topic}`, () => cluster.admin.deleteRecords({ topics: [{ name: topic, partitions }] }));
}

export async function clusterId(cluster: Cluster): Promise<string> {
  const { id } = await cluster.call('ask for the cluster’s id', () => cluster.admin.metadata({ topics: [] }));
  return id;
}

/** The first call of a start: brokers that do not answer are to be told of soon. The worker goes on trying. */
const firstCallDeadlineMs = 3_000;

/**
 * Creates an internal topic as Connect does (compacted, `partitions` partitions) or checks the one there is: one that is not compacted
 * would lose configs or offsets, so it is refused with LOG_REFUSED.
 */
export async function ensureStorageTopic(cluster: Cluster, storage: StorageTopic, purpose: string, abort: AbortSignal): Promise<void> {
  const { topic, partitions, configs } = storage;
  const { brokers } = await cluster.call('list the brokers', () => cluster.admin.metadata({ topics: [] }), {
    abort,
    deadlineMs: firstCallDeadlineMs,
  });
  const replicationFactor = storage.replicationFactor ?? Math.min(replicasWanted, brokers.size);
  await ensureTopics(cluster, [{ topic, partitions, replicationFactor, configs: { ...configs, 'cleanup.policy': 'compact' } }], abort);
  const policy = await cleanupPolicy(cluster, topic, abort);
  if (policy !== null && policy !== 'compact')
    throw new SluiceError('LOG_REFUSED', `Topic ${topic} holds ${purpose}, so its cleanup.policy must be compact, not ${policy}.`, {
      remedy: `Set cleanup.policy=compact on ${topic}, or name another topic.`,
    });
}

/** null where this client may not know. */
async function cleanupPolicy(cluster: Cluster, topic: string, abort: AbortSignal): Promise<string | null> {
  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: ['cleanup.policy'] };
  const describe = async () => {
    try {
      const [described] = await cluster.admin.describeConfigs({ resources: [resource] });
      return described?.configs.find(({ name }) => name === 'cleanup.policy')?.value ?? null;
    } catch (error) {
      const answer = brokerAnswer(error);
      if (answer !== null && /AUTHORIZATION|UNSUPPORTED/.test(answer.answer)) return null;
      throw error;
    }
  };
  return cluster.call(`describe topic ${topic}`, describe, { abort });
}
