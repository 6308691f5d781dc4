import type { GroupAssignment, GroupListener, GroupState, GroupWorker, StoredStates, WorkerGroup } from '../../../src/contract/index.ts';

/** A worker's group that does what a test says. */
export class ScriptedGroup implements WorkerGroup {
  readonly worker: GroupWorker;
  readonly status: GroupState = { groupId: 'scripted', state: 'STABLE', reason: null };
  readonly letGoOf: string[] = [];
  stored: ReadonlyMap<string, StoredStates> = new Map();
  left = false;
  #listener: GroupListener | null = null;
  #generation = 0;
  #mine: ReadonlySet<string> = new Set();

  constructor(worker: GroupWorker = { id: '127.0.0.1:8083', url: 'http://127.0.0.1:8083' }) {
    this.worker = worker;
  }

  join(listener: GroupListener): void {
    this.#listener = listener;
  }

  letGo(connector: string): void {
    this.letGoOf.push(connector);
  }

  async leave(): Promise<void> {
    this.left = true;
  }

  async states(): Promise<ReadonlyMap<string, StoredStates>> {
    return this.stored;
  }

  /** A rebalance: `mine` and, by worker, what the others run. The first worker leads. `anew`: of mine, what was let go of. */
  async assign(
    mine: readonly string[],
    others: ReadonlyMap<GroupWorker, readonly string[]> = new Map(),
    anew: readonly string[] = [],
  ): Promise<void> {
    const { worker } = this;
    const workers = [...others.keys(), worker];
    const connectors = new Set(mine);
    const assignment: GroupAssignment = {
      generation: ++this.#generation,
      connectors,
      fresh: new Set(mine.filter(name => !this.#mine.has(name) || anew.includes(name))),
      owners: new Map([
        ...[...others].flatMap(([other, names]) => names.map(name => [name, other] as const)),
        ...mine.map(name => [name, worker] as const),
      ]),
      workers,
      leader: workers[0]!,
      isLeader: workers[0] === worker,
    };
    this.#mine = connectors;
    await this.#listener!.assigned(assignment);
  }

  async lose(): Promise<void> {
    this.#mine = new Set();
    await this.#listener!.lost();
  }

  connectorsChanged(): void {
    this.#listener!.connectorsChanged();
  }
}
