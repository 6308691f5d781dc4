import { openEmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { kafkaClient } from '../../services/kafka.ts';
import type { Daemon } from '../../support/daemon.ts';
import type { Published } from '../../support/published.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { serializedBatch } from '../serialized-batch.ts';

/** Records of a topic, each in the partition of its key: rows that were made, in Debezium's envelope. `n` rises within each key. */
export type SeededTopic = { readonly topic: string; readonly partitions: number; readonly keys: number; readonly perKey: number };

/** How a test's topics come into its log, and are read from it. */
export type SeededLog = {
  readonly name: 'embedded' | 'kafka';
  /** A daemon of its own, not started. */
  newDaemon(): Promise<Daemon>;
  /** Before the daemon is started. */
  seed(daemon: Daemon, topic: SeededTopic): Promise<void>;
  read(daemon: Daemon, topic: string): AsyncIterable<Published>;
  /** The name of a topic as it is in this log. */
  topic(name: string): string;
};

function recordsOf({ topic, partitions, keys, perKey }: SeededTopic) {
  return Array.from({ length: keys * perKey }, (_, index) => {
    const [id, n] = [index % keys, Math.floor(index / keys)];
    const value = JSON.stringify({ before: null, after: { id, n }, source: { ts_ms: Date.now() }, op: 'c' });
    return { topic, partition: id % partitions, key: JSON.stringify({ id }), value };
  });
}

const batchRecords = 1000;

export async function seedEmbedded(daemon: Daemon, seeded: SeededTopic): Promise<void> {
  const abort = new AbortController().signal;
  await using log = await openEmbeddedLog({ dataDir: daemon.dataFolder, logger: silentLogger });
  const { topic, partitions } = seeded;
  await log.ensureTopics([{ topic, partitions, replicationFactor: -1, configs: {} }], abort);
  await using writer = await log.writer({ connector: 'seed', task: 0 }, { producerOverrides: {}, transactional: true }, abort);
  const records = recordsOf(seeded);
  for (let at = 0; at < records.length; at += batchRecords)
    await writer.append({ records: serializedBatch(records.slice(at, at + batchRecords)), offsets: [] });
}

export async function seedKafka(bootstrapServers: string, seeded: SeededTopic): Promise<void> {
  const client = kafkaClient(bootstrapServers);
  const [admin, producer] = [client.admin(), client.producer()];
  try {
    await Promise.all([admin.connect(), producer.connect()]);
    const { topic, partitions } = seeded;
    await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true });
    const records = recordsOf(seeded);
    for (let at = 0; at < records.length; at += batchRecords)
      await producer.send({
        topic,
        messages: records.slice(at, at + batchRecords).map(({ partition, key, value }) => ({ partition, key, value })),
      });
  } finally {
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  }
}
