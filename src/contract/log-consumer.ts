import type { LogRecord } from './event-log.ts';

export type TopicPartition = { readonly topic: string; readonly partition: number };

/** A place in a partition. As a group's offset: of the next record to be read. */
export type PartitionOffset = TopicPartition & { readonly offset: bigint };

/** What a member of a group has used up, to become durable with an append (Kafka's TxnOffsetCommit with the member's generation, KIP-447). */
export type Consumed = {
  readonly group: string;
  readonly member: string;
  readonly generation: number;
  /** By partition, the offset of the next record to be read. */
  readonly next: readonly PartitionOffset[];
};

export type ConsumerOptions = {
  readonly group: string;
  /** Topics by name, or all (internal ones apart) whose whole name the pattern matches. One that does not exist (yet) joins when it is made. */
  readonly topics: readonly string[] | RegExp;
  /** Where a partition without a committed offset begins, also one whose committed offset has been cleaned away. */
  readonly reset: 'earliest' | 'latest' | 'none';
  /** Bytes read ahead of what `events` was asked for: the one bound of the consumer's memory. */
  readonly bufferBytesMax: number;
  /** Most records of one `records` event (`max.poll.records`). */
  readonly recordsMax: number;
  /** `consumer.override.*`. */
  readonly overrides: Readonly<Record<string, string>>;
};

/** A partition as its new owner gets it. */
export type AssignedPartition = TopicPartition & {
  /** Where reading goes on: the group's committed offset, or what `reset` says. */
  readonly offset: bigint;
  /**
   * Rises when the topic is made again or gets more partitions, also when the log itself was lost: the upper part of a record's version
   * (`recordVersion`). From 0 to 2^19 - 1; offsets are below 2^44.
   */
  readonly era: number;
};

/**
 * What a consumer tells, in order. Before the next event is asked for, the one before must be dealt with: after `revoked` everything
 * read of those partitions is durable and committed, or given up; with `lost` it is too late for that, and a commit would be refused.
 */
export type ConsumerEvent =
  | { readonly type: 'assigned'; readonly partitions: readonly AssignedPartition[]; readonly generation: number }
  | { readonly type: 'revoked'; readonly partitions: readonly TopicPartition[]; readonly lost: boolean }
  | { readonly type: 'records'; readonly records: readonly LogRecord[] };

/** How far a member has got in a partition. */
export type PartitionLag = TopicPartition & { readonly position: bigint; readonly records: bigint };

/** One member of a consumer group: only what is committed, each partition in order, every partition owned by one member. */
export interface LogConsumer extends AsyncDisposable {
  /**
   * Joins the group and reads until aborted; called once. Heartbeats go on between events however long the caller takes (bounded by
   * `max.poll.interval.ms`, after which the partitions are `lost`: who must wait for longer pauses it and asks for the next event), and still
   * after the end until the consumer is disposed, so that what was read can be committed. A rebalance takes all partitions from all members and then assigns all of them anew. Rejects
   * LOG_UNAVAILABLE, LOG_REFUSED, and OFFSET_UNKNOWN where `reset` is `none` and there is no offset to go on from.
   */
  events(abort: AbortSignal): AsyncIterable<ConsumerEvent>;
  /**
   * From here on `events` tells only what becomes of the partitions, and hands out no records: for a caller that can take none for as long as
   * its target is away, and stays a member by asking for the next event all the same. What was asked for before may still bring records.
   */
  pause(): void;
  /** Hands out records again, from where it was. */
  resume(): void;
  /** Commits offsets as this member. Rejects FENCED where the partitions belong to another member by now. */
  commit(next: readonly PartitionOffset[]): Promise<void>;
  /** The same as what an append takes along. */
  consumed(next: readonly PartitionOffset[]): Consumed;
  /** Goes on reading elsewhere in owned partitions; what was read ahead of it is forgotten. */
  seek(to: readonly PartitionOffset[]): Promise<void>;
  /**
   * By owned partition: `position`, before which everything has been given out (past what is no record too, such as the markers of
   * transactions, so that it reaches the partition's end), and how many records there are from it to the end.
   */
  lag(): readonly PartitionLag[];
}

/** Consumer groups from outside: what REST and the command line ask and change. */
export interface ConsumerGroups {
  /** A group's committed offsets, all topics; empty for a group nobody knows. */
  offsets(group: string): Promise<readonly PartitionOffset[]>;
  /** Sets offsets, or with null deletes them. The group must have no members; throws LOG_REFUSED where it has. */
  alterOffsets(group: string, offsets: readonly (TopicPartition & { readonly offset: bigint | null })[]): Promise<void>;
  /** Deletes the group with all its offsets; a group nobody knows is none. Throws LOG_REFUSED where it has members. */
  remove(group: string): Promise<void>;
}
