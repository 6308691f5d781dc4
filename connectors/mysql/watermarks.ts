import { randomUUID } from 'node:crypto';
import type { Connection } from 'mysql2';
import { type Logger, SluiceError } from '../../src/contract/index.ts';
import type { Collection } from '../debezium/incremental/state.ts';
import { query, quoteTable } from './connection.ts';

/**
 * Writes an incremental snapshot's watermarks into the signal table, as Debezium does. Where it is known by GTIDs, or by the view's place, what is
 * newer, they are for who reads them there: if they cannot be written that is said once, and the snapshot goes on. Else they are needed
 * (`ViewKind`), and `open` throws.
 */
export class Watermarks {
  readonly #table: string;
  readonly #deletes: boolean;
  readonly #needed: boolean;
  readonly #logger: Logger;
  #told = false;

  /** `table`: `database.table`. `deletes`: `incremental.snapshot.watermarking.strategy=insert_delete`. */
  constructor(table: string, { deletes, needed }: { readonly deletes: boolean; readonly needed: boolean }, logger: Logger) {
    const dot = table.indexOf('.');
    this.#table = quoteTable({ catalog: table.slice(0, dot), table: table.slice(dot + 1) });
    this.#deletes = deletes;
    this.#needed = needed;
    this.#logger = logger;
  }

  /** Opens the window of one chunk; the answer closes it. */
  async open(client: Connection, { name, signal }: Collection): Promise<() => Promise<void>> {
    const chunk = randomUUID();
    const about = { ...(signal === null ? {} : { correlationId: signal }), dataCollectionId: name };
    const openedAt = new Date().toISOString();
    const insert = `INSERT INTO ${this.#table} VALUES (?, ?, ?)`;
    const opened = metadata({ openWindowTimestamp: openedAt, ...about });
    await this.#write(client, insert, [`${chunk}-open`, 'snapshot-window-open', opened], this.#needed);
    return async () => {
      if (this.#deletes) return this.#write(client, `DELETE FROM ${this.#table} WHERE id = ?`, [`${chunk}-open`], false);
      const closed = { openWindowTimestamp: openedAt, closeWindowTimestamp: new Date().toISOString(), ...about };
      await this.#write(client, insert, [`${chunk}-close`, 'snapshot-window-close', metadata(closed)], false);
    };
  }

  async #write(client: Connection, statement: string, values: readonly string[], needed: boolean): Promise<void> {
    try {
      await query(client, statement, values);
    } catch (error) {
      if (needed || !(error instanceof SluiceError) || error.code === 'DATABASE_UNAVAILABLE') throw error;
      if (!this.#told)
        this.#logger.warn(
          { code: error.code },
          `Writing a watermark into ${this.#table}: ${error.message}; the snapshot does not need them and goes on`,
        );
      this.#told = true;
    }
  }
}

/** Debezium's metadata of a window: JSON with a blank behind colons and commas. */
function metadata(fields: Readonly<Record<string, string>>): string {
  const written = Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return `{${written.join(', ')}}`;
}
