import type { EventLog, LogConsumer, LogRecord, LogWriter, PartitionOffset, SerializedHeader } from '../../src/contract/index.ts';
import { recordsBatch } from './records-batch.ts';

const replies: Readonly<Record<string, string>> = {
  RESERVE_INVENTORY: 'inventory-reserved',
  PROCESS_PAYMENT: 'payment-processed',
  CONFIRM_ORDER: 'order-confirmed',
};

/** One service that answers every command of a topic at once: the least that a service can be. */
export class ToyService implements AsyncDisposable {
  readonly #consumer: LogConsumer;
  readonly #writer: LogWriter;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;

  private constructor(consumer: LogConsumer, writer: LogWriter) {
    [this.#consumer, this.#writer] = [consumer, writer];
    this.#running = this.#run();
  }

  static async open(log: EventLog, topic: string): Promise<ToyService> {
    const abort = new AbortController().signal;
    const writer = await log.writer({ connector: `${topic}-service`, task: 0 }, { producerOverrides: {}, transactional: true }, abort);
    const consumer = log.consumer({
      group: `${topic}-service`,
      topics: [topic],
      reset: 'earliest',
      bufferBytesMax: 8 << 20,
      recordsMax: 1_000,
      overrides: {},
    });
    return new ToyService(consumer, writer);
  }

  async #run(): Promise<void> {
    for await (const event of this.#consumer.events(this.#abort.signal)) {
      if (event.type !== 'records') continue;
      await this.#writer.room();
      const consumed = this.#consumer.consumed(behind(event.records));
      await this.#writer.append({ records: recordsBatch(event.records.map(answerOf)), offsets: [], consumed });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#consumer[Symbol.asyncDispose]();
    await this.#running.catch(() => {});
    await this.#writer[Symbol.asyncDispose]();
  }
}

function answerOf({ key, headers }: LogRecord) {
  const type = textOf(headers.find(header => header.key === 'type'));
  const own = headers.filter(header => header.key === 'idempotencyKey');
  const orderId = Buffer.from(key!).toString();
  return { topic: replies[type]!, key: orderId, value: `{"orderId":"${orderId}","reference":"r-${orderId}"}`, headers: own };
}

const textOf = (header: SerializedHeader | undefined) => Buffer.from(header?.value ?? []).toString();

function behind(records: readonly LogRecord[]): readonly PartitionOffset[] {
  const { topic, partition, offset } = records.at(-1)!;
  return [{ topic, partition, offset: offset + 1n }];
}
