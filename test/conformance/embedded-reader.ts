import type { LogRecord } from '../../src/contract/index.ts';
import { openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { silentLogger } from '../support/silent-logger.ts';
import type { PublishedReader, PublishedRecord } from './recorder.ts';

/** Reads the embedded log beside the daemon, as `sluice log` does. What was there before a case is left out by its offsets. */
export function embeddedReader(dataDir: string): PublishedReader {
  const earlier = new Map<string, bigint>();
  const place = (topic: string, partition: number) => `${topic} ${partition}`;

  function published({ topic, partition, offset, key, value, headers }: LogRecord): PublishedRecord {
    return { topic, partition, offset, key, value, headers: headers.map(header => [header.key, header.value] as const) };
  }

  return {
    async forgetEarlier() {
      await using log = await openEmbeddedLog({ dataDir, readOnly: true, logger: silentLogger });
      for (const { topic, partitions } of await log.describeTopics()) {
        for (const { partition, end } of partitions) earlier.set(place(topic, partition), end);
      }
    },
    async read(topics) {
      await using log = await openEmbeddedLog({ dataDir, readOnly: true, logger: silentLogger });
      const records: PublishedRecord[] = [];
      for await (const batch of log.read({ topics, from: 'start', follow: false }, new AbortController().signal)) {
        for (const record of batch) {
          if (record.offset >= (earlier.get(place(record.topic, record.partition)) ?? 0n)) records.push(published(record));
        }
      }
      return records;
    },
  };
}
