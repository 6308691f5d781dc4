import { type Consumed, type PartitionOffset, SluiceError, type TopicPartition } from '../../contract/index.ts';
import {
  type ConnectionPool,
  deleteGroupsV0,
  deleteGroupsV1,
  deleteGroupsV2,
  describeGroupsV3,
  describeGroupsV4,
  describeGroupsV5,
  offsetCommitV8,
  offsetCommitV9,
  offsetDeleteV0,
  offsetFetchV8,
  offsetFetchV9,
} from './client.ts';
import type { Cluster } from './cluster.ts';
import { brokerAnswer, kafkaError } from './errors.ts';
import { GroupCoordinator } from './group-coordinator.ts';
import type { Membership } from './worker-group-requests.ts';

const fetches = { 8: offsetFetchV8.api, 9: offsetFetchV9.api };
const commits = { 8: offsetCommitV8.api, 9: offsetCommitV9.api };
const describes = { 3: describeGroupsV3.api, 4: describeGroupsV4.api, 5: describeGroupsV5.api };
const deletions = { 0: deleteGroupsV0.api, 1: deleteGroupsV1.api, 2: deleteGroupsV2.api };
const offsetDeletions = { 0: offsetDeleteV0.api };

/** As nobody's member, which a coordinator takes only while the group has none. */
const outside: Membership = { member: '', generation: -1 };
/** A transaction that commits offsets of the group is about to end. */
const unstable = ['UNSTABLE_OFFSET_COMMIT'];
/** How long it is waited for: at the latest its time-out ends it (transaction.timeout.ms, a minute unless set). */
const unstableMsMax = 120_000;
/** Answers to a commit that say that somebody else has the partitions by now, or will have. */
const fencedMember = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID', 'REBALANCE_IN_PROGRESS']);
const leaderEpochUnknown = -1;

/** The committed offsets of one group, at its coordinator. Requests are repeated as long as that is safe. */
export class GroupOffsets implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #pool: ConnectionPool;
  readonly #coordinator: GroupCoordinator;
  #committing: Promise<unknown> = Promise.resolve();

  constructor(cluster: Cluster, groupId: string) {
    this.#cluster = cluster;
    this.#coordinator = new GroupCoordinator(groupId);
    this.#pool = cluster.newPool(1);
  }

  /** All there are, those of transactions that are still open waited for. */
  async fetch(abort: AbortSignal): Promise<readonly PartitionOffset[]> {
    const { groupId } = this.#coordinator;
    const groups = [{ groupId, memberId: null, memberEpoch: -1, topics: null }];
    const fetch = () => this.#ask('OffsetFetch', fetches, (api, connection) => api.async(connection, groups, true));
    const answer = await this.#cluster.call(`read the offsets of group ${groupId}`, fetch, {
      abort,
      deadlineMs: unstableMsMax,
      passing: unstable,
    });
    return (answer.groups[0]?.topics ?? []).flatMap(({ name: topic, partitions }) =>
      partitions.flatMap(({ partitionIndex: partition, committedOffset: offset }) => (offset < 0n ? [] : [{ topic, partition, offset }])),
    );
  }

  /**
   * Commits as a member, one commit behind the other: one that is repeated must not come after a later one. Not repeated once `lost`: then the
   * partitions are somebody else's. Rejects FENCED.
   */
  commit(next: readonly PartitionOffset[], membership: Membership, lost?: AbortSignal): Promise<void> {
    const committing = this.#committing.catch(() => {}).then(() => this.#commit(next, membership, lost));
    this.#committing = committing;
    return committing;
  }

  /** Sets offsets from outside. Rejects LOG_REFUSED where the group has members. */
  async set(next: readonly PartitionOffset[]): Promise<void> {
    try {
      await this.commit(next, outside);
    } catch (error) {
      throw error instanceof SluiceError && error.code === 'FENCED' ? this.#hasMembers(error) : error;
    }
  }

  /** Deletes offsets from outside. */
  async delete(partitions: readonly TopicPartition[]): Promise<void> {
    const { groupId } = this.#coordinator;
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, parts]) => ({
      name,
      partitions: parts.map(({ partition }) => ({ partitionIndex: partition })),
    }));
    const remove = async () => {
      try {
        await this.#ask('OffsetDelete', offsetDeletions, (api, connection) => api.async(connection, groupId, topics));
      } catch (error) {
        if (brokerAnswer(error)?.answer !== 'GROUP_ID_NOT_FOUND') throw error;
      }
    };
    await this.#cluster.call(`delete offsets of group ${groupId}`, remove);
  }

  /** Deletes the group. Rejects LOG_REFUSED where it has members. */
  async removeGroup(): Promise<void> {
    const { groupId } = this.#coordinator;
    const remove = async () => {
      try {
        await this.#ask('DeleteGroups', deletions, (api, connection) => api.async(connection, [groupId]));
      } catch (error) {
        const answer = brokerAnswer(error)?.answer;
        if (answer === 'NON_EMPTY_GROUP') throw this.#hasMembers(error);
        if (answer !== 'GROUP_ID_NOT_FOUND') throw error;
      }
    };
    await this.#cluster.call(`delete group ${groupId}`, remove);
  }

  /** Rejects LOG_REFUSED where the group has members. */
  async requireNoMembers(): Promise<void> {
    const { groupId } = this.#coordinator;
    const describe = async () => {
      try {
        return await this.#ask('DescribeGroups', describes, (api, connection) => api.async(connection, [groupId], false));
      } catch (error) {
        if (brokerAnswer(error)?.answer === 'GROUP_ID_NOT_FOUND') return { groups: [] };
        throw error;
      }
    };
    const { groups } = await this.#cluster.call(`describe group ${groupId}`, describe);
    if ((groups[0]?.members ?? []).length > 0) throw this.#hasMembers(null);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster.closePool(this.#pool);
  }

  async #commit(next: readonly PartitionOffset[], { member, generation }: Membership, lost?: AbortSignal): Promise<void> {
    const { groupId } = this.#coordinator;
    const topics = offsetTopics(next);
    const commit = () =>
      this.#ask('OffsetCommit', commits, (api, connection) => api.async(connection, groupId, generation, member, null, topics));
    const doing = `commit offsets of group ${groupId}`;
    try {
      await this.#cluster.call(doing, commit, { final: ['UNKNOWN_TOPIC_OR_PARTITION'], ...(lost !== undefined && { abort: lost }) });
    } catch (error) {
      throw lost?.aborted || isFencedMember(error) ? fenced(groupId, error) : kafkaError(doing, error);
    }
  }

  #ask<Api, Answer>(
    name: string,
    apis: Readonly<Record<number, Api>>,
    ask: (api: Api, connection: Parameters<Parameters<GroupCoordinator['ask']>[4]>[1]) => Promise<Answer>,
  ): Promise<Answer> {
    return this.#coordinator.ask(this.#cluster, this.#pool, name, apis, ask);
  }

  #hasMembers(cause: unknown): SluiceError {
    return new SluiceError('LOG_REFUSED', `Group ${this.#coordinator.groupId} has members, so its offsets cannot be changed.`, {
      remedy: 'Stop the connector (everywhere), or the consumers that use its group.',
      ...(cause !== null && { cause }),
    });
  }
}

/** Offsets in the form in which requests have them. */
export function offsetTopics(next: readonly PartitionOffset[]) {
  return [...Map.groupBy(next, ({ topic }) => topic)].map(([name, parts]) => ({
    name,
    partitions: parts.map(({ partition, offset }) => ({
      partitionIndex: partition,
      committedOffset: offset,
      committedLeaderEpoch: leaderEpochUnknown,
      committedMetadata: '',
    })),
  }));
}

/** Commits what a member has consumed, without a transaction. Rejects FENCED. */
export async function commitConsumed(cluster: Cluster, { group, member, generation, next }: Consumed): Promise<void> {
  await using offsets = new GroupOffsets(cluster, group);
  await offsets.commit(next, { member, generation });
}

/** Whether a broker's answer says that a member's partitions are somebody else's by now. */
export function isFencedMember(error: unknown): boolean {
  return fencedMember.has(brokerAnswer(error)?.answer ?? '');
}

/** The error of a commit that comes too late. */
export function fenced(groupId: string, cause: unknown = null): SluiceError {
  return new SluiceError('FENCED', `Group ${groupId} has assigned its partitions anew: these offsets come too late.`, {
    remedy: 'The partitions’ new owner goes on at the committed offsets; nothing is lost.',
    ...(cause !== null && { cause }),
  });
}
