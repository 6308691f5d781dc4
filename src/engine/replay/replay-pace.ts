import type { Pause } from '../supervisor/supervisor-back-off.ts';

/** Batches a second, at least: a slow replay sends small ones. */
const batchesPerSecond = 4;

/** Holds a replay to its rate. */
export class ReplayPace {
  readonly #rate: number | null;
  readonly #nowMs: () => number;
  readonly #pause: Pause;
  /** When the next batch may begin. */
  #nextMs: number;

  /** `rate`: records a second; null: no bound. */
  constructor(rate: number | null, nowMs: () => number, pause: Pause) {
    [this.#rate, this.#nowMs, this.#pause] = [rate, nowMs, pause];
    this.#nextMs = nowMs();
  }

  /** Most records of a batch, of so many at the most. */
  batchRecords(most: number): number {
    return this.#rate === null ? most : Math.max(1, Math.min(most, Math.ceil(this.#rate / batchesPerSecond)));
  }

  /** Waits until these records are due; resolves early when aborted. What was not used is not made up for. */
  async take(records: number, abort: AbortSignal): Promise<void> {
    if (this.#rate === null) return;
    const waitMs = this.#nextMs - this.#nowMs();
    if (waitMs > 0) await this.#pause(waitMs, abort);
    this.#nextMs = Math.max(this.#nowMs(), this.#nextMs) + (records * 1000) / this.#rate;
  }
}
