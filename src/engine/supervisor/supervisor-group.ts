import {
  type GroupAssignment,
  type GroupListener,
  type GroupState,
  type GroupWorker,
  type Logger,
  SluiceError,
  type WorkerGroup,
} from '../../contract/index.ts';
import type { SupervisedConnectors } from './supervisor-connectors.ts';

/** How long a request waits for a rebalance that is under way before it is answered 409. */
const rebalanceWaitMsMax = 5_000;

/** GET /sluice/group. */
export type GroupView = GroupState & {
  readonly worker: GroupWorker;
  readonly generation: number | null;
  readonly leader: string | null;
  readonly workers: readonly (GroupWorker & { readonly connectors: readonly string[] })[];
};

/** What this worker does as a member of its group: runs what it is assigned, and knows who runs the rest. */
export class GroupMembership implements GroupListener {
  readonly #group: WorkerGroup;
  readonly #connectors: SupervisedConnectors;
  readonly #logger: Logger;
  #assignment: GroupAssignment | null = null;
  #changed = Promise.withResolvers<void>();

  constructor(group: WorkerGroup, connectors: SupervisedConnectors, logger: Logger) {
    this.#group = group;
    this.#connectors = connectors;
    this.#logger = logger;
  }

  /** See `WorkerGroup.join`. */
  join(early: boolean): void {
    this.#group.join(this, { early });
  }

  async leave(): Promise<void> {
    await this.#group.leave();
  }

  letGo(connector: string): void {
    this.#logger.warn(
      { connector },
      `Another worker has fenced ${connector}; the group is asked to assign it anew after a session's time.`,
    );
    this.#group.letGo(connector);
  }

  async assigned(assignment: GroupAssignment): Promise<void> {
    const { generation, connectors, fresh, workers, leader } = assignment;
    this.#assignment = assignment;
    this.#logger.info(
      { generation, connectors: [...connectors], workers: workers.map(({ id }) => id), leader: leader.id },
      `Of ${workers.length === 1 ? 'one worker' : `${workers.length} workers`}, this one runs ${connectors.size === 1 ? 'one connector' : `${connectors.size} connectors`}.`,
    );
    const namesakes = workers.filter(({ id }) => id === this.#group.worker.id).length;
    if (namesakes > 1)
      this.#logger.warn(
        { worker: this.#group.worker.id },
        'Several workers of the group give the same address: set rest.advertised.host.name and rest.advertised.port.',
      );
    await this.#connectors.share(connectors, fresh);
    this.#notify();
  }

  async lost(): Promise<void> {
    this.#logger.warn({}, 'This worker is no member of its group any more: it stops what it runs and joins again.');
    this.#assignment = null;
    await this.#connectors.share(new Set(), new Set());
  }

  connectorsChanged(): void {
    void this.#connectors
      .refresh()
      .then(() => this.#notify())
      .catch((error: unknown) =>
        this.#logger.warn({ err: error }, 'The stored connectors could not be read; they are read again with the next change.'),
      );
  }

  stateChanged({ groupId, state, reason }: GroupState): void {
    if (reason === null) this.#logger.info({ group: groupId, state }, `The worker group is ${state}.`);
    else this.#logger.warn({ group: groupId, state }, `The worker group is ${state}: ${reason}`);
  }

  view(): GroupView {
    const { workers = [], owners, generation = null, leader = null } = this.#assignment ?? {};
    const of = (id: string) => [...(owners ?? [])].flatMap(([name, owner]) => (owner.id === id ? [name] : []));
    return {
      ...this.#group.status,
      worker: this.#group.worker,
      generation,
      leader: leader?.id ?? null,
      workers: workers.map(worker => ({ ...worker, connectors: of(worker.id) })),
    };
  }

  /** Workers other than this one. */
  get others(): readonly GroupWorker[] {
    return (this.#assignment?.workers ?? []).filter(({ id }) => id !== this.#group.worker.id);
  }

  /** Whether a worker of this id is known to be in the group. */
  has(workerId: string): boolean {
    return this.#assignment === null || this.#assignment.workers.some(({ id }) => id === workerId);
  }

  knows(name: string): boolean {
    return this.#connectors.get(name) !== null;
  }

  /** Sees to it that a connector is known that another worker has just made. */
  async lookUp(name: string): Promise<void> {
    if (!this.knows(name)) await this.#connectors.refresh();
  }

  /**
   * Whose a connector is: null for this worker's own, and for one that there is not. `handedOn`: the request comes from another worker, and
   * is not to go further. Waits for a rebalance that is under way; rejects CONFLICT where that takes too long.
   */
  async ownerOf(name: string, handedOn: boolean): Promise<GroupWorker | null> {
    await this.lookUp(name);
    return this.#elsewhere(handedOn, () => {
      if (this.#connectors.owns(name) || this.#connectors.get(name) === null) return null;
      return this.#assignment?.owners.get(name);
    });
  }

  /** The worker that makes connectors, so that of two with one name the later is refused; null: this one. Waits and rejects as `ownerOf`. */
  async maker(handedOn: boolean): Promise<GroupWorker | null> {
    return this.#elsewhere(handedOn, () => (this.#assignment?.isLeader ? null : this.#assignment?.leader));
  }

  async #elsewhere(handedOn: boolean, find: () => GroupWorker | null | undefined): Promise<GroupWorker | null> {
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, rebalanceWaitMsMax);
    let late = false;
    void timeout.promise.then(() => {
      late = true;
    });
    try {
      for (;;) {
        const worker = find();
        if (worker === null) return null;
        if (worker !== undefined && worker.id !== this.#group.worker.id && !handedOn) return worker;
        if (late) throw rebalancing();
        await Promise.race([this.#changed.promise, timeout.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** As Connect words its 409. */
function rebalancing(): SluiceError {
  return new SluiceError('CONFLICT', 'Cannot complete request momentarily because a rebalance is in progress; try again later.');
}
