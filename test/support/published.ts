import { randomUUID } from 'node:crypto';
import { openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { consoleConsumerLines, kafkaClient } from '../services/kafka.ts';
import { silentLogger } from './silent-logger.ts';

/** A record as it was published, its key and value as the text their converters wrote. */
export type Published = { readonly topic: string; readonly key: string; readonly value: string | null };

/** Reads topics of an embedded log beside its daemon. */
export async function* publishedInEmbedded(dataDir: string, topics: readonly string[]): AsyncGenerator<Published> {
  await using log = await openEmbeddedLog({ dataDir, readOnly: true, logger: silentLogger });
  for await (const batch of log.read({ topics, from: 'start', follow: false }, new AbortController().signal)) {
    for (const { topic, key, value } of batch)
      yield { topic, key: Buffer.from(key ?? []).toString(), value: value && Buffer.from(value).toString() };
  }
}

/** How the keys of records begin that tell a reader where a topic ends: appended behind everything that is there, anew for each reading. */
const endKey = 'the end ';

/** Appends the mark to each partition, so that a reader need not guess from silence that nothing more comes. Gives how many a topic has. */
async function markEnds(bootstrapServers: string, topics: readonly string[], key: string): Promise<ReadonlyMap<string, number>> {
  const client = kafkaClient(bootstrapServers);
  const [admin, producer] = [client.admin(), client.producer()];
  try {
    await Promise.all([admin.connect(), producer.connect()]);
    const described = await admin.fetchTopicMetadata({ topics: [...topics] });
    const counts = new Map(described.topics.map(({ name, partitions }) => [name, partitions.length]));
    const end = (partition: number) => ({ key, value: null, partition });
    for (const [topic, count] of counts) await producer.send({ topic, messages: Array.from({ length: count }, (_, index) => end(index)) });
    return counts;
  } finally {
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  }
}

/** Reads topics of a Kafka as a stranger does, committed records only: with Kafka's own console consumer. */
export async function* publishedInKafka(bootstrapServers: string, topics: readonly string[]): AsyncGenerator<Published> {
  const end = endKey + randomUUID();
  const ends = await markEnds(bootstrapServers, topics, end);
  const readToEnd = async (topic: string) => {
    const found: Published[] = [];
    let left = ends.get(topic)!;
    for await (const line of consoleConsumerLines(bootstrapServers, topic, ['--property', 'print.key=true'])) {
      const separator = line.indexOf('\t'); // JSON has no tab but escaped
      const [key, value] = [line.slice(0, separator), line.slice(separator + 1)];
      if (!key.startsWith(endKey)) found.push({ topic, key, value: value === 'null' ? null : value });
      else if (key === end && --left === 0) break;
    }
    return found;
  };
  for (const found of await Promise.all(topics.map(readToEnd))) yield* found;
}
