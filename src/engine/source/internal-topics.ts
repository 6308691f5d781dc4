import type { EventLog, InternalTopics, TopicSpec } from '../../contract/index.ts';

/** The topics sources keep for themselves, read from the log. */
export function internalTopics(log: EventLog): InternalTopics {
  return {
    async *read(topic, abort) {
      const existing = await log.describeTopics([topic]);
      if (existing.length === 0) return;
      yield* log.read({ topics: [topic], from: 'start', follow: false }, abort);
    },
    truncate: (topic, before) => log.truncate(topic, before),
  };
}

/** Such a topic is one partition, and nothing in it grows old: Debezium makes its schema history's the same. */
export function internalTopicSpec(topic: string): TopicSpec {
  const configs = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' };
  return { topic, partitions: 1, replicationFactor: -1, configs };
}
