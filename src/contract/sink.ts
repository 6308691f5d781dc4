import type { SluiceError } from './errors.ts';
import type { Consumed, PartitionOffset, TopicPartition } from './log-consumer.ts';
import type { ConnectRecord } from './record.ts';
import type { CheckResult } from './source.ts';

/**
 * A record as it comes to a sink: converted and transformed, with its place in the log. `topic` and `partition` are those it has after the
 * transforms; the place is the log's (Connect's originalTopic, KIP-793).
 */
export type SinkRecord = ConnectRecord & {
  readonly place: PartitionOffset;
  /**
   * The engine's order of a key's records, greater for a later one (invariant 4): its offset, under an era that rises when the topic is
   * made again or gets more partitions (`recordVersion`). From 0 to 2^63 - 1, so that it fits an external version of Elasticsearch and a BIGINT.
   */
  readonly version: bigint;
};

/** Bits of a version that are the offset's. */
const offsetBits = 44n;

/** The version of a record at this offset of a partition in this era. */
export function recordVersion(era: number, offset: bigint): bigint {
  return (BigInt(era) << offsetBits) | offset;
}

/** The era of a version. */
export function eraOf(version: bigint): number {
  return Number(version >> offsetBits);
}

/** The offset of a version. */
export function offsetOf(version: bigint): bigint {
  return version & ((1n << offsetBits) - 1n);
}

/** Records of some partitions, each partition's in its order. */
export type SinkBatch = {
  readonly records: readonly SinkRecord[];
  /** `replay`: sent again beside the live flow, whose offsets do not move. */
  readonly mode: 'live' | 'replay';
  /** What of the log is used up when this batch is durable: for a target that keeps the offsets itself. Null in a replay. */
  readonly consumed: Consumed | null;
  /** Set in a replay into a sink that holds state: each record is the latest of its key in the log. */
  readonly states?: ReplayedStates;
};

/** What a replay of states knows of the log, for a target whose own versions do not tell what is newer. */
export type ReplayedStates = {
  /** The group of the live flow. */
  readonly group: string;
  /**
   * Those of the batch's records of whose key the log by now has a later one, as far as a version of the same partition: a target that has been
   * written up to there holds that one, and must not be taken back. Rejects as a read of the log does.
   */
  superseded(records: readonly { readonly record: SinkRecord; readonly upTo: bigint }[]): Promise<ReadonlySet<SinkRecord>>;
};

/** What became of a batch: durable in the target, apart from the records that failed. */
export type SinkResult = {
  /** Records to publish with the group's offset, in one transaction of the log. */
  readonly publish: readonly ConnectRecord[];
  /** Records the target refused, by their index in the batch: their error policy decides. All others are durable. */
  readonly failed: readonly { readonly index: number; readonly error: SluiceError }[];
};

/** Partitions that a sink's task owns from now on. */
export type SinkAssignment = {
  readonly group: string;
  /** Rises with every assignment of the group: a target that keeps offsets refuses writes of an older one. */
  readonly generation: number;
  /** `era`: as in the versions of a partition's records. An offset that was kept in another one says nothing. */
  readonly partitions: readonly (TopicPartition & { readonly era: number })[];
};

/** One task of a sink connector. One owner; disposing ends its connections. Everything moves in batches. */
export interface Sink extends AsyncDisposable {
  /**
   * Whether its target holds the state of each record's key, so that a replay sends a key's latest record alone. Left out or false, it causes
   * effects: a replay sends the records as they were.
   */
  readonly holdsState?: boolean;
  /** Set where its results may hold records to publish: the task then owns its place in the log from its start. */
  readonly publishes?: true;
  /** Everything a start needs: reachable, allowed, fitting. All faults at once. Changes nothing in the target. */
  check(abort: AbortSignal): Promise<readonly CheckResult[]>;
  /**
   * Called before the first write and after each change of the task's partitions. A target that keeps offsets itself answers where each
   * partition goes on (those left out: where the group's offset is); the others have no such method.
   */
  assign?(assignment: SinkAssignment, abort: AbortSignal): Promise<readonly PartitionOffset[]>;
  /**
   * Of a target that keeps offsets: forgets those of these partitions (null: of all), since the group's have been set from outside and count
   * from now on. What it knows of versions stays. Called while the group has no tasks; also before anything was ever assigned.
   */
  forgetOffsets?(group: string, partitions: readonly TopicPartition[] | null, abort: AbortSignal): Promise<void>;
  /**
   * Writes a batch; resolves when it is durable. Writing again what is there, or what is older than what is there, changes nothing
   * (invariant 4). In a replay a record goes over what stands at its own version: in a right target that changes nothing, a wrong one it heals.
   * Calls do not overlap. Throws a SluiceError where the target is away (`backoff`: the same batch comes again) or refuses
   * everything (`never`).
   */
  write(batch: SinkBatch, abort: AbortSignal): Promise<SinkResult>;
}
