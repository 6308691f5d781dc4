import type { Admin } from 'kafkajs';
import { kafkaClient } from '../services/kafka.ts';
import { until } from '../support/until.ts';
import { kafkaReader } from './kafka-reader.ts';
import type { Publisher, RunningCase } from './recorder.ts';

/** The reference says nowhere how far it is, so it is settled when nothing new has come for this long. */
const quietMs = 2_000;

/** The real Kafka Connect with Debezium as a publisher of recordings. */
export function referencePublisher(url: string, bootstrapServers: string): Publisher & AsyncDisposable {
  const reader = kafkaReader(bootstrapServers);
  const kafka = kafkaClient(bootstrapServers);

  async function published(admin: Admin, { client, connector }: RunningCase): Promise<number> {
    let records = 0;
    for (const topic of await client.topics(connector))
      for (const { high } of await admin.fetchTopicOffsets(topic)) records += Number(high);
    return records;
  }

  return {
    url,
    reader,
    config: theCase => theCase.reference ?? {},
    async settled(running) {
      const admin = kafka.admin(); // a new one each time: kafkajs keeps asking for topics that have been deleted since
      await admin.connect();
      let last = -1;
      let sinceMs = performance.now();
      const quiet = async () => {
        await running.client.assertNotFailed(running.connector);
        const records = await published(admin, running);
        if (records !== last) [last, sinceMs] = [records, performance.now()];
        return performance.now() - sinceMs >= quietMs;
      };
      await until(quiet, { what: 'the reference to fall silent', timeoutMs: 120_000, everyMs: 200 });
      await admin.disconnect();
    },
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  };
}
