import type { Consumed, ConsumerGroups, ConsumerOptions, LogConsumer, PartitionOffset } from './log-consumer.ts';
import type { OnRetry } from './retry.ts';
import type { WorkerGroup } from './worker-group.ts';

/** A JSON object, as offsets and stored configs are. */
export type JsonObject = { readonly [name: string]: JsonValue };
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/**
 * Where a source goes on, in Connect's own form: a map naming the source's partition and one naming the place in it. Ours holds
 * Debezium's keys with `sluice_*` keys beside them (Debezium's loader ignores those). A null offset deletes.
 */
export type SourceOffset = { readonly partition: JsonObject; readonly offset: JsonObject | null };

/** A header's bytes, as the log keeps them. */
export type SerializedHeader = { readonly key: string; readonly value: Uint8Array | null };

/**
 * Serialized records in one slab: the only form in which records cross threads (0.24 us a record, as objects 4 us). Record i has
 * its key's bytes, then its value's, in the slab, right behind those of record i - 1. A length of -1 is null.
 */
export type SerializedBatch = {
  readonly count: number;
  /** May be longer than what the lengths cover. */
  readonly slab: Uint8Array;
  readonly keyLengths: Int32Array;
  readonly valueLengths: Int32Array;
  /** Index into `topics`. */
  readonly topicIndexes: Uint32Array;
  readonly topics: readonly string[];
  /** -1: the log chooses: by the key's bytes as Kafka's default partitioner; a null key goes to any. */
  readonly partitions: Int32Array;
  /** Milliseconds since 1970; NaN: the log's time of append. */
  readonly timestampsMs: Float64Array;
  /** Index into `headerSets`; most records share one set. */
  readonly headerIndexes: Uint32Array;
  readonly headerSets: readonly (readonly SerializedHeader[])[];
};

/** One task of one connector: the unit of ownership (invariant 3). */
export type TaskId = { readonly connector: string; readonly task: number };

/** What a topic is created with, after Connect's `topic.creation.*`; configs are Kafka's topic configs (`cleanup.policy`, `retention.ms` ...). */
export type TopicSpec = {
  readonly topic: string;
  /** -1: the log's default. */
  readonly partitions: number;
  /** -1: the broker's default; the embedded log has no replicas. */
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
};

/** Partitions of a topic with the range of offsets they hold: `start` inclusive, `end` exclusive. */
export type TopicDescription = {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly start: bigint; readonly end: bigint }[];
};

/** A record as it lies in the log. */
export type LogRecord = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly SerializedHeader[];
};

/**
 * Where a read without group starts: in every partition of its topics the same, or, with `offsets`, each where it says (partitions that it
 * leaves out at their end).
 */
export type ReadFrom =
  | 'start'
  | 'end'
  | { readonly offset: bigint }
  | { readonly timestampMs: number }
  | { readonly offsets: readonly PartitionOffset[] };

/** A read without group: all partitions of the topics, in order within each partition. */
export type ReadRange = {
  readonly topics: readonly string[];
  readonly from: ReadFrom;
  /** true: goes on with what is appended until aborted; false: ends at the ends found when it began. */
  readonly follow: boolean;
};

/** What becomes durable together. */
export type AppendUnit = {
  readonly records: SerializedBatch | null;
  readonly offsets: readonly SourceOffset[];
  /** Offsets of a consumer group, by `LogConsumer.consumed`; refused with FENCED, and the records with them, where the partitions are another member's by now. */
  readonly consumed?: Consumed;
};

/**
 * Appends for the one owner of a task. `writer()` has fenced the former owner; an append of a fenced writer rejects with
 * SluiceError FENCED.
 */
export interface LogWriter extends AsyncDisposable {
  /** The task's offsets as they were when it became the owner. */
  readonly offsets: readonly SourceOffset[];
  /**
   * One atomic unit (invariant 1): resolves when records and offsets are durable together; on rejection neither is, or the
   * writer is unusable and the next owner finds out which. Calls may overlap; they take effect in the order of the calls.
   * The batch's slab belongs to the log from here on.
   */
  append(unit: AppendUnit): Promise<void>;
  /**
   * Null where an append would be taken in now; otherwise resolves when that may be so again, or when the writer has failed. Whoever does
   * not ask makes the log hold more than its bound (invariant 6).
   */
  room(): Promise<void> | null;
  /** Units go to it once they are so large, although it is busy; left out: a megabyte. */
  readonly unitBytes?: number;
}

/** Options of a task's writer, from the connector's config: `producer.override.*`, `exactly.once.support`. */
export type WriterOptions = {
  readonly producerOverrides: Readonly<Record<string, string>>;
  /** false: idempotent produce, the offsets after the records (Connect without exactly-once): at least once. */
  readonly transactional: boolean;
};

/** The log: topics, partitions and offsets as Kafka has them, with source offsets beside. One port, two implementations, one suite. */
export interface EventLog extends AsyncDisposable {
  /** `embedded` or `kafka`, for messages. */
  readonly kind: string;
  /** Its servers, as host:port, as they were configured; null: it is embedded. */
  readonly servers: readonly string[] | null;
  /** Connect's `kafka_cluster_id` of GET /. */
  clusterId(): Promise<string>;
  /** Creates the topics that do not exist; an existing topic stays as it is. `onRetry`: as for `writer`. */
  ensureTopics(topics: readonly TopicSpec[], abort: AbortSignal, onRetry?: OnRetry): Promise<void>;
  /** Descriptions of the topics that exist among those named; all user topics where none are named. */
  describeTopics(names?: readonly string[]): Promise<readonly TopicDescription[]>;
  /** Of each partition of the topics its first record that is not older, or its end where all are. Throws SluiceError TOPIC_UNKNOWN. */
  offsetsAt(topics: readonly string[], timestampMs: number, abort: AbortSignal): Promise<readonly PartitionOffset[]>;
  deleteTopics(names: readonly string[]): Promise<void>;
  /**
   * Writes a record without a key to the one partition of a topic, in no transaction. Left out: the ends of this log's transactions take no offsets,
   * so nobody needs it.
   */
  writeAlone?(topic: string, value: Uint8Array): Promise<void>;
  /** Deletes what lies before an offset in the one partition of a topic. Throws SluiceError TOPIC_UNKNOWN. */
  truncate(topic: string, before: bigint): Promise<void>;
  /**
   * Fences the task's former owner first, then reads its offsets (invariant 3). `onRetry` hears, as long as the writer is open, of what a
   * log that is away makes it try again before it gives up.
   */
  writer(task: TaskId, options: WriterOptions, abort: AbortSignal, onRetry?: OnRetry): Promise<LogWriter>;
  /** No group: `sluice log`, replay, schema history. Only what is committed. */
  read(range: ReadRange, abort: AbortSignal): AsyncIterable<readonly LogRecord[]>;
  /**
   * A new member of a consumer group; it joins when its events are asked for. The caller disposes it: only then does it leave. Throws
   * CONFIG_INVALID, naming the options, where it cannot honour `overrides`.
   */
  consumer(options: ConsumerOptions): LogConsumer;
  readonly groups: ConsumerGroups;
  readonly connectors: ConnectorStore;
  /** The workers that share the connectors; null where the log has one worker, its owner. */
  readonly workerGroup: WorkerGroup | null;
}

/** Connect's target states of a connector. */
export type TargetState = 'STARTED' | 'PAUSED' | 'STOPPED';

/** A connector as it is stored: its config as it was given (provider placeholders unresolved). */
export type StoredConnector = {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  readonly targetState: TargetState;
};

/**
 * Configs, target states, offsets and topics of connectors: on Kafka in Connect's own topics and formats (config, offset and
 * status storage), so that a worker can take over from Kafka Connect.
 */
export interface ConnectorStore {
  list(): Promise<readonly StoredConnector[]>;
  /** With a target state both are stored together; without, the stored one stays, and a new connector is STARTED. */
  putConfig(name: string, config: Readonly<Record<string, string>>, targetState?: TargetState): Promise<void>;
  /** Of a connector that is stored. */
  putTargetState(name: string, state: TargetState): Promise<void>;
  /** Config and target state go; its offsets stay, as in Connect. */
  remove(name: string): Promise<void>;
  /** A connector's source offsets, all tasks. */
  offsets(name: string): Promise<readonly SourceOffset[]>;
  /** Replaces (or with null deletes) the offsets named; the connector's tasks must be stopped, and are fenced. */
  alterOffsets(name: string, offsets: readonly SourceOffset[]): Promise<void>;
  /** The topics the connector has written to since creation or the last reset (KIP-558). */
  activeTopics(name: string): Promise<readonly string[]>;
  addActiveTopics(name: string, topics: readonly string[]): Promise<void>;
  resetActiveTopics(name: string): Promise<void>;
  /**
   * Publishes a connector's or task's state where others look for it (Connect's status topic); the embedded log keeps the last one. With
   * `claims` as its new owner; without, it is left out where another worker has claimed it since (Connect's putSafe).
   */
  putStatus(
    name: string,
    task: number | null,
    status: { readonly state: string; readonly trace: string | null; readonly claims?: boolean },
  ): Promise<void>;
}
