import { crashPoint, type LogConsumer, SluiceError, toSluiceError } from '../../contract/index.ts';
import type { OwnedPartitions } from './sink-partitions.ts';

/**
 * Commits what a sink task has applied, in the background: one commit at a time, each of all that is new by then, so that the group's
 * offset is one commit behind at most (invariant 4: never ahead of what is durable).
 */
export class OffsetCommits {
  readonly #consumer: LogConsumer;
  readonly #partitions: OwnedPartitions;
  readonly #onFailure: (error: SluiceError) => void;
  #working: Promise<void> | null = null;

  constructor(consumer: LogConsumer, partitions: OwnedPartitions, onFailure: (error: SluiceError) => void) {
    this.#consumer = consumer;
    this.#partitions = partitions;
    this.#onFailure = onFailure;
  }

  /** Something new has been applied. */
  start(): void {
    this.#working ??= this.#commit().finally(() => {
      this.#working = null;
    });
  }

  /** Resolves when everything that was applied has been committed, or cannot be. */
  async settled(): Promise<void> {
    while (this.#working !== null) await this.#working;
  }

  async #commit(): Promise<void> {
    try {
      for (;;) {
        const next = this.#partitions.uncommitted();
        if (next.length === 0) return;
        await this.#consumer.commit(next);
        this.#partitions.committed(next);
        crashPoint('sink-committed');
      }
    } catch (thrown) {
      const error = toSluiceError(thrown);
      // Another member has them, which the consumer tells in its order; what was applied comes to that member again.
      if (error instanceof SluiceError && error.code === 'FENCED') return;
      this.#onFailure(error);
    }
  }
}
