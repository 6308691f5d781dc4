import { type PartitionOffset, SluiceError, type TopicPartition } from '../../contract/index.ts';
import { type AssignmentStrategy, assignmentStrategies } from '../partition-assignment.ts';
import type { GroupPartition } from './group-tables.ts';

/** A member as its group sees it. */
export type GroupMember = {
  readonly id: string;
  readonly strategy: AssignmentStrategy;
  /** How long it may take over one event while others wait. */
  readonly pollMsMax: number;
  /** When (performance.now()) it was handed the event that it still deals with; null while it asks for the next one. */
  readonly busySinceMs: number | null;
  wants(topic: string): boolean;
  /** It is to let go of its partitions, or has lost them. */
  wake(): void;
};

/** What a member gets: the partitions, and where the group stands in them. */
export type Assignment = {
  readonly generation: number;
  readonly partitions: readonly GroupPartition[];
  readonly committed: readonly PartitionOffset[];
};

/** What a group needs of the log. */
export type GroupStore = {
  partitions(matches: (topic: string) => boolean): readonly GroupPartition[];
  offsets(group: string): readonly PartitionOffset[];
  generation(group: string): number;
  /** Makes a new generation durable, behind every commit that was sent before. */
  raiseGeneration(group: string): Promise<void>;
};

type Membership = {
  readonly member: GroupMember;
  holds: boolean;
  waiting: { resolve(assignment: Assignment): void; reject(error: unknown): void } | null;
};

/**
 * One consumer group within this process: Kafka's eager rebalance without the network. When a member comes or goes, or topics do, all let go of
 * their partitions; when the last one has, a new generation is made durable and the partitions are assigned anew.
 */
export class ConsumerGroup {
  readonly #name: string;
  readonly #store: GroupStore;
  readonly #members = new Map<string, Membership>();
  #rebalancing = false;
  #sharing = false;
  #patience: NodeJS.Timeout | null = null;
  /** The partitions there were when they were assigned last. */
  #shared = '';

  constructor(name: string, store: GroupStore) {
    this.#name = name;
    this.#store = store;
  }

  get size(): number {
    return this.#members.size;
  }

  /** Whether a member is to let go of its partitions. */
  get rebalancing(): boolean {
    return this.#rebalancing;
  }

  holds(member: GroupMember): boolean {
    return this.#members.get(member.id)?.holds ?? false;
  }

  /** Joins, or says that everything held is let go of; resolves with the next assignment. Rejects LOG_UNAVAILABLE, LOG_FULL. */
  nextAssignment(member: GroupMember): Promise<Assignment> {
    return new Promise((resolve, reject) => {
      const known = this.#members.has(member.id);
      this.#members.set(member.id, { member, holds: false, waiting: { resolve, reject } });
      if (!known) this.#rebalance();
      this.#shareOnceAllWait();
    });
  }

  leave(member: GroupMember): void {
    const membership = this.#members.get(member.id);
    if (!membership) return;
    this.#members.delete(member.id);
    membership.waiting?.reject(new SluiceError('LOG_UNAVAILABLE', `The consumer of group ${this.#name} is closed.`));
    if (this.#members.size > 0) this.#rebalance();
    else this.#stopWaiting();
    this.#shareOnceAllWait();
  }

  /** Topics may have come or gone. */
  topicsChanged(): void {
    if (this.#members.size > 0 && !this.#rebalancing && fingerprintOf(this.#partitions()) !== this.#shared) this.#rebalance();
  }

  #rebalance(): void {
    this.#rebalancing = true;
    for (const { member, holds } of this.#members.values()) if (holds) member.wake();
    this.#wait();
  }

  /** Puts out who has taken too long over an event, and looks again when the next one may have. */
  #wait(): void {
    this.#stopWaiting();
    const nowMs = performance.now();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [id, { member, holds }] of this.#members) {
      if (!holds) continue;
      const leftMs = (member.busySinceMs ?? nowMs) + member.pollMsMax - nowMs;
      if (leftMs > 0) nextMs = Math.min(nextMs, leftMs);
      else {
        this.#members.delete(id);
        member.wake();
      }
    }
    if (nextMs < Number.POSITIVE_INFINITY)
      this.#patience = setTimeout(
        () => {
          this.#wait();
          this.#shareOnceAllWait();
        },
        Math.min(Math.ceil(nextMs), 2 ** 31 - 1),
      ).unref();
  }

  #stopWaiting(): void {
    if (this.#patience) clearTimeout(this.#patience);
    this.#patience = null;
  }

  #shareOnceAllWait(): void {
    if (this.#sharing || this.#members.size === 0 || [...this.#members.values()].some(({ waiting }) => waiting === null)) return;
    this.#sharing = true;
    void this.#share().finally(() => {
      this.#sharing = false;
      this.#shareOnceAllWait();
    });
  }

  async #share(): Promise<void> {
    try {
      await this.#store.raiseGeneration(this.#name);
      // Who has joined meanwhile is among them.
      const memberships = [...this.#members.values()];
      const partitions = this.#partitions();
      const shares = this.#shares(partitions);
      const generation = this.#store.generation(this.#name);
      const committed = this.#store.offsets(this.#name);
      // Of what is shared: a topic that has been made since would be taken for one that somebody has.
      this.#shared = fingerprintOf(partitions);
      this.#rebalancing = false;
      this.#stopWaiting();
      for (const membership of memberships) {
        const keys = new Set(shares.get(membership.member.id)?.map(keyOf));
        const { waiting } = membership;
        membership.waiting = null;
        membership.holds = true;
        waiting?.resolve({ generation, partitions: partitions.filter(partition => keys.has(keyOf(partition))), committed });
      }
    } catch (thrown) {
      for (const { waiting } of this.#members.values()) waiting?.reject(thrown);
      this.#members.clear();
    }
  }

  #partitions(): readonly GroupPartition[] {
    const members = [...this.#members.values()].map(({ member }) => member);
    return this.#store.partitions(topic => members.some(member => member.wants(topic)));
  }

  #shares(partitions: readonly GroupPartition[]): ReadonlyMap<string, readonly TopicPartition[]> {
    const counts = new Map<string, number>();
    for (const { topic } of partitions) counts.set(topic, (counts.get(topic) ?? 0) + 1);
    const members = [...this.#members.values()].map(({ member }) => member);
    const subscribers = members.map(member => ({ member: member.id, topics: [...counts.keys()].filter(topic => member.wants(topic)) }));
    return assignmentStrategies[members[0]?.strategy ?? 'roundrobin'](subscribers, counts);
  }
}

function fingerprintOf(partitions: readonly GroupPartition[]): string {
  return JSON.stringify(partitions.map(({ id }) => id));
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition} ${topic}`;
}
