import type {
  Clock,
  Converter,
  EventLog,
  HeaderConverter,
  Logger,
  Retry,
  SluiceError,
  Source,
  TaskId,
  TopicSpec,
  Transform,
  WriterOptions,
} from '../../contract/index.ts';

/** What becomes of a record that a transform or a converter cannot handle (Connect's `errors.*`). */
export type ErrorPolicy = {
  /** `none`: the task stops with the error; `all`: the record is skipped, counted and, where `logEnable` says so, logged. */
  readonly tolerance: 'none' | 'all';
  /** `errors.log.enable`: each tolerated error is logged (with tolerance `none` the error stops the task and is logged anyway). */
  readonly logEnable: boolean;
  /** `errors.log.include.messages`: the log line may show the record's topic, key and value: the one exception of invariant 8. */
  readonly logIncludeMessages: boolean;
};

/** Records that became durable together with their offsets, as the task tells its observer. */
export type DurableUnit = {
  readonly records: number;
  /** Of keys and values. */
  readonly bytes: number;
  /** Counts by topic; the topics of a connector are tracked from it (KIP-558). */
  readonly recordsByTopic: ReadonlyMap<string, number>;
  /** Milliseconds from the last change's commit in the database to now; null where the unit holds no streamed change. */
  readonly commitLagMs: number | null;
};

/** What a task tells about its work. Calls are a few a batch, synchronous, and never throw. */
export type TaskObserver = {
  /** The task owns its offsets and reading has begun. */
  started(): void;
  /** The log is away and is tried again; null: it answers again. */
  retrying(retry: Retry | null): void;
  /** After each durable append. */
  durable(unit: DurableUnit): void;
  /** Records that a transform dropped by its rule (invariant 5: filtered is counted). */
  filtered(records: number): void;
  /** A record skipped under `errors.tolerance=all`; the task has logged it where its policy says so. */
  skipped(error: SluiceError): void;
};

/** Everything a source task needs, resolved and made: nothing in it is text of a config any more. */
export type SourceTaskPlan = {
  readonly id: TaskId;
  /** The plan's user owns it: the task disposes of it when it ends, however it ends. */
  readonly source: Source;
  /** The connector's chain as one function; null where it has none. */
  readonly transform: Transform | null;
  readonly key: Converter;
  readonly value: Converter;
  readonly header: HeaderConverter;
  /** What to create a topic with, by the connector's `topic.creation.*`; null where the connector leaves creation to the log. */
  topicSpec(topic: string): TopicSpec | null;
  readonly writer: WriterOptions;
  readonly errors: ErrorPolicy;
  readonly log: EventLog;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly observer: TaskObserver;
};
