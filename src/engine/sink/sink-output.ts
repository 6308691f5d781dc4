import { type ConnectRecord, type Consumed, type LogWriter, SluiceError } from '../../contract/index.ts';
import { BatchSerializer } from '../batch-serializer.ts';
import { deadLetterHeaders, type FailedRecord } from './dead-letter.ts';
import type { SinkTaskPlan } from './sink-task-plan.ts';

/** What a sink's output needs of its task. */
export type OutputPlan = Pick<SinkTaskPlan, 'id' | 'key' | 'value' | 'header' | 'publishing' | 'errors' | 'writer' | 'log' | 'observer'>;

/**
 * What a sink task puts into the log: records that the sink publishes, and dead letters. They become durable with the group's offsets, in
 * one unit. Of a task that only might write the writer is opened when it is first needed.
 */
export class SinkOutput implements AsyncDisposable {
  readonly #plan: OutputPlan;
  readonly #serializer: BatchSerializer;
  readonly #knownTopics = new Set<string>();
  #writer: LogWriter | null = null;

  constructor(plan: OutputPlan) {
    this.#plan = plan;
    this.#serializer = new BatchSerializer(plan.publishing ?? plan);
  }

  /**
   * Takes the task's place in the log over before anything is read. What a killed predecessor left open there ends with that: on Kafka nobody
   * would read past its transaction, nor learn the group's offsets within it, before its time-out a minute later.
   */
  async open(abort: AbortSignal): Promise<void> {
    const { id, log, observer, writer } = this.#plan;
    this.#writer ??= await log.writer(id, writer, abort, retry => observer.retrying(retry));
  }

  /** Resolves when all of it is durable. Rejects as the log does: FENCED too where the partitions are another member's by now. */
  async append(
    publish: readonly ConnectRecord[],
    failed: readonly FailedRecord[],
    consumed: Consumed | null,
    abort: AbortSignal,
  ): Promise<void> {
    const { id, errors } = this.#plan;
    const { deadLetters } = errors;
    const topics = new Set<string>();
    for (const record of publish) {
      const failure = this.#serializer.add(record);
      if (failure !== null) {
        this.#serializer.finish();
        throw new SluiceError(failure.error.code, `${failure.error.message} (published to topic ${record.topic})`, {
          cause: failure.error,
        });
      }
      topics.add(record.topic);
    }
    if (deadLetters !== null && failed.length > 0) {
      for (const letter of failed) {
        const headers = deadLetters.contextHeaders ? deadLetterHeaders(letter, id) : letter.record.headers;
        const { timestampMs, key, value } = letter.record;
        this.#serializer.addSerialized({ topic: deadLetters.topic, timestampMs, key, value, headers });
      }
      topics.add(deadLetters.topic);
    }
    const records = this.#serializer.finish();
    await this.#ensure(topics, abort);
    try {
      await this.open(abort);
      await this.#writer!.append({ records, offsets: [], ...(consumed !== null && { consumed }) });
    } catch (error) {
      // It may be unusable from here on; the next append opens another.
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Connect makes the dead letters' topic with one partition; topics that a sink publishes to have the log's defaults. */
  async #ensure(topics: ReadonlySet<string>, abort: AbortSignal): Promise<void> {
    const { deadLetters } = this.#plan.errors;
    const unknown = [...topics].filter(topic => !this.#knownTopics.has(topic));
    if (unknown.length === 0) return;
    const specs = unknown.map(topic =>
      topic === deadLetters?.topic
        ? { topic, partitions: 1, replicationFactor: deadLetters.replicationFactor, configs: {} }
        : { topic, partitions: -1, replicationFactor: -1, configs: {} },
    );
    await this.#plan.log.ensureTopics(specs, abort, retry => this.#plan.observer.retrying(retry));
    for (const topic of unknown) this.#knownTopics.add(topic);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const writer = this.#writer;
    this.#writer = null;
    // What was appended is durable or not by its own right.
    if (writer !== null) await Promise.resolve(writer[Symbol.asyncDispose]()).catch(() => {});
  }
}
