import { Pace } from '../pace.ts';
import type { Pause } from '../supervisor/supervisor-back-off.ts';

/** Batches a second, at least: a slow replay sends small ones. */
const batchesPerSecond = 4;

/** Holds a replay to its rate. */
export class ReplayPace {
  readonly #rate: number | null;
  readonly #pace: Pace | null;

  /** `rate`: records a second; null: no bound. */
  constructor(rate: number | null, nowMs: () => number, pause: Pause) {
    this.#rate = rate;
    this.#pace = rate === null ? null : new Pace(rate, pause, nowMs);
  }

  /** Most records of a batch, of so many at the most. */
  batchRecords(most: number): number {
    return this.#rate === null ? most : Math.max(1, Math.min(most, Math.ceil(this.#rate / batchesPerSecond)));
  }

  /** Waits until these records are due; resolves early when aborted. What was not used is not made up for. */
  async take(records: number, abort: AbortSignal): Promise<void> {
    await this.#pace?.take(records, abort);
  }
}
