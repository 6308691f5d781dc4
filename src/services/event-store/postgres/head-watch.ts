import { setTimeout as delay } from 'node:timers/promises';

/** Between two looks at the store: from the first, doubling up to the last while nothing comes. */
const pauseMsMin = 5;
const pauseMsMax = 200;

type Waiter = { readonly after: bigint; readonly wake: () => void };

/** Tells those who wait when there are events behind their position. One look for all of them, and none while nobody waits. */
export class HeadWatch {
  readonly #head: () => Promise<bigint>;
  readonly #waiters = new Set<Waiter>();
  #running: Promise<void> | null = null;
  #pauseMs = pauseMsMin;
  #pause = new AbortController();

  /** `head`: the position of the last event that can be read. */
  constructor(head: () => Promise<bigint>) {
    this.#head = head;
  }

  /** Something was committed here: looks at once. */
  hint(): void {
    this.#pauseMs = pauseMsMin;
    this.#pause.abort();
  }

  /** Resolves when there may be something behind that position, or the signal is aborted. */
  wait(after: bigint, abort: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (abort.aborted) return Promise.resolve();
    const waiter: Waiter = {
      after,
      wake: () => {
        this.#waiters.delete(waiter);
        abort.removeEventListener('abort', waiter.wake);
        resolve();
      },
    };
    abort.addEventListener('abort', waiter.wake);
    this.#waiters.add(waiter);
    this.#running ??= this.#run();
    return promise;
  }

  /** Wakes everybody: the store is closed, and says so to who reads. Resolves when it looks no more. */
  async close(): Promise<void> {
    for (const { wake } of [...this.#waiters]) wake();
    this.hint();
    await this.#running;
  }

  async #run(): Promise<void> {
    this.#pauseMs = pauseMsMin;
    while (this.#waiters.size > 0) {
      const before = this.#waiters.size;
      try {
        const head = await this.#head();
        for (const { after, wake } of [...this.#waiters]) if (head > after) wake();
      } catch {
        // Whoever waits finds out by reading, which knows for how long it is tried.
        for (const { wake } of [...this.#waiters]) wake();
      }
      this.#pauseMs = this.#waiters.size < before ? pauseMsMin : Math.min(pauseMsMax, this.#pauseMs * 2);
      this.#pause = new AbortController();
      if (this.#waiters.size > 0) await delay(this.#pauseMs, undefined, { signal: this.#pause.signal }).catch(() => {});
    }
    this.#running = null;
  }
}
