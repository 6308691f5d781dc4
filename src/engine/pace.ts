import type { Pause } from './supervisor/supervisor-back-off.ts';

/** Holds what is read to a rate: after each batch it waits until the batch's share of time is over. */
export class Pace {
  readonly #rowsPerSecond: number;
  readonly #pause: Pause;
  readonly #nowMs: () => number;
  #freeAtMs = 0;

  constructor(rowsPerSecond: number, pause: Pause, nowMs: () => number) {
    [this.#rowsPerSecond, this.#pause, this.#nowMs] = [rowsPerSecond, pause, nowMs];
  }

  /** Resolves when so many more rows may be read, the ones of the calls before counted. */
  async take(rows: number, abort: AbortSignal): Promise<void> {
    const nowMs = this.#nowMs();
    const waitMs = this.#freeAtMs - nowMs;
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + (rows * 1000) / this.#rowsPerSecond;
    if (waitMs > 0) await this.#pause(waitMs, abort);
  }
}
