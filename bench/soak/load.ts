import { setTimeout as delay } from 'node:timers/promises';
import { connectTo } from '../../test/support/fresh-database.ts';

const rowsPerTransaction = 100;
/** Transactions on their way at once. */
const connections = 2;

/** Updates at a steady rate until told to stop: transactions of 100 rows, round and round through the table. */
export class Load {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  changes = 0;

  constructor(url: string, table: string, rows: number, perSecond: number) {
    const startedMs = performance.now();
    const due = () => ((performance.now() - startedMs) / 1000) * perSecond;
    this.#running = Promise.all(Array.from({ length: connections }, () => this.#write(url, table, rows, due))).then(() => undefined);
    // Reported by `stop`; until then it must not be an unhandled one.
    this.#running.catch(() => undefined);
  }

  async #write(url: string, table: string, rows: number, due: () => number): Promise<void> {
    await using client = await connectTo(url);
    const text = `update ${table} set quantity = quantity + 1, paid = not paid where id between $1 and $2`;
    while (!this.#stop.signal.aborted) {
      if (this.changes + rowsPerTransaction > due()) {
        await delay(2);
        continue;
      }
      const first = (this.changes % rows) + 1;
      this.changes += rowsPerTransaction;
      await client.query({ name: 'load', text, values: [first, first + rowsPerTransaction - 1] });
    }
  }

  /** Ends the load. Rejects with what ended it before. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
