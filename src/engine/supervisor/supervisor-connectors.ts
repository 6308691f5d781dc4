import type { Logger, StoredConnector } from '../../contract/index.ts';
import { managedByFile, managedByWorker } from '../connector/connector-options.ts';
import type { KnownConnector } from '../verification/against.ts';
import { SupervisedConnector, sameConfig, type Worker } from './supervisor-connector.ts';
import { NameLocks } from './supervisor-locks.ts';

/**
 * All connectors of the log, each with its tasks where it is this worker's. What is stored is what counts: a connector that another worker
 * made, changed or removed is brought up to it by `refresh`. Calls about one connector run one after the other.
 */
export class SupervisedConnectors {
  readonly #worker: Worker;
  readonly #logger: Logger;
  readonly #ended: AbortSignal;
  readonly #byName = new Map<string, SupervisedConnector>();
  readonly #locks = new NameLocks();
  /** Those that are this worker's; null: all. */
  #owned: Set<string> | null;
  /** Those of them that are not known yet, and start when they are. */
  readonly #awaited = new Set<string>();

  /** `shared`: with other workers, so that nothing is this one's before it is told so. */
  constructor(worker: Worker, logger: Logger, { shared, ended }: { readonly shared: boolean; readonly ended: AbortSignal }) {
    this.#worker = worker;
    this.#logger = logger;
    this.#owned = shared ? new Set() : null;
    this.#ended = ended;
  }

  names(): readonly string[] {
    return [...this.#byName.keys()].sort();
  }

  /** Which of the two each is, as far as this worker knows. */
  kinds(): readonly KnownConnector[] {
    return [...this.#byName.values()].map(({ name, type }) => ({ name, type }));
  }

  get(name: string): SupervisedConnector | null {
    return this.#byName.get(name) ?? null;
  }

  owns(name: string): boolean {
    return this.#owned === null || this.#owned.has(name);
  }

  /** A connector as it is stored; one of the same name goes, its tasks must have ended. */
  async add(stored: StoredConnector): Promise<SupervisedConnector> {
    if (!this.#byName.has(stored.name)) await this.#worker.publisher.load(stored.name);
    return this.#make(stored);
  }

  /** It is not stored any more. */
  remove(name: string): void {
    this.#byName.delete(name);
    this.#worker.publisher.forget(name);
  }

  /** Runs a call when all before it on this name are done. Rejects with CONFLICT where too many wait. */
  run<T>(name: string, call: () => Promise<T>): Promise<T> {
    return this.#locks.run(name, call);
  }

  /** Does something to a connector of this worker after what is already under way, unless it is gone by then; nobody waits for it. */
  apply(connector: SupervisedConnector, action: () => Promise<void>): void {
    const { name } = connector;
    void this.#locks
      .follow(name, async () => {
        if (!this.#ended.aborted && this.#byName.get(name) === connector && this.owns(name)) await action();
      })
      .catch((error: unknown) =>
        this.#logger.error({ connector: name, err: error }, 'A change of the connector could not be carried out.'),
      );
  }

  /** Starts all that are this worker's. */
  start(): void {
    for (const name of this.names()) if (this.owns(name)) this.#take(name);
  }

  /**
   * From now on these are this worker's and no others. Stops what is no longer, brings all up to what is stored, and starts in the background
   * those that are `fresh`, also where they were there before.
   */
  async share(connectors: ReadonlySet<string>, fresh: ReadonlySet<string>): Promise<void> {
    const before = this.#owned ?? new Set(this.names());
    const kept = new Set([...before].filter(name => connectors.has(name) && !fresh.has(name)));
    this.#owned = kept;
    this.#awaited.clear();
    await Promise.all([...before].filter(name => !kept.has(name)).map(name => this.#release(name)));
    await this.refresh().catch((error: unknown) =>
      this.#logger.warn({ err: error }, 'The stored connectors could not be read; they are read again when they change.'),
    );
    if (this.#ended.aborted) return;
    for (const name of connectors) {
      if (kept.has(name)) continue;
      kept.add(name);
      if (this.#byName.has(name)) this.#take(name);
      else this.#awaited.add(name);
    }
  }

  /** Brings all connectors up to what is stored. */
  async refresh(): Promise<void> {
    const stored = new Map((await this.#worker.log.connectors.list()).map(connector => [connector.name, connector]));
    const changed = [...new Set([...this.#byName.keys(), ...stored.keys()])].filter(
      name => !isSame(this.#byName.get(name), stored.get(name)),
    );
    await Promise.all(changed.map(name => this.#locks.follow(name, () => this.#bringUp(name))));
  }

  /** Ends what runs here, in the bound of `taskStopMsMax`. */
  async end(): Promise<void> {
    await Promise.all([...this.#byName.values()].filter(({ name }) => this.owns(name)).map(connector => connector.end()));
  }

  /** Within the connector's lock, by what is stored now: a call of this worker's own may have just stored something newer. */
  async #bringUp(name: string): Promise<void> {
    if (this.#ended.aborted) return;
    const stored = (await this.#worker.log.connectors.list()).find(connector => connector.name === name);
    const connector = this.#byName.get(name);
    if (isSame(connector, stored)) return;
    if (stored === undefined) {
      if (this.owns(name)) await connector?.end();
      this.remove(name);
    } else if (connector === undefined || !this.owns(name)) {
      await this.add(stored);
      if (this.#awaited.delete(name)) this.#take(name);
    } else {
      const { file, fileWorker, ...plain } = unmarked(stored);
      [connector.file, connector.fileWorker] = [file, fileWorker];
      await connector.follow(plain);
    }
  }

  #take(name: string): void {
    const connector = this.#byName.get(name)!;
    const { publisher } = this.#worker;
    publisher.claim(name);
    this.apply(connector, async () => {
      // Its former owner may have written to topics meanwhile. Where they cannot be read, they are told of again as records come.
      if (this.#owned !== null) await publisher.load(name).catch(() => {});
      await connector.apply();
    });
  }

  /** Ends what runs of it; what is left knows its config alone. */
  async #release(name: string): Promise<void> {
    const connector = this.#byName.get(name);
    if (connector === undefined) return;
    this.#make(connector.stored);
    await connector.end();
  }

  #make(stored: StoredConnector): SupervisedConnector {
    const { file, fileWorker, ...plain } = unmarked(stored);
    const connector = new SupervisedConnector(this.#worker, plain);
    [connector.file, connector.fileWorker] = [file, fileWorker];
    this.#byName.set(stored.name, connector);
    return connector;
  }
}

/** A stored connector without the marks of its file, and these. */
export function unmarked({ name, config: marked, targetState }: StoredConnector) {
  const { [managedByFile]: file = null, [managedByWorker]: fileWorker = null, ...config } = marked;
  return { name, config, targetState, file, fileWorker };
}

function isSame(connector: SupervisedConnector | undefined, stored: StoredConnector | undefined): boolean {
  if (connector === undefined || stored === undefined) return connector === stored;
  const now = connector.stored;
  return now.targetState === stored.targetState && sameConfig(now.config, stored.config);
}
