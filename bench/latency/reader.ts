// A process of its own that reads committed records as they come and notes when it had each.
import { openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { kafkaClient } from '../../test/services/kafka.ts';
import { silentLogger } from '../../test/support/silent-logger.ts';
import { until } from '../../test/support/until.ts';
import { monotonicMs, type ReaderMessage, type ReaderTask } from './messages.ts';
import { Seen } from './seen.ts';

/** The connector makes its topic of the embedded log with its first record. */
const topicMsMax = 60_000;

/** The number is what the update set customer_id to; before it in the text there is no other, since `before` is null. NaN: another record. */
function numberIn(value: Uint8Array | null): number {
  const text = value === null ? '' : Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
  return Number(/"customer_id":(\d+)/.exec(text)?.[1] ?? Number.NaN);
}

const send = (message: ReaderMessage) => new Promise<void>(resolve => process.send?.(message, () => resolve()));

/** kafkajs with read_committed, its default; everything else is at its default too. */
async function readKafka(bootstrapServers: string, topic: string, received: Seen): Promise<void> {
  const consumer = kafkaClient(bootstrapServers).consumer({ groupId: `${topic}-latency` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const joined = new Promise(resolve => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      const nowMs = monotonicMs();
      for (const { value } of batch.messages) received.add(numberIn(value), nowMs);
    },
  });
  await joined;
  await send({ kind: 'ready' });
  await received.complete.promise;
  await consumer.disconnect();
}

/** As `sluice log --follow` reads it, beside the daemon. */
async function readEmbedded(dataFolder: string, topic: string, received: Seen): Promise<void> {
  await using log = await openEmbeddedLog({ dataDir: dataFolder, readOnly: true, logger: silentLogger });
  await send({ kind: 'ready' });
  await until(async () => (await log.describeTopics([topic])).length === 1, { what: `topic ${topic}`, timeoutMs: topicMsMax, everyMs: 20 });
  const done = new AbortController();
  void received.complete.promise.then(() => done.abort());
  for await (const records of log.read({ topics: [topic], from: 'start', follow: true }, done.signal)) {
    const nowMs = monotonicMs();
    for (const { value } of records) received.add(numberIn(value), nowMs);
  }
}

process.once('message', async ({ from, topic, count }: ReaderTask) => {
  const received = new Seen(count);
  if ('kafka' in from) await readKafka(from.kafka, topic, received);
  else await readEmbedded(from.dataFolder, topic, received);
  await send({ kind: 'read', receivedMs: received.times });
  process.disconnect();
});
