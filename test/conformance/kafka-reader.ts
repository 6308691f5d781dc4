import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { kafkaClient } from '../services/kafka.ts';
import type { PublishedReader, PublishedRecord } from './recorder.ts';

/** Fetches in a row that bring nothing: all of it has been read. */
const emptyFetches = 3;

/** Reads Kafka with kafkajs (read_committed), apart from the daemon. Before a case, the topics of former cases are deleted. */
export function kafkaReader(bootstrapServers: string): PublishedReader & AsyncDisposable {
  const kafka = kafkaClient(bootstrapServers);
  const read = new Set<string>();

  async function collect(topics: readonly string[]): Promise<PublishedRecord[]> {
    const records: PublishedRecord[] = [];
    const consumer = kafka.consumer({ groupId: `conformance-${randomUUID()}`, maxWaitTimeInMs: 100, readUncommitted: false });
    const done = new EventTarget();
    let empty = 0;
    consumer.on(consumer.events.FETCH, ({ payload }) => {
      empty = payload.numberOfBatches ? 0 : empty + 1;
      if (empty === emptyFetches) done.dispatchEvent(new Event('done'));
    });
    consumer.on(consumer.events.CRASH, () => done.dispatchEvent(new Event('done')));
    await consumer.connect();
    try {
      const finished = once(done, 'done', { signal: AbortSignal.timeout(60_000) });
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await consumer.run({
        eachMessage: async ({ topic, partition, message }) => {
          const headers = Object.entries(message.headers ?? {}).flatMap(([key, values]) =>
            (Array.isArray(values) ? values : [values]).map(value => [key, value === undefined ? null : Buffer.from(value)] as const),
          );
          records.push({ topic, partition, offset: BigInt(message.offset), key: message.key, value: message.value, headers });
        },
      });
      await finished;
    } finally {
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
