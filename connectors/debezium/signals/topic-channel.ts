import { setTimeout } from 'node:timers/promises';
import {
  type InternalTopics,
  type JsonObject,
  type Logger,
  type LogRecord,
  type SignalTopic,
  SluiceError,
  type SourceBatch,
  type SourceOffset,
  type SourceSignal,
  toSluiceError,
} from '../../../src/contract/index.ts';
import type { TopicSignals } from '../options/signal-topic-options.ts';
import { readSignalText } from './signal-text.ts';

/** What names the partition under which the place in the topic is stored, beside the stream's own. */
const partitionName = 'sluice_signal_topic';

export type TopicChannelParts = {
  readonly settings: TopicSignals;
  /** `topic.prefix`: the key of the records that are for this connector. */
  readonly prefix: string;
  /** `signal.poll.interval.ms`: before what failed is tried again. */
  readonly retryMs: number;
  readonly logger: Logger;
  /** Follows a signal; answers why it is not followed, or null. Rejects with what the database failed with. */
  follow(signal: SourceSignal): Promise<string | null>;
};

/** Whether an offset is the channel's place, and none of the stream's. */
export function isSignalPlace({ partition }: SourceOffset): boolean {
  return partitionName in partition;
}

/**
 * Debezium's Kafka channel, on whatever log the worker has: each record of a topic whose key is the connector's is a signal. The place in the topic is
 * stored as an offset with the batches of the stream, so that a signal counts as taken once what it led to is durable; it wins over the group's,
 * which other connectors may share.
 */
export class TopicChannel implements AsyncDisposable {
  readonly #parts: TopicChannelParts;
  readonly #name: string;
  readonly #topic: SignalTopic;
  readonly #partition: JsonObject;
  readonly #ended = new AbortController();
  #running: Promise<void> | null = null;
  /** Behind what was followed; null: nothing was yet. */
  #next: bigint | null;
  /** The same as it was when the last batch was asked for: all that led to is in that batch at the latest. */
  #settled: bigint | null;
  /** In an offset already. */
  #stored: bigint | null;
  /** The fault that was warned of: said once, until it is another or healed. */
  #told = '';

  /** `from`: the connector's offsets. Throws CONFIG_INVALID where the topic is said to be in another Kafka. */
  constructor(parts: TopicChannelParts, from: readonly SourceOffset[], topics: InternalTopics) {
    this.#parts = parts;
    const { topic, group, servers } = parts.settings;
    requireOwnServers(servers, topics.servers);
    this.#name = topic ?? `${parts.prefix}-signal`;
    this.#topic = topics.signals(this.#name, group);
    this.#partition = { [partitionName]: this.#name, key: parts.prefix };
    const isOwn = ({ partition }: SourceOffset) => partition[partitionName] === this.#name && partition['key'] === parts.prefix;
    const found = from.find(isOwn)?.offset?.['next'];
    this.#next = this.#settled = this.#stored = typeof found === 'number' ? BigInt(found) : null;
  }

  /** Streaming begins. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** The stream's batches, with the place where it has moved. */
  async *placed(batches: AsyncIterable<SourceBatch>): AsyncGenerator<SourceBatch> {
    for await (const batch of batches) {
      const place = this.#settled;
      // The batch may have been made before the last signal was followed; the next one is not.
      this.#settled = this.#next;
      if (place === null || place === this.#stored) yield batch;
      else {
        this.#stored = place;
        yield { ...batch, offsets: [...batch.offsets, { partition: this.#partition, offset: { next: Number(place) } }] };
      }
    }
  }

  /** These offsets are durable: the group is told. Never waits. */
  durable(offsets: readonly SourceOffset[]): void {
    const next = offsets.findLast(isSignalPlace)?.offset?.['next'];
    if (typeof next === 'number') this.#topic.taken(BigInt(next)).catch(error => this.#warn(`${this.#parts.settings.group}: `, error));
  }

  async #run(): Promise<void> {
    const abort = this.#ended.signal;
    const { retryMs, settings } = this.#parts;
    while (!abort.aborted) {
      try {
        const start = { next: this.#next, reset: settings.reset };
        for await (const records of this.#topic.follow(start, abort)) await this.#take(records);
      } catch (error) {
        if (!abort.aborted) this.#warn(`The signal topic ${this.#name}: `, error);
      }
      await setTimeout(retryMs, undefined, { signal: abort }).catch(() => {});
    }
  }

  async #take(records: readonly LogRecord[]): Promise<void> {
    for (const { key, value, offset } of records) {
      if (this.#ended.signal.aborted) return;
      if (key !== null && Buffer.from(key).toString() === this.#parts.prefix && value !== null)
        await this.#follow(Buffer.from(value), offset);
      this.#next = offset + 1n;
      this.#told = '';
    }
  }

  async #follow(value: Buffer, offset: bigint): Promise<void> {
    const signal = readSignalText(value.toString());
    const why = signal === null ? 'it is not a JSON object with id, type and data' : await this.#parts.follow(signal);
    if (why === null) return;
    this.#parts.logger.warn(
      { topic: this.#name, offset: Number(offset) },
      `The signal at offset ${offset} of ${this.#name} is not followed: ${why}`,
    );
  }

  #warn(what: string, error: unknown): void {
    const { code, message } = toSluiceError(error);
    if (message !== this.#told) this.#parts.logger.warn({ topic: this.#name, code }, `${what}${message}`);
    this.#told = message;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }
}

/** The connector has no client of Kafka's: the topic is in the log that the worker has. */
function requireOwnServers(named: readonly string[], own: readonly string[] | null): void {
  if (named.length === 0 || named.some(server => own?.includes(server))) return;
  const where = own === null ? 'The worker’s log is embedded' : `The worker’s log is at ${own.join(', ')}`;
  throw new SluiceError(
    'CONFIG_INVALID',
    `signal.kafka.bootstrap.servers names ${named.join(', ')}. ${where}, and signals are read from it alone.`,
    {
      remedy: 'Leave signal.kafka.bootstrap.servers out, and write the signals into a topic of the worker’s log.',
    },
  );
}
