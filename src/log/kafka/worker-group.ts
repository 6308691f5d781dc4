import { setTimeout as pause } from 'node:timers/promises';
import {
  type GroupAssignment,
  type GroupListener,
  type GroupState,
  type GroupWorker,
  SluiceError,
  type StoredStates,
  type WorkerGroup,
} from '../../contract/index.ts';
import { brokerAnswer, isRepeatable, kafkaError } from './errors.ts';
import {
  assignmentOf,
  decodeMetadata,
  decodeSharing,
  earlyAssignment,
  encodeMetadata,
  encodeSharing,
  sharingOf,
} from './worker-group-messages.ts';
import type { GroupRequests, GroupTimes, Joined, Membership } from './worker-group-requests.ts';

/** Pauses between attempts to join; each is twice as long as the one before. */
const joinDelayMsFirst = 100;
const joinDelayMsMax = 5_000;

/** The coordinator does not take this process for a member, or not for one of this generation. */
const notMember = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID']);

/** The requests a member makes. */
type GroupCalls = Pick<GroupRequests, keyof GroupRequests>;

/** What the group knows of the log. */
export type GroupConnectors = {
  /** All connectors' names, as new as they can be. */
  names(): Promise<readonly string[]>;
  states(): Promise<ReadonlyMap<string, StoredStates>>;
  /** Calls back after every change, and once when it has begun; goes on until aborted, whatever happens to the log meanwhile. */
  follow(changed: () => void, abort: AbortSignal): Promise<void>;
};

export type WorkerGroupSettings = {
  readonly groupId: string;
  readonly worker: GroupWorker;
  /** What tells this worker, started again, from all others, whatever the group's state. */
  readonly clientId: string;
  /** Workers of one group must have the same: the name of the rules by which they share, and the topics they share by. */
  readonly protocol: string;
  readonly times: GroupTimes;
  readonly connectors: GroupConnectors;
  requests(): GroupCalls;
};

/**
 * A worker's membership in its group, by Kafka's classic group protocol: joins, hears from the leader (or as the leader decides) what it runs,
 * tells the coordinator that it lives, and joins again when the coordinator asks for it, when it has let something go, or as the leader when
 * connectors have come or gone. While nobody answers for the group it goes on with what it has: the coordinator has counted it out by the time
 * others are given the same, and their writers fence its own (invariant 3).
 */
export class KafkaWorkerGroup implements WorkerGroup, AsyncDisposable {
  readonly worker: GroupWorker;
  readonly #settings: WorkerGroupSettings;
  readonly #stopping = new AbortController();
  #requests: GroupCalls | null = null;
  #running: Promise<void> = Promise.resolve();
  #status: GroupState;
  #member = '';
  /** What this worker runs, as it tells the leader when it joins. */
  #owned: ReadonlySet<string> = new Set();
  /** Connectors to let go of, and when (performance.now()). */
  readonly #letGoAtMs = new Map<string, number>();
  /** As the leader: what was shared out last; null where somebody else leads. */
  #shared: ReadonlySet<string> | null = null;
  /** How many changes of the connectors have been heard of. */
  #changes = 0;
  #rejoin = false;
  #wake: () => void = () => {};

  constructor(settings: WorkerGroupSettings) {
    this.#settings = settings;
    this.worker = settings.worker;
    this.#status = { groupId: settings.groupId, state: 'JOINING', reason: null };
  }

  get status(): GroupState {
    return this.#status;
  }

  join(listener: GroupListener, { early }: { readonly early: boolean }): void {
    const requests = this.#settings.requests();
    this.#requests = requests;
    const following = this.#settings.connectors.follow(() => this.#connectorsChanged(listener), this.#stopping.signal);
    this.#running = Promise.all([following, this.#run(requests, listener, early)]).then(() => {});
  }

  letGo(connector: string): void {
    this.#letGoAtMs.set(connector, performance.now() + this.#settings.times.sessionTimeoutMs);
  }

  async leave(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#running;
    const requests = this.#requests;
    this.#requests = null;
    if (requests === null) return;
    // Where nobody answers, the session runs out.
    if (this.#member !== '') await requests.leave([this.#member], 'The worker stops.').catch(() => {});
    await requests[Symbol.asyncDispose]();
  }

  states(): Promise<ReadonlyMap<string, StoredStates>> {
    return this.#settings.connectors.states();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }

  get #stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #run(requests: GroupCalls, listener: GroupListener, early: boolean): Promise<void> {
    let begun = false;
    for (let delayMs = joinDelayMsFirst; !this.#stopped; ) {
      try {
        if (!begun) await this.#begin(requests, listener, early);
        begun = true;
        await this.#belong(requests, listener);
        delayMs = joinDelayMsFirst;
      } catch (error) {
        if (this.#stopped) return;
        const answer = brokerAnswer(error)?.answer ?? '';
        if (answer === 'REBALANCE_IN_PROGRESS') continue;
        if (notMember.has(answer)) {
          if (answer !== 'ILLEGAL_GENERATION') this.#member = '';
          await this.#lose(listener);
          continue;
        }
        this.#tell(listener, isRepeatable(error) ? 'UNREACHABLE' : 'JOINING', this.#reason(error));
        await this.#wait(delayMs);
        delayMs = Math.min(joinDelayMsMax, delayMs * 2);
      }
    }
  }

  /** Takes the place of what this worker was before it died, and where that makes it alone begins at once. */
  async #begin(requests: GroupCalls, listener: GroupListener, early: boolean): Promise<void> {
    const members = await this.#unlessStopped(requests.members());
    const former = members.filter(({ clientId }) => clientId === this.#settings.clientId).map(({ member }) => member);
    if (former.length > 0) await this.#unlessStopped(requests.leave(former, 'The worker was started again.'));
    if (!early || members.length > former.length) return;
    const names = await this.#unlessStopped(this.#settings.connectors.names());
    this.#owned = new Set(names);
    await listener.assigned(earlyAssignment(this.worker, names));
  }

  /** One generation: from joining to the reason to join again. */
  async #belong(requests: GroupCalls, listener: GroupListener): Promise<void> {
    const { protocol } = this.#settings;
    this.#rejoin = false;
    this.#shared = null;
    const before = this.#owned;
    if (this.#status.state === 'STABLE') this.#tell(listener, 'JOINING', null);
    const metadata = encodeMetadata({ ...this.worker, owned: [...before] });
    const joined = await this.#unlessStopped(
      requests.join(this.#member, protocol, metadata, member => {
        this.#member = member;
      }),
    );
    this.#member = joined.member;
    const assignments = joined.leader === joined.member ? await this.#share(joined) : [];
    const sharing = decodeSharing(await this.#unlessStopped(requests.sync(joined, protocol, assignments)));
    const assignment = sharing === null ? null : assignmentOf(sharing, joined.member, joined.generation, before);
    if (sharing === null || assignment === null)
      throw new SluiceError(
        'LOG_REFUSED',
        `The leader of group ${this.#settings.groupId} has assigned nothing to this worker that it can read.`,
      );
    this.#tell(listener, 'STABLE', null);
    const letsGo = sharing.moving.some(name => before.has(name));
    await this.#live(requests, listener, joined, assignment, letsGo);
  }

  /** As the leader: what each member is to run. */
  async #share({ member: leader, members }: Joined) {
    const heardOf = this.#changes;
    const names = await this.#unlessStopped(this.#settings.connectors.names());
    const metadata = new Map(
      members.flatMap(({ member, metadata: bytes }) => {
        const read = decodeMetadata(bytes);
        return read === null ? [] : [[member, read] as const];
      }),
    );
    this.#shared = new Set(names);
    // A connector made while the names were read may not be among them, and nobody will tell of it again.
    if (this.#changes !== heardOf) this.#rejoin = true;
    const assignment = encodeSharing(sharingOf(leader, names, metadata));
    return members.map(({ member }) => ({ memberId: member, assignment }));
  }

  /** Does what was assigned, and meanwhile and afterwards tells the coordinator that this worker lives, until there is a reason to join again. */
  async #live(
    requests: GroupCalls,
    listener: GroupListener,
    membership: Membership,
    assignment: GroupAssignment,
    letsGo: boolean,
  ): Promise<void> {
    let applied = false;
    for (const name of assignment.fresh) this.#letGoAtMs.delete(name);
    const applying = listener.assigned(assignment).then(() => {
      applied = true;
      this.#owned = assignment.connectors;
      if (letsGo) this.#rejoin = true;
      this.#wake();
    });
    try {
      while (!this.#stopped) {
        // Joining again while something still runs that is another's now would be a lie.
        if (this.#rejoin && applied) return;
        await this.#wait(this.#settings.times.heartbeatMs);
        if (this.#stopped || (this.#rejoin && applied)) return;
        await this.#heartbeat(requests, listener, membership);
        if (applied) this.#letGoOfFenced();
      }
    } finally {
      await applying;
    }
  }

  async #heartbeat(requests: GroupCalls, listener: GroupListener, membership: Membership): Promise<void> {
    try {
      await this.#unlessStopped(requests.heartbeat(membership));
      if (this.#status.state === 'UNREACHABLE') this.#tell(listener, 'STABLE', null);
    } catch (error) {
      if (this.#stopped) return;
      if (brokerAnswer(error)?.answer === 'REBALANCE_IN_PROGRESS') this.#rejoin = true;
      else if (isRepeatable(error)) this.#tell(listener, 'UNREACHABLE', this.#reason(error));
      else throw error;
    }
  }

  #letGoOfFenced(): void {
    const nowMs = performance.now();
    const due = [...this.#letGoAtMs].filter(([, atMs]) => atMs <= nowMs).map(([name]) => name);
    if (due.length === 0) return;
    for (const name of due) this.#letGoAtMs.delete(name);
    this.#owned = new Set([...this.#owned].filter(name => !due.includes(name)));
    this.#rejoin = true;
  }

  async #lose(listener: GroupListener): Promise<void> {
    this.#owned = new Set();
    this.#letGoAtMs.clear();
    await listener.lost();
  }

  #connectorsChanged(listener: GroupListener): void {
    this.#changes++;
    listener.connectorsChanged();
    if (this.#shared === null) return;
    void this.#settings.connectors.names().then(
      names => {
        const shared = this.#shared;
        if (shared === null || (names.length === shared.size && names.every(name => shared.has(name)))) return;
        this.#rejoin = true;
        this.#wake();
      },
      // The next change is looked at again, and so is everything by the next leader's sharing.
      () => {},
    );
  }

  #reason(error: unknown): string {
    const { groupId } = this.#settings;
    if (brokerAnswer(error)?.answer === 'INCONSISTENT_GROUP_PROTOCOL')
      return `Group ${groupId} has members of another kind: workers of Kafka Connect, or workers with other storage topics. Stop them, or give this worker another group.id.`;
    return kafkaError(`be a member of group ${groupId}`, error).message;
  }

  #tell(listener: GroupListener, state: GroupState['state'], reason: string | null): void {
    if (this.#status.state === state && this.#status.reason === reason) return;
    this.#status = { groupId: this.#settings.groupId, state, reason };
    listener.stateChanged(this.#status);
  }

  /** Ends early when something has come up. */
  async #wait(delayMs: number): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    if (!this.#stopped) await pause(delayMs, undefined, { signal: woken.signal }).catch(() => {});
    this.#wake = () => {};
  }

  /** The answer; rejects at once when this worker stops, whatever the broker is waiting for. */
  async #unlessStopped<T>(answer: Promise<T>): Promise<T> {
    const { signal } = this.#stopping;
    const stopped = Promise.withResolvers<never>();
    const stop = () => stopped.reject(new Error('The worker stops.'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await Promise.race([answer, stopped.promise]);
    } finally {
      signal.removeEventListener('abort', stop);
      answer.catch(() => {});
      stopped.promise.catch(() => {});
    }
  }
}
