// A process of its own that reads committed records as they come and notes when it had each.
import { openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { kafkaClient } from '../../test/services/kafka.ts';
import { silentLogger } from '../../test/support/silent-logger.ts';
import { until } from '../../test/support/until.ts';
import { monotonicMs, type ReaderMessage, type ReaderTask } from './messages.ts';

/** The connector makes its topic of the embedded log with its first record. */
const topicMsMax = 60_000;

/** The times at which the updates' numbers came, the first time of each. */
class Received {
  readonly times: Float64Array;
  readonly complete = Promise.withResolvers<void>();
  #missing: number;

  constructor(count: number) {
    this.times = new Float64Array(count);
    this.#missing = count;
  }

  /** The number is what the update set customer_id to; before it in the text there is no other, since `before` is null. */
  add(value: Uint8Array | null, nowMs: number): void {
    const text = value === null ? '' : Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
    const n = Number(/"customer_id":(\d+)/.exec(text)?.[1] ?? Number.NaN);
    if (!(n < this.times.length) || this.times[n] !== 0) return;
    this.times[n] = nowMs;
    this.#missing--;
    if (this.#missing === 0) this.complete.resolve();
  }
}

const send = (message: ReaderMessage) => new Promise<void>(resolve => process.send?.(message, () => resolve()));

/** kafkajs with read_committed, its default; everything else is at its default too. */
async function readKafka(bootstrapServers: string, topic: string, received: Received): Promise<void> {
  const consumer = kafkaClient(bootstrapServers).consumer({ groupId: `${topic}-latency` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const joined = new Promise(resolve => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      const nowMs = monotonicMs();
      for (const { value } of batch.messages) received.add(value, nowMs);
    },
  });
  await joined;
  await send({ kind: 'ready' });
  await received.complete.promise;
  await consumer.disconnect();
}

/** As `sluice log --follow` reads it, beside the daemon. */
async function readEmbedded(dataFolder: string, topic: string, received: Received): Promise<void> {
  await using log = await openEmbeddedLog({ dataDir: dataFolder, readOnly: true, logger: silentLogger });
  await send({ kind: 'ready' });
  await until(async () => (await log.describeTopics([topic])).length === 1, { what: `topic ${topic}`, timeoutMs: topicMsMax, everyMs: 20 });
  const done = new AbortController();
  void received.complete.promise.then(() => done.abort());
  for await (const records of log.read({ topics: [topic], from: 'start', follow: true }, done.signal)) {
    const nowMs = monotonicMs();
    for (const { value } of records) received.add(value, nowMs);
  }
}

process.once('message', async ({ from, topic, count }: ReaderTask) => {
  const received = new Received(count);
  if ('kafka' in from) await readKafka(from.kafka, topic, received);
  else await readEmbedded(from.dataFolder, topic, received);
  await send({ kind: 'read', receivedMs: received.times });
  process.disconnect();
});
