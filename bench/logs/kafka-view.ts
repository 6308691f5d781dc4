import { randomBytes } from 'node:crypto';
import type { Admin, Kafka } from 'kafkajs';
import { kafkaClient } from '../../test/services/kafka.ts';
import { until } from '../../test/support/until.ts';
import { type LogView, type Reading, SeenIds } from './log-view.ts';

/** Nothing more came for so long after the last expected record: what is there twice would have come. */
const quietMs = 300;
/** No record for so long before the last expected one: they are not all there. */
const missingMsMax = 5_000;

const leaderMsMax = 30_000;

/** A topic of Kafka, seen through kafkajs: neither the producer of Debezium nor that of Sluice. */
export class KafkaView implements LogView {
  readonly countsRecordsOnly = false;
  readonly #kafka: Kafka;
  readonly #admin: Admin;

  private constructor(kafka: Kafka, admin: Admin) {
    this.#kafka = kafka;
    this.#admin = admin;
  }

  static async open(bootstrapServers: string): Promise<KafkaView> {
    const kafka = kafkaClient(bootstrapServers);
    const admin = kafka.admin();
    await admin.connect();
    return new KafkaView(kafka, admin);
  }

  async prepare(topic: string): Promise<void> {
    await this.#admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }], waitForLeaders: false });
    await until(async () => (await this.#offset(topic)) !== null, {
      what: `topic ${topic} to be led`,
      timeoutMs: leaderMsMax,
      everyMs: 50,
    });
  }

  /** kafkajs asks with isolation level read_committed, so this is the last stable offset: nothing of an open transaction counts. */
  async end(topic: string): Promise<number> {
    return (await this.#offset(topic)) ?? 0;
  }

  /** null: a topic just made is not known to every part of the broker at once. */
  async #offset(topic: string): Promise<number | null> {
    try {
      const [partition] = await this.#admin.fetchTopicOffsets(topic);
      return partition ? Number(partition.high) : null;
    } catch (error) {
      if (
        ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION'].includes((error as { type?: string }).type ?? '')
      )
        return null;
      throw error;
    }
  }

  async read(topic: string, expected: number): Promise<Reading> {
    const consumer = this.#kafka.consumer({ groupId: `bench-read-${randomBytes(4).toString('hex')}`, maxBytesPerPartition: 8 << 20 });
    const seen = new SeenIds();
    let records = 0;
    let firstMs = Number.POSITIVE_INFINITY;
    let timer: NodeJS.Timeout | undefined;
    const ended = Promise.withResolvers<void>();
    await consumer.connect();
    try {
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: true,
        eachBatch: async ({ batch }) => {
          for (const { key, timestamp } of batch.messages) {
            seen.add(key);
            records++;
            if (records === 1) firstMs = Number(timestamp);
          }
          clearTimeout(timer);
          timer = setTimeout(() => ended.resolve(), seen.count >= expected ? quietMs : missingMsMax);
        },
      });
      await ended.promise;
    } finally {
      clearTimeout(timer);
      await consumer.disconnect();
    }
    return { records, ids: seen.count, firstMs };
  }

  async remove(topic: string): Promise<void> {
    await this.#admin.deleteTopics({ topics: [topic] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#admin.disconnect();
  }
}
