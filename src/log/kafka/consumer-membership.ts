import { setTimeout as pause } from 'node:timers/promises';
import { SluiceError, type TopicPartition } from '../../contract/index.ts';
import { type AssignmentStrategy, assignmentStrategies } from '../partition-assignment.ts';
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from './consumer-protocol.ts';
import { brokerAnswer, isRepeatable, kafkaError } from './errors.ts';
import type { ObservedTopic } from './topic-eras.ts';
import type { GroupRequests, GroupTimes, Joined, Membership } from './worker-group-requests.ts';

/** Pauses between attempts to join; each is twice as long as the one before. */
const joinDelayMsFirst = 100;
const joinDelayMsMax = 2_000;
/** How long joining may fail before it is given up. */
const joinMsMax = 60_000;

const notMember = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID']);

export type MembershipParts = {
  readonly groupId: string;
  readonly strategy: AssignmentStrategy;
  readonly times: GroupTimes;
  readonly requests: Pick<GroupRequests, keyof GroupRequests>;
  /** The topics this member subscribes to, as they are now. */
  topics(): Promise<readonly ObservedTopic[]>;
  /** Any topics, as they are now: for the leader, whose members may want others. */
  observe(names: readonly string[]): Promise<readonly ObservedTopic[]>;
  /** Since when (performance.now()) the caller has dealt with one event; null while it asks for the next one. */
  busySinceMs(): number | null;
  /** There is something new to see in `state`. */
  changed(): void;
};

/** What a generation gives this member. */
export type Generation = Membership & {
  readonly partitions: readonly TopicPartition[];
  /** What this member has subscribed to, as it was when it joined. */
  readonly topics: readonly ObservedTopic[];
};

/**
 * A consumer's place in its group, by Kafka's classic protocol with eager rebalances: whoever joins again has given up all its partitions before.
 * Tells the coordinator that it lives from the moment it has joined until it leaves, whatever the caller does meanwhile, as long as that takes no
 * longer than the rebalance timeout (max.poll.interval.ms).
 */
export class ConsumerMembership implements AsyncDisposable {
  readonly #parts: MembershipParts;
  #member = '';
  #generation = -1;
  /** `rejoin`: all partitions are to be let go of; `lost`: they are somebody else's already. */
  #state: 'out' | 'stable' | 'rejoin' | 'lost' = 'out';
  #beating: AbortController | null = null;
  #lost = new AbortController();

  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  get state() {
    return this.#state;
  }

  /** Aborted when what is owned now is lost. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** By which offsets are committed. */
  get membership(): Membership {
    return { member: this.#member, generation: this.#generation };
  }

  /** What is owned is let go of in due form. */
  requestRejoin(): void {
    if (this.#state !== 'stable') return;
    this.#state = 'rejoin';
    this.#parts.changed();
  }

  /** Joins, or joins again; null once ended. Rejects LOG_REFUSED, or LOG_UNAVAILABLE after a minute. */
  async join(ended: AbortSignal): Promise<Generation | null> {
    this.#beating?.abort();
    this.#state = 'out';
    const deadline = performance.now() + joinMsMax;
    for (let delayMs = joinDelayMsFirst; !ended.aborted; delayMs = Math.min(joinDelayMsMax, delayMs * 2)) {
      try {
        const joined = await unlessEnded(this.#joinOnce(), ended);
        if (joined === null) return null;
        this.#state = 'stable';
        this.#lost = new AbortController();
        this.#beat();
        return joined;
      } catch (error) {
        const answer = brokerAnswer(error)?.answer ?? '';
        if (answer === 'UNKNOWN_MEMBER_ID' || answer === 'FENCED_INSTANCE_ID') this.#member = '';
        if (notMember.has(answer) || answer === 'REBALANCE_IN_PROGRESS') delayMs = joinDelayMsFirst;
        else if (!isRepeatable(error) || performance.now() > deadline) throw this.#failure(error);
        if (answer !== 'REBALANCE_IN_PROGRESS') await pause(delayMs, undefined, { signal: ended }).catch(() => {});
      }
    }
    return null;
  }

  /** Leaves at once, so that others need not wait for the session to run out. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leave('The consumer is closed.');
  }

  async #joinOnce(): Promise<Generation> {
    const { strategy, requests } = this.#parts;
    const topics = await this.#parts.topics();
    const subscription = encodeSubscription(topics.map(({ topic }) => topic));
    const joined = await requests.join(this.#member, strategy, subscription, member => {
      this.#member = member;
    });
    this.#member = joined.member;
    const assignments = joined.leader === joined.member ? await this.#assign(joined, topics) : [];
    const partitions = decodeAssignment(await requests.sync(joined, joined.protocol, assignments));
    this.#generation = joined.generation;
    return { member: joined.member, generation: joined.generation, partitions, topics };
  }

  /** As the leader. */
  async #assign({ members }: Joined, own: readonly ObservedTopic[]) {
    const subscribers = members.map(({ member, metadata }) => ({ member, topics: decodeSubscription(metadata) }));
    const known = new Map(own.map(({ topic, partitions }) => [topic, partitions]));
    const others = [...new Set(subscribers.flatMap(({ topics }) => topics))].filter(topic => !known.has(topic));
    for (const { topic, partitions } of await this.#parts.observe(others)) known.set(topic, partitions);
    const shares = assignmentStrategies[this.#parts.strategy](subscribers, known);
    return members.map(({ member }) => ({ memberId: member, assignment: encodeAssignment(shares.get(member) ?? []) }));
  }

  #beat(): void {
    const beating = new AbortController();
    this.#beating = beating;
    void this.#beatUntil(beating.signal);
  }

  async #beatUntil(stop: AbortSignal): Promise<void> {
    const { requests, times } = this.#parts;
    let lastHeardMs = performance.now();
    while (!stop.aborted) {
      await pause(times.heartbeatMs, undefined, { signal: stop }).catch(() => {});
      if (stop.aborted) return;
      const busySinceMs = this.#parts.busySinceMs();
      if (busySinceMs !== null && performance.now() - busySinceMs > times.rebalanceTimeoutMs) {
        this.#lose(stop);
        await this.#leave('The consumer has taken longer than max.poll.interval.ms.');
        return;
      }
      try {
        await requests.heartbeat(this.membership);
        lastHeardMs = performance.now();
      } catch (error) {
        if (stop.aborted) return;
        const answer = brokerAnswer(error)?.answer ?? '';
        if (answer === 'REBALANCE_IN_PROGRESS') this.requestRejoin();
        else if (notMember.has(answer)) {
          if (answer !== 'ILLEGAL_GENERATION') this.#member = '';
          return this.#lose(stop);
        }
        // Nobody has answered for so long that the coordinator has counted this member out, wherever it is.
        else if (performance.now() - lastHeardMs > times.sessionTimeoutMs) return this.#lose(stop);
      }
    }
  }

  #lose(stop: AbortSignal): void {
    if (stop.aborted) return;
    this.#beating?.abort();
    this.#generation = -1;
    this.#state = 'lost';
    this.#lost.abort();
    this.#parts.changed();
  }

  async #leave(reason: string): Promise<void> {
    this.#beating?.abort();
    if (this.#state !== 'lost') this.#state = 'out';
    const member = this.#member;
    this.#member = '';
    // Where nobody answers, the session runs out.
    if (member !== '') await this.#parts.requests.leave([member], reason).catch(() => {});
  }

  #failure(error: unknown): SluiceError {
    const { groupId } = this.#parts;
    if (brokerAnswer(error)?.answer === 'INCONSISTENT_GROUP_PROTOCOL')
      return new SluiceError(
        'LOG_REFUSED',
        `Group ${groupId} has members of another kind, or with another partition.assignment.strategy: Kafka lets only one kind in at a time.`,
        { remedy: 'Stop those members first, or give the connector another name.', cause: error },
      );
    return kafkaError(`be a member of group ${groupId}`, error);
  }
}

/** Null once ended, whatever the broker is waiting for. */
async function unlessEnded<T>(answer: Promise<T>, ended: AbortSignal): Promise<T | null> {
  const end = Promise.withResolvers<null>();
  const stop = () => end.resolve(null);
  if (ended.aborted) stop();
  ended.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([answer, end.promise]);
  } finally {
    ended.removeEventListener('abort', stop);
    answer.catch(() => {});
  }
}
