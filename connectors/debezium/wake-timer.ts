import type { Clock } from '../../src/contract/index.ts';

/** Wakes a stream at the earliest of the moments it was asked for. One that comes too early does no harm, and under load each batch would make one for nothing. */
export class WakeTimer implements Disposable {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #timer: NodeJS.Timeout | null = null;
  #atMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** Milliseconds since 1970; Infinity: never. */
  at(timeMs: number): void {
    if (timeMs >= this.#atMs) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#atMs = timeMs;
    this.#timer = setTimeout(
      () => {
        this.#atMs = Number.POSITIVE_INFINITY;
        this.#wake();
      },
      Math.max(1, timeMs - this.#clock.nowMs()),
    );
  }

  [Symbol.dispose](): void {
    if (this.#timer) clearTimeout(this.#timer);
  }
}
