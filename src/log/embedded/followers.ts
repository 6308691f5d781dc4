import type { DatabaseSync } from 'node:sqlite';
import type { Changes } from './reader.ts';

/** How often a follower looks whether another process wrote. */
const pollMs = 200;

/** Wakes followers: at once after this process's commits, within `pollMs` after those of another one. */
export class Followers implements Changes {
  readonly #database: DatabaseSync;
  readonly #ended = new AbortController();
  #woken = Promise.withResolvers<void>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Something was committed. */
  wake(): void {
    this.#woken.resolve();
    this.#woken = Promise.withResolvers();
  }

  /** The log is closed: followers end. */
  end(): void {
    this.#ended.abort();
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  async wait(abort: AbortSignal): Promise<void> {
    if (abort.aborted) return;
    const version = this.#dataVersion();
    // Whatever it is that ends the wait, it wakes all: no promise outlives many waits and gathers their reactions.
    const wake = () => this.wake();
    const poll = setInterval(() => {
      if (this.#dataVersion() !== version) wake();
    }, pollMs);
    abort.addEventListener('abort', wake, { once: true });
    try {
      await this.#woken.promise;
    } finally {
      clearInterval(poll);
      abort.removeEventListener('abort', wake);
    }
  }

  /** Changes whenever another connection, of whatever process, has committed. */
  #dataVersion(): unknown {
    return this.#ended.signal.aborted ? -1 : this.#database.prepare('pragma data_version').get()?.['data_version'];
  }
}
