import type { AssignedPartition, EventLog, LogConsumer, OnRetry, PartitionOffset } from '../../../contract/index.ts';
import type { ServiceConnector } from '../../hosting/service.ts';
import type { PinnedDefinition, SagaInstance } from '../saga.ts';
import type { SagaBatch } from './saga-batch.ts';
import type { EndedInstance, SagaInstances } from './saga-instances.ts';

/** Who takes which saga over. */
export type Leading = {
  readonly saga: string;
  readonly log: EventLog;
  /** `host:port` of the worker. */
  readonly workerId: string;
  readonly onRetry: OnRetry;
};

/** Where the instances of sagas are kept: the log itself, or a database beside it. */
export interface SagaStore {
  /** `log` or `postgres`, for people. */
  readonly kind: string;
  /** Connectors that do a part of its work. */
  readonly connectors: readonly ServiceConnector[];
  /** What every worker has to do before it may lead anything; as often as the service is started. Rejects with SluiceError. */
  prepare(): Promise<void>;
  /** Takes a saga over. The former leader is fenced before anything is read, so what is read is the last word (invariant 3). */
  lead(leading: Leading, abort: AbortSignal): Promise<SagaLedger>;
}

/** A saga's instances as its one leader has them. Its owner disposes of it. Everything rejects with SluiceError. */
export interface SagaLedger extends AsyncDisposable {
  /** All of them as they were durable when the saga was taken over. Whoever leads it changes them; the ledger only reads. */
  readonly instances: SagaInstances;
  /** Stores a definition where it is new, and drops others that nobody is on; durable when it resolves. */
  define(current: PinnedDefinition | null, dropped: readonly string[]): Promise<void>;
  /** Has the consumer go on where the saga has heard up to, in partitions that have just been assigned to it, and makes it hold where that is. */
  place(partitions: readonly AssignedPartition[], consumer: LogConsumer): Promise<void>;
  /**
   * One atomic unit (invariants 1 and 4): transitions, commands, and the offsets behind the messages that led to them. Calls may overlap, and take
   * effect in their order; where one is rejected, with FENCED where another leads the saga by now, those behind it are too.
   */
  append(batch: SagaBatch, next: readonly PartitionOffset[], consumer: LogConsumer): Promise<void>;
  /** As `LogWriter.room`. */
  room(): Promise<void> | null;
  /** An instance that has ended, whole; null where it is not there any more. */
  load(ended: EndedInstance, abort: AbortSignal): Promise<SagaInstance | null>;
  /** Now and then: whatever else is to be seen to. Never rejects. */
  tidy(consumer: LogConsumer): Promise<void>;
}
