import { randomUUID } from 'node:crypto';
import { kafkaClient } from '../services/kafka.ts';
import type { PublishedReader, PublishedRecord } from './recorder.ts';

const place = (topic: string, partition: number) => `${topic} ${partition}`;

/** Reads Kafka with kafkajs (read_committed), apart from the daemon. Before a case, the topics of former cases are deleted. */
export function kafkaReader(bootstrapServers: string): PublishedReader & AsyncDisposable {
  const kafka = kafkaClient(bootstrapServers);
  const read = new Set<string>();

  /** The end of every partition that holds anything. */
  async function ends(topics: readonly string[]): Promise<Map<string, bigint>> {
    const admin = kafka.admin();
    await admin.connect();
    const found = new Map<string, bigint>();
    for (const topic of topics) {
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
        if (high !== low) found.set(place(topic, partition), BigInt(high));
      }
    }
    await admin.disconnect();
    return found;
  }

  async function collect(topics: readonly string[]): Promise<PublishedRecord[]> {
    const records: PublishedRecord[] = [];
    const unread = await ends(topics);
    if (unread.size === 0) return records;
    const consumer = kafka.consumer({ groupId: `conformance-${randomUUID()}`, maxWaitTimeInMs: 100, readUncommitted: false });
    const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
    // Told of batches of nothing but control records too: a transaction's marker is the last thing in its partition.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { topic, partition, lastOffset } }) => {
      const end = unread.get(place(topic, partition));
      if (end !== undefined && BigInt(lastOffset) + 1n >= end) unread.delete(place(topic, partition));
      if (unread.size === 0) resolve();
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error); // else kafkajs starts it again by itself: the group's coordinator may still be loading
    });
    const timer = setTimeout(() => reject(new Error(`Read no further in 60 s: ${[...unread].join('; ')} not reached`)), 60_000);
    await consumer.connect();
    try {
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await consumer.run({
        eachMessage: async ({ topic, partition, message }) => {
          const headers = Object.entries(message.headers ?? {}).flatMap(([key, values]) =>
            (Array.isArray(values) ? values : [values]).map(value => [key, value == null ? null : Buffer.from(value)] as const),
          );
          records.push({ topic, partition, offset: BigInt(message.offset), key: message.key, value: message.value, headers });
        },
      });
      await finished;
    } finally {
      clearTimeout(timer);
      await consumer.disconnect();
    }
    return records;
  }

  async function forgetEarlier(): Promise<void> {
    const admin = kafka.admin();
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const earlier = [...read].filter(topic => existing.has(topic));
    if (earlier.length > 0) await admin.deleteTopics({ topics: earlier });
    await admin.disconnect();
    read.clear();
  }

  return {
    forgetEarlier,
    async read(topics) {
      for (const topic of topics) read.add(topic);
      return topics.length === 0 ? [] : collect(topics);
    },
    [Symbol.asyncDispose]: forgetEarlier,
  };
}
