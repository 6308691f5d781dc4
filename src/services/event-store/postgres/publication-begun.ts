import type { EventLog } from '../../../contract/index.ts';
import { isTableRead } from './inserted-rows.ts';

/** How often the log is asked, at most, until it is so. */
const lookEveryMs = 1_000;

/**
 * Whether every connector that publishes a store has read what its table held, as far as is known; once true, it stays so. The log is asked where somebody asks
 * this, and not waited for: a store is open before its connectors have a slot, and what retention erased by then would never be published.
 */
export class PublicationBegun {
  readonly #log: EventLog;
  readonly #connectors: readonly string[];
  readonly #nowMs: () => number;
  #begun = false;
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(log: EventLog, connectors: readonly string[], nowMs: () => number) {
    [this.#log, this.#connectors, this.#nowMs] = [log, connectors, nowMs];
  }

  readonly isSo = (): boolean => {
    if (!this.#begun && this.#nowMs() - this.#lookedMs >= lookEveryMs) void this.#look();
    return this.#begun;
  };

  async #look(): Promise<void> {
    this.#lookedMs = this.#nowMs();
    try {
      const offsets = await Promise.all(this.#connectors.map(name => this.#log.connectors.offsets(name)));
      this.#begun ||= offsets.every(isTableRead);
    } catch {
      // A log that is away is asked again: until then nothing is erased.
    }
  }
}
