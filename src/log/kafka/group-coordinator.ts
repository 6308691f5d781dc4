import { type Connection, type ConnectionPool, FindCoordinatorKeyTypes } from './client.ts';
import type { Cluster } from './cluster.ts';
import { BrokerError, brokerAnswer } from './errors.ts';

/** The broker that coordinates a group: looked up once, and again after an answer that says it has moved, or none. */
export class GroupCoordinator {
  readonly groupId: string;
  #node: number | null = null;

  constructor(groupId: string) {
    this.groupId = groupId;
  }

  /** Asks it once, in the highest version that both sides have. */
  async ask<Api, Answer>(
    cluster: Cluster,
    pool: ConnectionPool,
    name: string,
    apis: Readonly<Record<number, Api>>,
    ask: (api: Api, connection: Connection) => Promise<Answer>,
  ): Promise<Answer> {
    try {
      const version = await cluster.version(name, Object.keys(apis).map(Number));
      return await ask(apis[version]!, await cluster.connectionTo(pool, await this.#find(cluster)));
    } catch (error) {
      const answer = brokerAnswer(error)?.answer;
      if (answer === undefined || answer === 'NOT_COORDINATOR' || answer === 'COORDINATOR_NOT_AVAILABLE') {
        this.#node = null;
        cluster.admin.clearMetadata();
      }
      throw error;
    }
  }

  async #find(cluster: Cluster): Promise<number> {
    if (this.#node === null) {
      const [found] = await cluster.admin.findCoordinator({ keyType: FindCoordinatorKeyTypes.GROUP, keys: [this.groupId] });
      if (found === undefined || found.nodeId < 0) throw new BrokerError('COORDINATOR_NOT_AVAILABLE');
      this.#node = found.nodeId;
    }
    return this.#node;
  }
}
