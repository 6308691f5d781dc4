/** Up to where events are stored, and who waits for more. */
export class Commits {
  readonly #waiting = new Set<PromiseWithResolvers<void>>();
  #position = 0n;
  #ended: Error | null = null;

  /** The last event that is stored has this position. */
  reached(position: number): void {
    if (BigInt(position) <= this.#position) return;
    this.#position = BigInt(position);
    for (const { resolve } of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Resolves when something is stored behind that position, or the signal is aborted. Rejects when the store ends. */
  async behind(position: bigint, abort: AbortSignal): Promise<void> {
    if (this.#ended) throw this.#ended;
    if (abort.aborted || this.#position > position) return;
    const woken = Promise.withResolvers<void>();
    const wake = () => woken.resolve();
    this.#waiting.add(woken);
    abort.addEventListener('abort', wake, { once: true });
    try {
      await woken.promise;
    } finally {
      this.#waiting.delete(woken);
      abort.removeEventListener('abort', wake);
    }
  }

  /** The store is closed: whoever waits is told. */
  end(error: Error): void {
    this.#ended = error;
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting.clear();
  }
}
