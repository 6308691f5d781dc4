import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Logger } from '../../src/contract/index.ts';
import type { Collection } from '../debezium/incremental/state.ts';
import { quoteIdentifier } from './connection.ts';
import { databaseError } from './database-error.ts';

/**
 * Writes an incremental snapshot's watermarks into the signal table, as Debezium does, for who reads them there: what is newer is decided by
 * transaction visibility and does not need them (`incremental-reader.ts`). So where they cannot be written, that is said once and the
 * snapshot goes on.
 */
export class Watermarks {
  readonly #table: string;
  readonly #deletes: boolean;
  readonly #logger: Logger;
  #told = false;

  /** `table`: `schema.table`. `deletes`: `incremental.snapshot.watermarking.strategy=insert_delete`. */
  constructor(table: string, deletes: boolean, logger: Logger) {
    const dot = table.indexOf('.');
    this.#table = `${quoteIdentifier(table.slice(0, dot))}.${quoteIdentifier(table.slice(dot + 1))}`;
    this.#deletes = deletes;
    this.#logger = logger;
  }

  /** Opens the window of one chunk; the answer closes it. */
  async open(client: pg.Client, { name, signal }: Collection): Promise<() => Promise<void>> {
    const chunk = randomUUID();
    const about = { ...(signal === null ? {} : { correlationId: signal }), dataCollectionId: name };
    const openedAt = new Date().toISOString();
    const insert = `INSERT INTO ${this.#table} VALUES ($1, $2, $3)`;
    await this.#write(client, insert, [`${chunk}-open`, 'snapshot-window-open', metadata({ openWindowTimestamp: openedAt, ...about })]);
    return async () => {
      if (this.#deletes) return this.#write(client, `DELETE FROM ${this.#table} WHERE id = $1`, [`${chunk}-open`]);
      const closed = { openWindowTimestamp: openedAt, closeWindowTimestamp: new Date().toISOString(), ...about };
      await this.#write(client, insert, [`${chunk}-close`, 'snapshot-window-close', metadata(closed)]);
    };
  }

  async #write(client: pg.Client, statement: string, values: readonly string[]): Promise<void> {
    try {
      await client.query(statement, [...values]);
    } catch (thrown) {
      const error = databaseError(thrown, `Writing a watermark into ${this.#table}`);
      if (error.code === 'DATABASE_UNAVAILABLE') throw error;
      if (!this.#told) this.#logger.warn({ code: error.code }, `${error.message}; the snapshot does not need them and goes on`);
      this.#told = true;
    }
  }
}

/** Debezium's metadata of a window: JSON with a blank behind colons and commas. */
function metadata(fields: Readonly<Record<string, string>>): string {
  const written = Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return `{${written.join(', ')}}`;
}
