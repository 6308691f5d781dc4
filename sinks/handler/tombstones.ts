import { readChange, type SinkRecord } from '../../src/contract/index.ts';

/** What records without a value are. */
export type TombstoneMode = 'auto' | 'ignore' | 'delete';

/**
 * Tells deletes from the tombstones that follow them. Behind a delete's envelope, or a row rewritten with `__deleted`, Debezium sends a tombstone for
 * Kafka's compaction, which is no event of its own; of other unwrapped rows the tombstone is all there is of the delete. With `auto` the
 * topic's other records say which of the two it has. As long as there has been none, a tombstone is a delete: told twice rather than
 * never (invariant 5).
 */
export class Tombstones {
  readonly #mode: TombstoneMode;
  /** By topic, whether deletes have records with a value. */
  readonly #told = new Map<string, boolean>();

  constructor(mode: TombstoneMode) {
    this.#mode = mode;
  }

  /** Looks at a batch before its events are told apart: also what stands behind a tombstone says what it is. */
  learn(records: readonly SinkRecord[]): void {
    if (this.#mode !== 'auto') return;
    for (const record of records) {
      if (record.value === null || this.#told.has(record.topic)) continue;
      const { kind, operation, before, after } = readChange(record);
      if (kind !== 'none') this.#told.set(record.topic, operation !== null || (after ?? before)?.fields.has('__deleted') === true);
    }
  }

  areDeletes(topic: string): boolean {
    return this.#mode === 'auto' ? this.#told.get(topic) !== true : this.#mode === 'delete';
  }
}
