import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type LogView, type Reading, SeenIds } from './log-view.ts';

/** How long a read waits while SQLite recovers or moves its write-ahead log. */
const busyMsMax = 2_000;

/** The embedded log read beside its daemon with SQLite itself, by the view that the file has for readers. */
export class EmbeddedView implements LogView {
  readonly countsRecordsOnly = true;
  readonly #file: string;
  #database: DatabaseSync | null = null;

  constructor(dataFolder: string) {
    this.#file = join(dataFolder, 'log.db');
  }

  #open(): DatabaseSync | null {
    if (!this.#database && existsSync(this.#file)) this.#database = new DatabaseSync(this.#file, { readOnly: true, timeout: busyMsMax });
    return this.#database;
  }

  /** The daemon makes its topics itself, with one partition by default. */
  async prepare(): Promise<void> {}

  async end(topic: string): Promise<number> {
    const row = this.#open()
      ?.prepare('select sum(next_offset - start_offset) as records from partitions p join topics t on t.id = p.topic_id where t.name = ?')
      .get(topic);
    return Number(row?.['records'] ?? 0);
  }

  async read(topic: string): Promise<Reading> {
    const seen = new SeenIds();
    let records = 0;
    let firstMs = Number.POSITIVE_INFINITY;
    const rows = this.#open()?.prepare('select key, timestamp_ms from log where topic = ?').iterate(topic) ?? [];
    for (const { key, timestamp_ms } of rows) {
      seen.add(key instanceof Uint8Array ? key : null);
      firstMs = Math.min(firstMs, Number(timestamp_ms));
      records++;
    }
    return { records, ids: seen.count, firstMs };
  }

  /** The whole folder goes with the daemon. */
  async remove(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    this.#database?.close();
  }
}
