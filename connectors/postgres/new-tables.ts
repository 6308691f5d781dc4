import type pg from 'pg';
import type { Logger, SluiceError, SourceOffset } from '../../src/contract/index.ts';
import type { AddedTables } from '../debezium/added-tables.ts';
import type { TableId } from '../debezium/table.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import type { CatalogTable } from './catalog.ts';
import { isKeyed } from './chunk-select.ts';
import { databaseError } from './database-error.ts';
import { untilSettled } from './settled.ts';
import { currentTransaction } from './snapshot-readers.ts';

export type NewTablesParts = {
  readonly added: AddedTables;
  /** On which the database is asked; another's. */
  readonly client: pg.Client;
  /** Whether the rows of a table that was added are to be read. */
  reads(id: TableId): boolean;
  fail(error: SluiceError): void;
  readonly logger: Logger;
};

/**
 * Tables that were added to the lists since the last start: a snapshot of them is asked for, once every transaction is over that was
 * under way when the publication had them. What such a transaction changed before is not published although it commits after, so a
 * chunk's view must see all of it.
 */
export class NewTables implements AsyncDisposable {
  readonly #parts: NewTablesParts;
  readonly #ended = new AbortController();
  /** Transactions before it were under way, or over, when the publication had the tables. */
  #horizon = 0n;
  #waiting: Promise<void> | null = null;

  constructor(parts: NewTablesParts) {
    this.#parts = parts;
  }

  /** What is captured, once it is published. `all`: this start reads every table, or none; what was added is not told apart. */
  async prepare(captured: readonly CatalogTable[], all: boolean): Promise<void> {
    const { added, client, reads } = this.#parts;
    const found = captured.map(({ id, rowsEstimated }) => ({
      name: qualifiedName(id),
      rowsEstimated: rowsEstimated < 0 ? null : rowsEstimated,
      isRead: reads(id),
    }));
    added.find(found, all);
    added.setKeyless(captured.filter(table => !isKeyed(table)).map(({ id }) => qualifiedName(id)));
    if (added.waits) this.#horizon = BigInt(await currentTransaction(client));
  }

  /** The stream has begun. */
  start(): void {
    if (!this.#parts.added.waits) return;
    this.#waiting = this.#settle().catch(error => {
      if (!this.#ended.signal.aborted) this.#parts.fail(databaseError(error, 'Looking for transactions that are under way'));
    });
  }

  async #settle(): Promise<void> {
    const { client, added, logger } = this.#parts;
    const onWait = () =>
      logger.info({}, 'The snapshot of the tables that were added waits for transactions that were under way at the start');
    await untilSettled(client, this.#horizon, onWait, this.#ended.signal);
    added.ask();
  }

  /** The stream describes a captured table. */
  described(name: string): void {
    this.#parts.added.described(name);
  }

  /** What is owed to the next batch's offsets. */
  take(): readonly SourceOffset[] {
    return this.#parts.added.take();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#waiting;
  }
}
