import { openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { consoleConsumer } from '../services/kafka.ts';
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

/** Reads topics of a Kafka as a stranger does, committed records only: with Kafka's own console consumer. */
export async function* publishedInKafka(bootstrapServers: string, topics: readonly string[]): AsyncGenerator<Published> {
  for (const topic of topics) {
    for (const line of await consoleConsumer(bootstrapServers, topic, ['--property', 'print.key=true', '--timeout-ms', '4000'])) {
      const separator = line.indexOf('\t'); // JSON has no tab but escaped
      const value = line.slice(separator + 1);
      yield { topic, key: line.slice(0, separator), value: value === 'null' ? null : value };
    }
  }
}
