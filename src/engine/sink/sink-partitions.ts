import {
  type AssignedPartition,
  type PartitionLag,
  type PartitionOffset,
  recordVersion,
  type TopicPartition,
} from '../../contract/index.ts';
import type { PartitionProgress } from './sink-task-plan.ts';

/** One partition of a task, from its assignment to its revocation. Offsets are of the next record. */
export class OwnedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly era: number;
  /** What the consumer has given out. */
  given: bigint;
  /** Everything before it is durable in the target or accounted for. */
  applied: bigint;
  /** What the group's offset is known to be. */
  committed: bigint;

  constructor({ topic, partition, offset, era }: AssignedPartition) {
    [this.topic, this.partition, this.era] = [topic, partition, era];
    [this.given, this.applied, this.committed] = [offset, offset, offset];
  }

  versionOf(offset: bigint): bigint {
    return recordVersion(this.era, offset);
  }

  seek(offset: bigint): void {
    [this.given, this.applied] = [offset, offset];
  }
}

/** The partitions a task owns. */
export class OwnedPartitions {
  readonly #byTopic = new Map<string, OwnedPartition[]>();
  /** The consumer's own view. */
  readonly #lag: () => readonly PartitionLag[];

  constructor(lag: () => readonly PartitionLag[]) {
    this.#lag = lag;
  }

  all(): readonly OwnedPartition[] {
    return [...this.#byTopic.values()].flatMap(partitions => Object.values(partitions));
  }

  add(assigned: AssignedPartition): void {
    const partitions = this.#byTopic.get(assigned.topic) ?? [];
    partitions[assigned.partition] = new OwnedPartition(assigned);
    this.#byTopic.set(assigned.topic, partitions);
  }

  remove({ topic, partition }: TopicPartition): void {
    const partitions = this.#byTopic.get(topic);
    if (partitions === undefined) return;
    delete partitions[partition];
    if (Object.keys(partitions).length === 0) this.#byTopic.delete(topic);
  }

  get(topic: string, partition: number): OwnedPartition | null {
    return this.#byTopic.get(topic)?.[partition] ?? null;
  }

  /** Those of the offsets that are still this task's and say something new. */
  uncommitted(): readonly PartitionOffset[] {
    return this.all().flatMap(({ topic, partition, applied, committed }) =>
      applied > committed ? [{ topic, partition, offset: applied }] : [],
    );
  }

  committed(offsets: readonly PartitionOffset[]): void {
    for (const { topic, partition, offset } of offsets) {
      const owned = this.get(topic, partition);
      if (owned !== null && owned.committed < offset) owned.committed = offset;
    }
  }

  /** How far the task is in each. */
  partitions(): readonly PartitionProgress[] {
    const lags = this.#lag();
    return this.all().map(({ topic, partition, era, given, applied }) => {
      const lag = lags.find(known => known.topic === topic && known.partition === partition);
      const behind = given - applied;
      // With nothing in hand, what the consumer has passed over (markers of transactions) is behind this task as well.
      const reached = behind === 0n && lag !== undefined && lag.position > applied ? lag.position : applied;
      return { topic, partition, era, applied: reached, lagRecords: (lag?.records ?? 0n) + behind };
    });
  }
}
