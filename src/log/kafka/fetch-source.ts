import type { ConnectionPool } from './client.ts';
import type { Cluster } from './cluster.ts';
import { type FetchLimits, fetchOnce, type Served } from './fetch.ts';
import { byLeader, type Reading } from './read-partitions.ts';

/** Where a fetcher asks for records. */
export interface FetchSource extends AsyncDisposable {
  /** The partitions by the node that leads each. */
  byLeader<Read extends Reading>(readings: readonly Read[]): Promise<ReadonlyMap<number, readonly Read[]>>;
  /** One request to a node. */
  fetch(node: number, readings: readonly Reading[], limits: FetchLimits): Promise<readonly Served[]>;
  /** Leaders are to be looked up again. */
  forgetLeaders(): void;
  /** Before the next attempt. */
  pause(abort: AbortSignal): Promise<void>;
}

/** A cluster, over connections of one's own: a request that waits for records holds up what comes behind it. Disposing ends what is under way. */
export class ClusterFetchSource implements FetchSource {
  readonly #cluster: Cluster;
  readonly #pool: ConnectionPool;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#pool = cluster.newPool(1);
  }

  byLeader<Read extends Reading>(readings: readonly Read[]): Promise<ReadonlyMap<number, readonly Read[]>> {
    return byLeader(this.#cluster, readings);
  }

  fetch(node: number, readings: readonly Reading[], limits: FetchLimits): Promise<readonly Served[]> {
    return fetchOnce(this.#cluster, () => this.#cluster.connectionTo(this.#pool, node), readings, limits);
  }

  forgetLeaders(): void {
    this.#cluster.admin.clearMetadata();
  }

  pause(abort: AbortSignal): Promise<void> {
    return this.#cluster.pause(abort);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster.closePool(this.#pool);
  }
}
