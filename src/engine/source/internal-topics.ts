import type { EventLog, InternalTopics, TopicSpec } from '../../contract/index.ts';
import { signalTopic } from './signal-topic.ts';

/** The topics of the log that sources may read: those they keep for themselves, and those of signals. */
export function internalTopics(log: EventLog): InternalTopics {
  return {
    async *read(topic, abort) {
      const existing = await log.describeTopics([topic]);
      if (existing.length === 0) return;
      yield* log.read({ topics: [topic], from: 'start', follow: false }, abort);
    },
    truncate: (topic, before) => log.truncate(topic, before),
    signals: (topic, group) => signalTopic(log, topic, group),
    servers: log.servers,
  };
}

/** Such a topic is one partition, and nothing in it grows old: Debezium makes its schema history's the same. */
export function internalTopicSpec(topic: string): TopicSpec {
  const configs = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' };
  return { topic, partitions: 1, replicationFactor: -1, configs };
}
