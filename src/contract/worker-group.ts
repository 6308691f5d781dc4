/** A worker of a group, as the others know it. */
export type GroupWorker = {
  /** `host:port`: Connect's worker_id. */
  readonly id: string;
  /** Where the others reach its REST interface: `http://host:port`. */
  readonly url: string;
};

/** Who runs what, as the group's leader has decided. Every worker is told all of it. */
export type GroupAssignment = {
  /** Rises with every rebalance; 0 before the first one. */
  readonly generation: number;
  /** The connectors of this worker. */
  readonly connectors: ReadonlySet<string>;
  /** Those of them that it is to start, whether it runs them or not: it has them for the first time, anew, or has let them go. */
  readonly fresh: ReadonlySet<string>;
  /** The worker of each connector that has one; a connector that is between two workers has none. */
  readonly owners: ReadonlyMap<string, GroupWorker>;
  readonly workers: readonly GroupWorker[];
  readonly leader: GroupWorker;
  readonly isLeader: boolean;
};

/** How it stands between a worker and its group, for people. */
export type GroupState = {
  readonly groupId: string;
  /** `JOINING`: not a member yet, or waiting for the others; `STABLE`; `UNREACHABLE`: nobody answers for the group. */
  readonly state: 'JOINING' | 'STABLE' | 'UNREACHABLE';
  /** Why it is not stable; null where there is nothing to say. */
  readonly reason: string | null;
};

/** What a worker is told by its group. One call of `assigned` or `lost` is under way at a time. */
export type GroupListener = {
  /** Resolves when everything that is no longer this worker's has been stopped; the worker joins again only then (invariant 3). */
  assigned(assignment: GroupAssignment): Promise<void>;
  /** This worker is no member any more, and others may run what it ran. Resolves when all of it has been stopped. */
  lost(): Promise<void>;
  /** Connectors have been made, changed or removed, by whichever worker. */
  connectorsChanged(): void;
  stateChanged(state: GroupState): void;
};

/** A connector's states as its owner last told them. */
export type StoredState = { readonly state: string; readonly trace: string | null; readonly workerId: string };
export type StoredStates = { readonly connector: StoredState | null; readonly tasks: ReadonlyMap<number, StoredState> };

/**
 * The workers that share a log's connectors (invariant 3: one owner a task). Each connector has one of them as its owner; when that one
 * leaves or dies, another takes over.
 */
export interface WorkerGroup {
  readonly worker: GroupWorker;
  readonly status: GroupState;
  /**
   * Joins, and stays a member as long as the log lets it; answers at once. `early`: where nobody else is in the group, what is there is
   * assigned before the group has come to an answer. Only where a writer fences the former one: two workers that start at once may both do so.
   */
  join(listener: GroupListener, options: { readonly early: boolean }): void;
  /** This worker's task of the connector was fenced: after a session's time it asks for the connector to be assigned anew, to whomever. */
  letGo(connector: string): void;
  /** Leaves, so that the others take over at once. Everything must have been stopped. */
  leave(): Promise<void>;
  /** What all workers last told of their connectors, by name. */
  states(): Promise<ReadonlyMap<string, StoredStates>>;
}
