import {
  type Connection,
  type ConnectionPool,
  describeGroupsV3,
  describeGroupsV4,
  describeGroupsV5,
  heartbeatV3,
  heartbeatV4,
  joinGroupV5,
  joinGroupV6,
  joinGroupV7,
  joinGroupV8,
  joinGroupV9,
  leaveGroupV3,
  leaveGroupV4,
  leaveGroupV5,
  ResponseError,
  syncGroupV3,
  syncGroupV4,
  syncGroupV5,
} from './client.ts';
import { Cluster } from './cluster.ts';
import type { KafkaConnection } from './connection-config.ts';
import { brokerAnswer } from './errors.ts';
import { GroupCoordinator } from './group-coordinator.ts';

const joins = { 5: joinGroupV5.api, 6: joinGroupV6.api, 7: joinGroupV7.api, 8: joinGroupV8.api, 9: joinGroupV9.api };
const syncs = { 3: syncGroupV3.api, 4: syncGroupV4.api, 5: syncGroupV5.api };
const heartbeats = { 3: heartbeatV3.api, 4: heartbeatV4.api };
const leaves = { 3: leaveGroupV3.api, 4: leaveGroupV4.api, 5: leaveGroupV5.api };
const describes = { 3: describeGroupsV3.api, 4: describeGroupsV4.api, 5: describeGroupsV5.api };

/** A broker answers a join when all members have come, at the latest after the rebalance timeout; so much more for the way. */
const rebalanceGraceMs = 10_000;

export type GroupTimes = { readonly sessionTimeoutMs: number; readonly heartbeatMs: number; readonly rebalanceTimeoutMs: number };

/** What a member is known by in one generation of its group. */
export type Membership = { readonly member: string; readonly generation: number };

/** The answer to a join. The leader has everybody's metadata, the others nobody's. */
export type Joined = Membership & {
  readonly leader: string;
  readonly protocol: string;
  readonly members: readonly { readonly member: string; readonly metadata: Buffer }[];
};

/** A member as a broker describes it. */
export type DescribedMember = { readonly member: string; readonly clientId: string };

/**
 * The requests of Kafka's classic group protocol, each tried once: to the group's coordinator, which is looked up again after an answer that
 * says it has moved, or none. What to do then is the caller's to decide. Owns its connections: a join is held back by the broker until all
 * members have come, and a connection's requests are answered in their order, so joins have one of their own.
 */
export class GroupRequests implements AsyncDisposable {
  readonly #groupId: string;
  readonly #protocolType: string;
  readonly #times: GroupTimes;
  readonly #patient: Cluster;
  readonly #prompt: Cluster;
  readonly #joining: ConnectionPool;
  readonly #telling: ConnectionPool;
  readonly #coordinator: GroupCoordinator;

  constructor(connection: KafkaConnection, groupId: string, protocolType: string, times: GroupTimes) {
    this.#groupId = groupId;
    this.#coordinator = new GroupCoordinator(groupId);
    this.#protocolType = protocolType;
    this.#times = times;
    const { requestTimeoutMs } = connection;
    this.#patient = new Cluster({ ...connection, requestTimeoutMs: times.rebalanceTimeoutMs + rebalanceGraceMs });
    // Who has not answered within a session is asked again elsewhere, while there may be a session left.
    this.#prompt = new Cluster({ ...connection, requestTimeoutMs: Math.min(requestTimeoutMs, Math.ceil(times.sessionTimeoutMs / 2)) });
    this.#joining = this.#patient.newPool(1);
    this.#telling = this.#prompt.newPool(5);
  }

  /** Joins. `member` is empty for one that has never joined: it is given its name first (`onMember`), and joins with it (KIP-394). */
  async join(member: string, protocol: string, metadata: Buffer, onMember: (member: string) => void): Promise<Joined> {
    try {
      return await this.#join(member, protocol, metadata);
    } catch (error) {
      if (member !== '' || brokerAnswer(error)?.answer !== 'MEMBER_ID_REQUIRED') throw error;
      const given = memberOf(error);
      if (given === null) throw error;
      onMember(given);
      return await this.#join(given, protocol, metadata);
    }
  }

  /** Answers this member's assignment; the leader brings everybody's. */
  async sync(
    { member, generation }: Membership,
    protocol: string,
    assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[],
  ): Promise<Buffer> {
    const answer = await this.#asked(this.#patient, this.#joining, 'SyncGroup', syncs, (api, connection) =>
      api.async(connection, this.#groupId, generation, member, null, this.#protocolType, protocol, [...assignments]),
    );
    return answer.assignment;
  }

  async heartbeat({ member, generation }: Membership): Promise<void> {
    await this.#asked(this.#prompt, this.#telling, 'Heartbeat', heartbeats, (api, connection) =>
      api.async(connection, this.#groupId, generation, member, null),
    );
  }

  /** Takes members out of the group: oneself, or one that is known to be gone. */
  async leave(members: readonly string[], reason: string): Promise<void> {
    await this.#asked(this.#prompt, this.#telling, 'LeaveGroup', leaves, (api, connection) =>
      api.async(
        connection,
        this.#groupId,
        members.map(memberId => ({ memberId, groupInstanceId: null, reason })),
      ),
    );
  }

  /** Who is in the group, whatever kind of member. */
  async members(): Promise<readonly DescribedMember[]> {
    const { groups } = await this.#asked(this.#prompt, this.#telling, 'DescribeGroups', describes, (api, connection) =>
      api.async(connection, [this.#groupId], false),
    );
    return (groups[0]?.members ?? []).map(({ memberId, clientId }) => ({ member: memberId, clientId }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#patient, this.#prompt].map(cluster => cluster[Symbol.asyncDispose]()));
  }

  async #join(member: string, protocol: string, metadata: Buffer): Promise<Joined> {
    const { sessionTimeoutMs, rebalanceTimeoutMs } = this.#times;
    const answer = await this.#asked(this.#patient, this.#joining, 'JoinGroup', joins, (api, connection) =>
      api.async(connection, this.#groupId, sessionTimeoutMs, rebalanceTimeoutMs, member, null, this.#protocolType, [
        { name: protocol, metadata },
      ]),
    );
    const members = answer.members.map(other => ({ member: other.memberId, metadata: other.metadata }));
    const protocolName = answer.protocolName ?? protocol;
    return { member: answer.memberId, generation: answer.generationId, leader: answer.leader, protocol: protocolName, members };
  }

  #asked<Api, Answer>(
    cluster: Cluster,
    pool: ConnectionPool,
    name: string,
    apis: Readonly<Record<number, Api>>,
    ask: (api: Api, connection: Connection) => Promise<Answer>,
  ): Promise<Answer> {
    return this.#coordinator.ask(cluster, pool, name, apis, ask);
  }
}

/** The name that a broker gives a new member along with MEMBER_ID_REQUIRED. */
function memberOf(error: unknown): string | null {
  for (let part: unknown = error; part instanceof Error; part = part.cause) {
    const response: unknown = part instanceof ResponseError ? part['response'] : undefined;
    if (typeof response === 'object' && response !== null && 'memberId' in response && typeof response.memberId === 'string')
      return response.memberId;
  }
  return null;
}
