import { type EventLog, type InternalTopics, type Logger, type TopicSpec, toSluiceError } from '../../contract/index.ts';
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

/** Writes what is to stand last in topics of one's own. Never rejects: what a transaction made durable does not depend on it. */
export async function writeEnds(log: EventLog, ends: ReadonlyMap<string, string>, logger: Logger): Promise<void> {
  for (const [topic, value] of ends)
    try {
      await log.writeAlone?.(topic, Buffer.from(value));
    } catch (thrown) {
      const { code, message } = toSluiceError(thrown);
      logger.warn({ topic, code }, `Debezium could not read topic ${topic} to its end before something more is written to it: ${message}`);
    }
}

/** Such a topic is one partition, and nothing in it grows old: Debezium makes its schema history's the same. */
export function internalTopicSpec(topic: string): TopicSpec {
  const configs = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' };
  return { topic, partitions: 1, replicationFactor: -1, configs };
}
