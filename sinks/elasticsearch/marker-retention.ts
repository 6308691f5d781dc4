import { type Logger, toSluiceError } from '../../src/contract/index.ts';
import type { StateIndex } from './state-index.ts';

/** How often it is looked for what has expired, at the most. */
const intervalMs = 3_600_000;
/** Markers that are deleted in one go; where there are so many, the next batch with a delete goes on. */
const markersMax = 5_000;

/** Bounds what is kept of deletes: each marker says until when it stays, and those whose time is over are deleted, now and then, some at a time. */
export class MarkerRetention {
  readonly #state: StateIndex;
  readonly #retentionMs: number | null;
  readonly #nowMs: () => number;
  readonly #logger: Logger;
  #dueMs = 0;

  /** `retentionMs`: null keeps markers for good. */
  constructor(state: StateIndex, retentionMs: number | null, nowMs: () => number, logger: Logger) {
    [this.#state, this.#retentionMs, this.#nowMs, this.#logger] = [state, retentionMs, nowMs, logger];
  }

  /** Until when a marker stays that is written now, in milliseconds since 1970; null: for good. */
  get expiresMs(): number | null {
    return this.#retentionMs === null ? null : this.#nowMs() + this.#retentionMs;
  }

  /** Deletes what has expired, where it is time to. Nothing depends on it, so a failure costs a warning. */
  async prune(signal: AbortSignal): Promise<void> {
    const nowMs = this.#nowMs();
    if (this.#retentionMs === null || nowMs < this.#dueMs) return;
    this.#dueMs = nowMs + intervalMs;
    try {
      if ((await this.#state.prune(nowMs, markersMax, signal)) === markersMax) this.#dueMs = nowMs;
    } catch (thrown) {
      const { code, message } = toSluiceError(thrown);
      this.#logger.warn({ code }, `Delete markers that have expired stay in ${this.#state.name} for now: ${message}`);
    }
  }
}
