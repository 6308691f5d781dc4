import { partitionOfKey } from '../partitioner.ts';
import type { Cluster } from './cluster.ts';
import type { InternalRecord } from './connect-records.ts';
import { TaskProducer } from './producer.ts';
import { type ProducerSettings, producerSpec } from './producer-config.ts';
import { encodeHeaders, RecordBatch } from './record-batch.ts';

/** A record of a topic that is not compacted has no key. */
type PlainRecord = Omit<InternalRecord, 'key'> & { readonly key: string | null };

const settings: ProducerSettings = producerSpec.parse({}).config!;
const noHeaders = encodeHeaders([]);

/** Writes to topics of the worker's own, such as those of configs and states: one call after the other, without transactions, as Connect's stores do. */
export class InternalWriter implements AsyncDisposable {
  readonly #cluster: Cluster;
  #producer: Promise<TaskProducer> | null = null;
  #last: Promise<void> = Promise.resolve();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Resolves when all are acknowledged. */
  write(topic: string, records: readonly PlainRecord[]): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    const next = this.#last.catch(() => {}).then(() => this.#write(topic, records));
    this.#last = next;
    return next;
  }

  async #write(topic: string, records: readonly PlainRecord[]): Promise<void> {
    const { partitions } = await this.#cluster.call(`write to ${topic}`, () => this.#cluster.topic(topic));
    const batches = new Map<number, RecordBatch[]>();
    for (const { key, value } of records) {
      const keyBytes = Buffer.from(key ?? '');
      const partition = key === null ? 0 : partitionOfKey(partitions.length, keyBytes);
      // A batch each: configs may be large, and there are few.
      const batch = new RecordBatch(settings.batchBytesMax);
      const keyLength = key === null ? -1 : keyBytes.length;
      batch.add(Date.now(), Buffer.concat([keyBytes, value ?? Buffer.alloc(0)]), 0, keyLength, value?.length ?? -1, noHeaders);
      batches.set(partition, [...(batches.get(partition) ?? []), batch]);
    }
    this.#producer ??= this.#open();
    try {
      await (await this.#producer).send([new Map([[topic, batches]])]);
    } catch (error) {
      await this.#close();
      throw error;
    }
  }

  async #open(): Promise<TaskProducer> {
    const producer = new TaskProducer(this.#cluster, settings, null);
    await producer.initialize(new AbortController().signal);
    return producer;
  }

  async #close(): Promise<void> {
    const producer = await this.#producer?.catch(() => null);
    this.#producer = null;
    await producer?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last.catch(() => {});
    await this.#close();
  }
}
