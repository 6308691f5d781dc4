import type {
  Clock,
  ConsumerOptions,
  Converter,
  EventLog,
  HeaderConverter,
  Logger,
  Sink,
  TaskId,
  TopicPartition,
  Transform,
  WriterOptions,
} from '../../contract/index.ts';
import type { RecordConverters } from '../batch-serializer.ts';
import type { ErrorPolicy, TaskObserver } from '../source/source-task-plan.ts';
import type { Pause } from '../supervisor/supervisor-back-off.ts';

/** Where records go that fail, with `errors.tolerance=all` (Connect's `errors.deadletterqueue.*`). */
export type DeadLetterSettings = {
  readonly topic: string;
  /** Of the topic, where it has to be made; -1: the log's default. */
  readonly replicationFactor: number;
  /** `errors.deadletterqueue.context.headers.enable`. */
  readonly contextHeaders: boolean;
  /** Later records of a dead letter's key become dead letters too (`errors.deadletterqueue.later.records=park`). */
  readonly parksLater: boolean;
};

export type SinkErrorPolicy = ErrorPolicy & { readonly deadLetters: DeadLetterSettings | null };

/** What makes records of what lies in the log. The classes are as error headers name them. */
export type ConversionPlan = {
  readonly key: Converter;
  readonly value: Converter;
  readonly header: HeaderConverter;
  /** The connector's chain as one function; null where it has none. */
  readonly transform: Transform | null;
  readonly classes: { readonly key: string; readonly value: string; readonly header: string };
  /** Of what the sink publishes; null: the three above. */
  readonly publishing?: RecordConverters | null;
};

/** When a batch is written: full by records or bytes, or `lingerMs` after its first record, once the one before is durable. */
export type BatchLimits = { readonly recordsMax: number; readonly bytesMax: number; readonly lingerMs: number };

/** How far a task is in one of its partitions. Offsets are of the next record. */
export type PartitionProgress = TopicPartition & {
  /** As in the versions of its records. */
  readonly era: number;
  /** Everything before it is durable in the target, was filtered, or is among the dead letters. */
  readonly applied: bigint;
  /** Records from there to the partition's end. */
  readonly lagRecords: bigint;
};

/** A task that runs, as others see it. */
export type ConsumingView = {
  /** Its partitions as they are now. */
  partitions(): readonly PartitionProgress[];
  /** A target that keeps offsets is being asked where it is: until then partitions tell what the group says, which may be ahead of it. */
  readonly placing: boolean;
  /** Dead letters have been redelivered or discarded: keys may not be parked any more. */
  deadLettersMoved(): void;
};

/** What a sink task tells about its work, beside what every task tells. */
export type SinkTaskObserver = TaskObserver & {
  consuming(view: ConsumingView): void;
  /** Records that became dead letters, durable with the offsets behind them. */
  deadLettered(records: number): void;
};

/** Everything a sink task needs, resolved and made: nothing in it is text of a config any more. */
export type SinkTaskPlan = ConversionPlan & {
  readonly id: TaskId;
  /** The plan's user owns it: the task disposes of it when it ends, however it ends. */
  readonly sink: Sink;
  readonly consumer: ConsumerOptions;
  readonly limits: BatchLimits;
  readonly errors: SinkErrorPolicy;
  /** Of what the sink publishes and of dead letters. */
  readonly writer: WriterOptions;
  /** The longest pause while the target is away. */
  readonly retryDelayMsMax: number;
  readonly log: EventLog;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly observer: SinkTaskObserver;
  readonly pause: Pause;
  readonly random: () => number;
};
