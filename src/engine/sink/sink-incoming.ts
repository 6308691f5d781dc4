import type { LogConsumer, LogRecord } from '../../contract/index.ts';

/** Why nothing more is handed out: the target is away, or it is not known yet where the partitions go on. */
export type HoldReason = 'target-away' | 'placing';

/**
 * Records that the consumer has handed out and no batch has taken: those of one event, and, where the consumer was paused with an event on its
 * way, of one more. While it is paused it is still asked for events, so that the task stays a member of the group however long that lasts,
 * and lets partitions go that others are to have (as Connect pauses its consumer and polls on).
 */
export class IncomingRecords {
  readonly #consumer: Pick<LogConsumer, 'pause' | 'resume'>;
  readonly #held = new Set<HoldReason>();
  #records: readonly LogRecord[] = [];
  #taken = 0;
  #aside: readonly LogRecord[] | null = null;

  constructor(consumer: Pick<LogConsumer, 'pause' | 'resume'>) {
    this.#consumer = consumer;
  }

  get empty(): boolean {
    return this.#taken === this.#records.length && this.#aside === null;
  }

  /** Whether an event's records may be added: one more than what is being taken only while the consumer hands out no other. */
  get hasRoom(): boolean {
    return this.empty || (this.#held.size > 0 && this.#aside === null);
  }

  /** With room for them only. */
  add(records: readonly LogRecord[]): void {
    if (this.empty) [this.#records, this.#taken] = [records, 0];
    else this.#aside = records;
  }

  /** The next one; undefined where there is none. */
  first(): LogRecord | undefined {
    if (this.#taken === this.#records.length && this.#aside !== null) {
      [this.#records, this.#taken, this.#aside] = [this.#aside, 0, null];
      this.#mayResume();
    }
    return this.#records[this.#taken];
  }

  /** The first one is somebody's. */
  shift(): void {
    this.#taken++;
  }

  /** Nothing more is handed out from here on. */
  hold(reason: HoldReason): void {
    this.#held.add(reason);
    this.#consumer.pause();
  }

  release(reason: HoldReason): void {
    if (this.#held.delete(reason)) this.#mayResume();
  }

  /** Forgets all of it: the partitions are somebody else's. */
  clear(): void {
    [this.#records, this.#taken, this.#aside] = [[], 0, null];
    this.#held.clear();
    this.#consumer.resume();
  }

  /** With an event aside there is no room for another. */
  #mayResume(): void {
    if (this.#held.size === 0 && this.#aside === null) this.#consumer.resume();
  }
}
