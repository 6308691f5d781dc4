import { ConnectClient } from './connect-client.ts';
import { type Daemon, newDaemon } from './daemon.ts';
import { until } from './until.ts';
import { workerGroup } from './worker-group.ts';

/** GET /sluice/group. */
export type GroupView = {
  readonly state: string;
  readonly reason: string | null;
  readonly worker: { readonly id: string };
  readonly generation: number | null;
  readonly leader: string | null;
  readonly workers: readonly { readonly id: string; readonly connectors: readonly string[] }[];
};

/** A daemon of a group with what one asks it. */
export class GroupDaemon implements AsyncDisposable {
  readonly daemon: Daemon;
  readonly rest: ConnectClient;

  constructor(daemon: Daemon) {
    this.daemon = daemon;
    this.rest = new ConnectClient(daemon.url);
  }

  /** Its worker_id. */
  get id(): string {
    return new URL(this.daemon.url).host;
  }

  group(): Promise<GroupView> {
    return this.rest.call<GroupView>('GET', '/sluice/group');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
  }
}

/** Workers of one group, of its own on a broker that others use. A session lasts as short as brokers allow. */
export class DaemonGroup implements AsyncDisposable {
  readonly members: GroupDaemon[] = [];
  readonly #settings: Readonly<Record<string, string>>;

  constructor(bootstrapServers: string, changes: Readonly<Record<string, string>> = {}) {
    this.#settings = {
      'bootstrap.servers': bootstrapServers,
      ...workerGroup('group'),
      'session.timeout.ms': '6000',
      'heartbeat.interval.ms': '300',
      ...changes,
    };
  }

  get settings(): Readonly<Record<string, string>> {
    return this.#settings;
  }

  /** One more worker, started. */
  async add(changes: Readonly<Record<string, string>> = {}): Promise<GroupDaemon> {
    const member = new GroupDaemon(await newDaemon({ ...this.#settings, ...changes }));
    this.members.push(member);
    await member.daemon.start();
    return member;
  }

  /** Waits until these workers, and no others, agree on who runs what, and everything is run by one of them. */
  async settled(workers: readonly GroupDaemon[], connectors: readonly string[]): Promise<Map<string, readonly string[]>> {
    const agreed = async () => {
      const views = await Promise.all(workers.map(worker => worker.group()));
      const [first] = views;
      const same = views.every(({ state, generation }) => state === 'STABLE' && generation === first!.generation);
      const ids = first!.workers.map(({ id }) => id).sort();
      const run = first!.workers.flatMap(worker => worker.connectors).sort();
      const wanted = workers.map(({ id }) => id).sort();
      return same && String(ids) === String(wanted) && String(run) === String([...connectors].sort()) && first;
    };
    const logs = () => workers.map(({ id, daemon }) => `${id}:\n${daemon.log()}`).join('\n');
    const view = await until(agreed, {
      what: `${workers.length} workers to share ${connectors.length} connectors`,
      timeoutMs: 60_000,
      everyMs: 50,
    }).catch((error: unknown) => {
      throw new Error(`${error instanceof Error ? error.message : error}. The ends of their logs:\n${logs()}`);
    });
    return new Map(view.workers.map(({ id, connectors: own }) => [id, own]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map(member => member[Symbol.asyncDispose]()));
  }
}
