import type { AssignedPartition, EventLog, LogConsumer, LogWriter, PartitionOffset } from '../../../contract/index.ts';
import type { PinnedDefinition, SagaInstance } from '../saga.ts';
import type { SagaBatch } from './saga-batch.ts';
import type { EndedInstance, SagaInstances } from './saga-instances.ts';
import { instancesEnd, loadEnded, restoreInstances } from './saga-restoring.ts';
import type { Leading, SagaLedger, SagaStore } from './saga-store.ts';
import { instancesSpec, instancesTopicOf, taskOf } from './saga-topics.ts';
import { SagaUnit } from './saga-unit.ts';

/** Instances in a compacted topic of the log: one unit of it has their transitions, the commands and the group's offsets. */
export const logSagaStore: SagaStore = {
  kind: 'log',
  connectors: [],
  prepare: async () => {},
  async lead({ saga, log, onRetry }: Leading, abort: AbortSignal): Promise<SagaLedger> {
    await log.ensureTopics([instancesSpec(saga)], abort, onRetry);
    const writer = await log.writer(taskOf(saga), { producerOverrides: {}, transactional: true }, abort, onRetry);
    try {
      return new LogSagaLedger(saga, log, writer, await restoreInstances(log, instancesTopicOf(saga), abort));
    } catch (error) {
      await writer[Symbol.asyncDispose]();
      throw error;
    }
  },
};

class LogSagaLedger implements SagaLedger {
  readonly instances: SagaInstances;
  readonly #saga: string;
  readonly #log: EventLog;
  readonly #writer: LogWriter;

  constructor(saga: string, log: EventLog, writer: LogWriter, instances: SagaInstances) {
    [this.#saga, this.#log, this.#writer, this.instances] = [saga, log, writer, instances];
  }

  async define(current: PinnedDefinition | null, dropped: readonly string[]): Promise<void> {
    const unit = new SagaUnit(this.#saga);
    if (current !== null) unit.definition(current);
    for (const hash of dropped) unit.forgetDefinition(hash);
    await this.#writer.append({ records: unit.finish(), offsets: [] });
  }

  async place(partitions: readonly AssignedPartition[], consumer: LogConsumer): Promise<void> {
    // So that where it began holds, also where nothing comes before the next start.
    await consumer.commit(partitions.map(({ topic, partition, offset }) => ({ topic, partition, offset })));
  }

  append(batch: SagaBatch, next: readonly PartitionOffset[], consumer: LogConsumer): Promise<void> {
    const records = batch.isEmpty ? null : this.#unitOf(batch).finish();
    return this.#writer.append({ records, offsets: [], ...(next.length > 0 && { consumed: consumer.consumed(next) }) });
  }

  #unitOf({ moved, sent, forgotten, dead }: SagaBatch): SagaUnit {
    const unit = new SagaUnit(this.#saga);
    for (const { command, sagaId } of sent) unit.command(command, sagaId);
    for (const { topic, record, headers } of dead) unit.deadLetter(topic, record, headers);
    for (const id of forgotten) unit.forget(id);
    for (const { after } of moved.values()) unit.instance(after);
    return unit;
  }

  room(): Promise<void> | null {
    return this.#writer.room();
  }

  load(ended: EndedInstance, abort: AbortSignal): Promise<SagaInstance | null> {
    return loadEnded(this.#log, instancesTopicOf(this.#saga), ended, abort);
  }

  /** What is put from now on lies behind what is there now: where ended instances are looked for. */
  async tidy(): Promise<void> {
    try {
      this.instances.floor = await instancesEnd(this.#log, instancesTopicOf(this.#saga));
    } catch {
      // It was asked for to save reading; the next time will do.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
  }
}
