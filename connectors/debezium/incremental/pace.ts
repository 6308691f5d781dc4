import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../../../src/contract/index.ts';

/** Bounds the rows that are read in a second. */
export class Pace {
  readonly #rowsPerSecondMax: number;
  readonly #clock: Clock;
  #nextAtMs = 0;

  /** `rowsPerSecondMax` 0: no bound. */
  constructor(rowsPerSecondMax: number, clock: Clock) {
    this.#rowsPerSecondMax = rowsPerSecondMax;
    this.#clock = clock;
  }

  /** Rows were read. */
  add(rows: number): void {
    if (this.#rowsPerSecondMax === 0) return;
    this.#nextAtMs = Math.max(this.#nextAtMs, this.#clock.nowMs()) + (rows / this.#rowsPerSecondMax) * 1000;
  }

  /** Until the next rows may be read. Rejects when it is aborted. */
  async turn(abort: AbortSignal): Promise<void> {
    const waitMs = this.#nextAtMs - this.#clock.nowMs();
    if (waitMs > 0) await setTimeout(waitMs, undefined, { signal: abort });
  }
}
