import type { QueueFill, SourceBatch, SourceOffset } from '../../src/contract/index.ts';

export type ReadAheadLimits = {
  /** `max.queue.size`. */
  readonly recordsMax: number;
  /** `max.queue.size.in.bytes`, as the database sent them; null: not set. */
  readonly bytesMax: number | null;
};

/**
 * Counts what was read and is not yet durable, so that reading can stop at a limit. A batch is durable once the log has stored its offsets, or
 * later ones in their place: those of batches handed over together are stored once, the last of each partition.
 */
export class ReadAhead {
  readonly #limits: ReadAheadLimits;
  #batches: { readonly offsets: readonly SourceOffset[]; readonly records: number; readonly bytes: number }[] = [];
  #records = 0;
  #bytes = 0;
  #wake: (() => void) | null = null;

  constructor(limits: ReadAheadLimits) {
    this.#limits = limits;
  }

  get full(): boolean {
    const { recordsMax, bytesMax } = this.#limits;
    return this.#records >= recordsMax || (bytesMax !== null && this.#bytes >= bytesMax);
  }

  /** What is read and not durable. */
  get fill(): QueueFill {
    return { ...this.#limits, records: this.#records, bytes: this.#bytes };
  }

  add({ offsets, records, bytes }: SourceBatch): void {
    this.#batches.push({ offsets, records: records.length, bytes });
    this.#records += records.length;
    this.#bytes += bytes;
  }

  /** These offsets are durable: the batch that has them, and those before it, are done. */
  durable(offsets: readonly SourceOffset[]): void {
    const stored = new Set(offsets);
    const last = this.#batches.findLastIndex(batch => batch.offsets.some(offset => stored.has(offset)));
    for (const { records, bytes } of this.#batches.splice(0, last + 1)) {
      this.#records -= records;
      this.#bytes -= bytes;
    }
    if (!this.full) this.#wake?.();
  }

  /** Waits until there is room, or the abort. */
  async room(abort: AbortSignal): Promise<void> {
    while (this.full && !abort.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = () => resolve();
      this.#wake = wake;
      abort.addEventListener('abort', wake, { once: true });
      await promise;
      abort.removeEventListener('abort', wake);
      this.#wake = null;
    }
  }
}
