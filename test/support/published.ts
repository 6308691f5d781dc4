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

/** How the keys of records begin that tell a reader where a topic ends; also a key as Connect's offset topic has them. */
const markStart = '["the end",';

/** Appends a mark to each partition, so that a reader need not guess from silence that nothing more comes. Gives how many partitions there are. */
async function markEnd(bootstrapServers: string, topic: string, key: string): Promise<number> {
  const client = kafkaClient(bootstrapServers);
  const [admin, producer] = [client.admin(), client.producer()];
  try {
    await Promise.all([admin.connect(), producer.connect()]);
    const partitions = (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]!.partitions.length;
    const messages = Array.from({ length: partitions }, (_, partition) => ({ key, value: null, partition }));
    await producer.send({ topic, messages });
    return partitions;
  } finally {
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  }
}

/**
 * The lines that Kafka's own console consumer prints of a topic, committed records only, up to what is there now: `key tab value`, behind
 * what `properties` ask for beside (`print.offset=true`). As they are taken: a topic may be larger than what fits into memory.
 */
async function* linesNow(bootstrapServers: string, topic: string, properties: readonly string[] = []): AsyncGenerator<string> {
  const mark = `${markStart}"${randomUUID()}"]`;
  let left = await markEnd(bootstrapServers, topic, mark);
  const args = [...properties, 'print.key=true'].flatMap(property => ['--property', property]);
  for await (const line of consoleConsumerLines(bootstrapServers, topic, args)) {
    if (!line.includes(markStart)) yield line;
    else if (line.includes(mark) && --left === 0) return;
  }
}

/** All of `linesNow`, of a topic that is small. */
export async function committedLines(bootstrapServers: string, topic: string, properties: readonly string[] = []): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesNow(bootstrapServers, topic, properties)) lines.push(line);
  return lines;
}

/** Reads topics of a Kafka as a stranger does, one behind the other: with Kafka's own console consumer. */
export async function* publishedInKafka(bootstrapServers: string, topics: readonly string[]): AsyncGenerator<Published> {
  const readers = topics.map(topic => linesNow(bootstrapServers, topic));
  // They take seconds to start: all of them at once.
  const firsts = readers.map(reader => reader.next());
  for (const first of firsts) first.catch(() => {}); // thrown where it is awaited
  try {
    for (const [index, topic] of topics.entries()) {
      for (let next = await firsts[index]!; !next.done; next = await readers[index]!.next()) {
        const separator = next.value.indexOf('\t'); // JSON has no tab but escaped
        const value = next.value.slice(separator + 1);
        yield { topic, key: next.value.slice(0, separator), value: value === 'null' ? null : value };
      }
    }
  } finally {
    await Promise.all(readers.map(reader => reader.return(undefined)));
  }
}
