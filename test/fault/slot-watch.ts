import assert from 'node:assert/strict';
import type { ChangingDatabase } from '../support/changing-database.ts';
import type { Daemon } from '../support/daemon.ts';
import { until } from '../support/until.ts';
import type { LogUnderFault } from './logs.ts';
import { assertAtOrBehind, confirmedLsn, type DurableOffset, durableLsn, insideTransaction } from './strangers.ts';

/** The slot at one moment, and which of the log's offsets were there then. */
type Look = {
  readonly when: string;
  readonly confirmed: bigint | null;
  present(offsets: readonly DurableOffset[]): readonly DurableOffset[];
};

/**
 * Invariant 2 at many moments: each time the daemon is dead the slot is looked at, and at the end all are held against what was durable
 * then (with one reading of the log: Kafka's consumer takes seconds to start).
 */
export class SlotWatch {
  readonly #log: LogUnderFault;
  readonly #daemon: Daemon;
  readonly #changing: Pick<ChangingDatabase, 'database' | 'slot'>;
  readonly #connector: string;
  readonly #looks: Look[] = [];
  #lastDurable: bigint | null = null;

  constructor(log: LogUnderFault, daemon: Daemon, changing: Pick<ChangingDatabase, 'database' | 'slot'>, connector: string) {
    this.#log = log;
    this.#daemon = daemon;
    this.#changing = changing;
    this.#connector = connector;
  }

  /**
   * Notes how it stands now; `when` is for messages. After the daemon's death the server first reads what was sent to it. The slot is
   * looked at before the log, which only grows.
   */
  async look(when: string): Promise<void> {
    if (!this.#daemon.alive) await until(() => this.#left(), { what: `slot ${this.#changing.slot} to be left`, timeoutMs: 60_000 });
    const confirmed = await confirmedLsn(this.#changing);
    const present = await this.#log.offsetsNow(this.#daemon, this.#connector);
    this.#looks.push({ when, confirmed, present });
  }

  async #left(): Promise<boolean> {
    const { database, slot } = this.#changing;
    return (await database.client.query('select from pg_replication_slots where slot_name = $1 and active', [slot])).rowCount === 0;
  }

  /**
   * Every look found the slot at or behind what was durable, the last one with a slot and an offset. Gives how many found a transaction of
   * which a part was durable.
   */
  async assert(): Promise<number> {
    const halves = await this.assertNotAhead();
    assert.ok(this.#lastDurable !== null, 'The last look found a slot and an offset');
    return halves;
  }

  /** The same, also where nothing was durable yet. */
  async assertNotAhead(): Promise<number> {
    const offsets = await this.#log.offsets(this.#daemon, this.#connector);
    let halves = 0;
    for (const { when, confirmed, present } of this.#looks) {
      const durable = durableLsn(present(offsets));
      if (insideTransaction(present(offsets))) halves++;
      // A slot that was just made, and nothing stored yet: it stands where it was made.
      this.#lastDurable = confirmed === null ? null : durable;
      if (confirmed !== null && durable !== null) assertAtOrBehind(confirmed, durable, when);
    }
    return halves;
  }
}
