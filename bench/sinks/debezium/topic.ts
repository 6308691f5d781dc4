import { kafkaClient } from '../../../test/services/kafka.ts';
import { until } from '../../../test/support/until.ts';
import { batchSize, messages } from '../jdbc/rows.ts';

export const topic = 'bench.public.orders';

const leaderMsMax = 30_000;

/** One partition with new rows in Debezium's envelope, in Connect's JSON with schemas, whose ids are 0, 1, 2 ...: what lies there when a sink begins. */
export async function fillTopic(bootstrapServers: string, rows: number): Promise<void> {
  const kafka = kafkaClient(bootstrapServers);
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }], waitForLeaders: false });
  const led = async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return (topics[0]?.partitions[0]?.leader ?? -1) >= 0;
  };
  await until(() => led().catch(() => false), { what: `topic ${topic} to be led`, timeoutMs: leaderMsMax, everyMs: 50 });
  await admin.disconnect();
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  // Requests stay below the broker's bound of a megabyte.
  const recordsOfRequest = 200;
  for (let first = 0; first < rows; first += batchSize) {
    const batch = messages(topic, first).map(({ key, value }) => ({ key: Buffer.from(key), value: Buffer.from(value), partition: 0 }));
    for (let at = 0; at < batch.length; at += recordsOfRequest)
      await producer.send({ topic, messages: batch.slice(at, at + recordsOfRequest) });
  }
  await producer.disconnect();
}
