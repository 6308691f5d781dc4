import type { DatabaseSync } from 'node:sqlite';
import type { Changes } from './reader.ts';

/** A follower looks whether another process wrote: soon after it was up to date, then less and less often, down to five times a second. */
const pollMsMin = 1;
const pollMsMax = 200;

/** Wakes followers: at once after this process's commits, within `pollMsMax` after those of another one, and soon while it writes. */
export class Followers implements Changes {
  readonly #database: DatabaseSync;
  readonly #ended = new AbortController();
  readonly #listeners = new Set<() => void>();
  #woken = Promise.withResolvers<void>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Something was committed. */
  wake(): void {
    this.#woken.resolve();
    this.#woken = Promise.withResolvers();
    for (const listener of this.#listeners) listener();
  }

  /** Calls back after this process's commits (at times without one); the answer ends it. */
  onCommitted(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
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
    let pollMs = pollMsMin;
    const look = () => {
      if (this.#dataVersion() !== version) wake();
      else {
        pollMs = Math.min(pollMsMax, pollMs * 2);
        poll = setTimeout(look, pollMs);
      }
    };
    let poll = setTimeout(look, pollMs);
    abort.addEventListener('abort', wake, { once: true });
    try {
      await this.#woken.promise;
    } finally {
      clearTimeout(poll);
      abort.removeEventListener('abort', wake);
    }
  }

  /** Changes whenever another connection, of whatever process, has committed. */
  #dataVersion(): unknown {
    return this.#ended.signal.aborted ? -1 : this.#database.prepare('pragma data_version').get()?.['data_version'];
  }
}
