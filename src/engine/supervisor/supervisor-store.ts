import type { ConnectorStore, Logger } from '../../contract/index.ts';

/** The most names a connector's tracked topics may reach; past it, new ones are no longer tracked (and that is said once). */
const topicsMax = 10_000;

/**
 * What tells the store of states and topics as they come up: in the background, one call at a time, only the newest state of each
 * connector and task. A store that fails costs a log line; a state is told again with the next change, topics with the connector's next records or change.
 */
export class StatePublisher {
  readonly #store: ConnectorStore;
  readonly #logger: Logger;
  readonly #states = new Map<string, { name: string; task: number | null; state: string; trace: string | null }>();
  /** By connector: what has been told of it (its tasks; null is itself) since it is this worker's. */
  readonly #claims = new Map<string, Set<number | null>>();
  readonly #newTopics = new Map<string, Set<string>>();
  /** Those that the store did not take. They are known all the same: the connector has written to them. */
  readonly #refusedTopics = new Map<string, ReadonlySet<string>>();
  readonly #topics = new Map<string, Set<string>>();
  #working: Promise<void> | null = null;

  constructor(store: ConnectorStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  state(name: string, task: number | null, state: string, trace: string | null): void {
    this.#states.set(JSON.stringify([name, task]), { name, task, state, trace });
    this.#tellLater(name, []);
    this.#work();
  }

  /** The connector is this worker's from now on: the next state of it and of each of its tasks takes the place of whatever was told before. */
  claim(name: string): void {
    this.#claims.set(name, new Set());
  }

  /** A connector has written to these topics. */
  topics(name: string, topics: readonly string[]): void {
    const known = this.#topics.get(name);
    if (known === undefined) return;
    const added = known.size > topicsMax ? [] : topics.filter(topic => !known.has(topic));
    for (const topic of added) known.add(topic);
    if (added.length > 0 && known.size > topicsMax)
      this.#logger.warn({ connector: name, topicsMax }, 'The connector writes to too many topics to track; new ones are left out.');
    if (this.#tellLater(name, added)) this.#work();
  }

  /** These, and what was refused before; answers whether there is any. */
  #tellLater(name: string, added: readonly string[]): boolean {
    const refused = this.#refusedTopics.get(name);
    if (added.length === 0 && refused === undefined) return false;
    this.#refusedTopics.delete(name);
    this.#newTopics.set(name, new Set([...(this.#newTopics.get(name) ?? []), ...(refused ?? []), ...added]));
    return true;
  }

  /** Reads what the store has, so that only new topics are told. */
  async load(name: string): Promise<void> {
    this.#topics.set(name, new Set(await this.#store.activeTopics(name)));
  }

  activeTopics(name: string): readonly string[] {
    return [...(this.#topics.get(name) ?? [])].sort();
  }

  async resetTopics(name: string): Promise<void> {
    this.#newTopics.delete(name);
    this.#topics.get(name)?.clear();
    await this.#working;
    this.#refusedTopics.delete(name);
    await this.#store.resetActiveTopics(name);
  }

  /** A connector is gone, and everything about it had been told. */
  forget(name: string): void {
    this.#topics.delete(name);
    this.#refusedTopics.delete(name);
    this.#claims.delete(name);
  }

  /** Resolves when everything so far has been told, or has failed. */
  async drained(): Promise<void> {
    while (this.#working !== null) await this.#working;
  }

  #work(): void {
    this.#working ??= this.#tell().finally(() => {
      this.#working = null;
    });
  }

  async #tell(): Promise<void> {
    // Lets changes that follow at once take the place of this one.
    await Promise.resolve();
    for (;;) {
      const [state] = this.#states;
      const [topics] = this.#newTopics;
      if (state === undefined && topics === undefined) return;
      try {
        if (state !== undefined) {
          this.#states.delete(state[0]);
          const { name, task, ...status } = state[1];
          const told = this.#claims.get(name);
          await this.#store.putStatus(name, task, { ...status, claims: told !== undefined && !told.has(task) });
          told?.add(task);
        }
        if (topics !== undefined) await this.#tellTopics(...topics);
      } catch (error) {
        this.#logger.warn({ err: error }, 'The log did not take a connector’s state or topics.');
      }
    }
  }

  async #tellTopics(name: string, added: ReadonlySet<string>): Promise<void> {
    this.#newTopics.delete(name);
    try {
      await this.#store.addActiveTopics(name, [...added]);
    } catch (error) {
      if (this.#topics.has(name)) this.#refusedTopics.set(name, new Set([...(this.#refusedTopics.get(name) ?? []), ...added]));
      throw error;
    }
  }
}
