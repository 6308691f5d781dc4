import assert from 'node:assert/strict';
import type { Consumed, PartitionOffset, Sink, SinkRecord, SinkResult } from '../../../src/contract/index.ts';
import type { SuiteTopic } from './records.ts';

const group = 'connect-suite';

/** The generation of the next assignment: it rises over all tasks of a test run, as a group's does. */
let generation = 0;

/**
 * A sink as the engine drives one task of it: assigned before it is written to, and seeked to where a target that keeps the offsets itself
 * says it goes on. Owned by its user.
 */
export class DrivenSink implements AsyncDisposable {
  readonly #sink: Sink;
  readonly #topic: string;
  readonly #abort = new AbortController();
  #generation = 0;
  /** What the target answered: records before it do not come to the sink again. */
  #from = 0n;

  /** Where the target says that it goes on; 0 where it says nothing. */
  get from(): bigint {
    return this.#from;
  }

  private constructor(sink: Sink, topic: string) {
    this.#sink = sink;
    this.#topic = topic;
  }

  /** As the engine does where the group's offsets are set by REST. */
  static async forgetOffsets(sink: Sink, { topic }: SuiteTopic): Promise<void> {
    await using forgetting = sink;
    await forgetting.forgetOffsets?.(group, [{ topic, partition: 0 }], new AbortController().signal);
  }

  static async assign(sink: Sink, { topic, era }: SuiteTopic): Promise<DrivenSink> {
    const driven = new DrivenSink(sink, topic);
    driven.#generation = ++generation;
    const partitions = [{ topic, partition: 0, era }];
    const from: readonly PartitionOffset[] =
      (await sink.assign?.({ group, generation: driven.#generation, partitions }, driven.#abort.signal)) ?? [];
    for (const place of from) {
      assert.deepEqual([place.topic, place.partition], [topic, 0], 'a sink answers for assigned partitions only');
      driven.#from = place.offset;
    }
    return driven;
  }

  /** Writes in the live flow: durable, and no record has failed, unless the test looks at the answer itself (`result`). */
  async write(records: readonly SinkRecord[]): Promise<void> {
    const { failed } = await this.result(records);
    assert.deepEqual(
      failed.map(({ index, error }) => `${index}: ${error.code} ${error.message}`),
      [],
      'no record is refused',
    );
  }

  async result(records: readonly SinkRecord[]): Promise<SinkResult> {
    const sent = records.filter(({ place }) => place.offset >= this.#from);
    if (sent.length === 0) return { publish: [], failed: [] };
    return this.#sink.write({ records: sent, mode: 'live', consumed: this.#consumed(sent.at(-1)!.place.offset + 1n) }, this.#abort.signal);
  }

  /** Writes beside the live flow, as redelivery and replay do. */
  async replay(records: readonly SinkRecord[]): Promise<void> {
    const { failed } = await this.#sink.write({ records, mode: 'replay', consumed: null }, this.#abort.signal);
    assert.equal(failed.length, 0, 'no record is refused');
  }

  /** The task is being stopped. */
  stop(): void {
    this.#abort.abort();
  }

  #consumed(offset: bigint): Consumed {
    return { group, member: 'suite-1', generation: this.#generation, next: [{ topic: this.#topic, partition: 0, offset }] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#sink[Symbol.asyncDispose]();
  }
}
