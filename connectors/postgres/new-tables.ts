import type pg from 'pg';
import type { Logger, SluiceError, SourceOffset } from '../../src/contract/index.ts';
import type { KnownTable } from '../debezium/incremental/chunk-database.ts';
import type { KnownTables } from '../debezium/known-tables.ts';
import type { TableId } from '../debezium/table.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import type { CatalogTable } from './catalog.ts';
import { isKeyed } from './chunk-select.ts';
import { databaseError } from './database-error.ts';
import { untilSettled } from './settled.ts';
import { currentTransaction } from './snapshot-readers.ts';

export type NewTablesParts = {
  readonly known: KnownTables;
  /** On which the database is asked; another's. */
  readonly client: pg.Client;
  /** Whether the rows of a table that was added are to be read. */
  reads(id: TableId): boolean;
  /** Asks for a snapshot, an incremental one of tables that have a key to be read by: it is stored with the next batch. */
  request(keyed: readonly KnownTable[], keyless: readonly KnownTable[]): void;
  fail(error: SluiceError): void;
  readonly logger: Logger;
};

/**
 * Tables that were added to the lists since the last start: a snapshot of them is asked for, once every transaction is over that was
 * under way when the publication had them. What such a transaction changed before is not published although it commits after, so a
 * chunk's view must see all of it. Until then the tables do not count as known: a restart finds them new again.
 */
export class NewTables implements AsyncDisposable {
  readonly #parts: NewTablesParts;
  readonly #ended = new AbortController();
  #pending: readonly KnownTable[] = [];
  #keyless: ReadonlySet<string> = new Set();
  /** Transactions before it were under way, or over, when the publication had the tables. */
  #horizon = 0n;
  #waiting: Promise<void> | null = null;

  constructor(parts: NewTablesParts) {
    this.#parts = parts;
  }

  /** What is captured, once it is published. `all`: this start reads every table, or none; what was added is not told apart. */
  async prepare(captured: readonly CatalogTable[], all: boolean): Promise<void> {
    const { known, client, reads, logger } = this.#parts;
    const names = captured.map(({ id }) => qualifiedName(id));
    const added = new Set(all ? [] : known.added(names));
    const read = captured.filter(({ id }) => added.has(qualifiedName(id)) && reads(id));
    this.#pending = read.map(({ id, rowsEstimated }) => ({
      name: qualifiedName(id),
      rowsEstimated: rowsEstimated < 0 ? null : rowsEstimated,
    }));
    this.#keyless = new Set(read.filter(table => !isKeyed(table)).map(({ id }) => qualifiedName(id)));
    const isPending = new Set(this.#pending.map(({ name }) => name));
    known.set(names.filter(name => !isPending.has(name)));
    if (this.#pending.length === 0) return;
    this.#horizon = BigInt(await currentTransaction(client));
    logger.info({ tables: [...isPending] }, `Tables were added: ${[...isPending].join(', ')} will be read (snapshot.new.tables)`);
  }

  /** The stream has begun. */
  start(): void {
    if (this.#pending.length === 0) return;
    this.#waiting = this.#settle().catch(error => {
      if (!this.#ended.signal.aborted) this.#parts.fail(databaseError(error, 'Looking for transactions that are under way'));
    });
  }

  async #settle(): Promise<void> {
    const { client, known, request, logger } = this.#parts;
    const onWait = () =>
      logger.info({}, 'The snapshot of the tables that were added waits for transactions that were under way at the start');
    await untilSettled(client, this.#horizon, onWait, this.#ended.signal);
    const tables = this.#pending;
    this.#pending = [];
    // Both in one step, so that they are stored together.
    request(
      tables.filter(({ name }) => !this.#keyless.has(name)),
      tables.filter(({ name }) => this.#keyless.has(name)),
    );
    for (const { name } of tables) known.add(name);
  }

  /** The stream describes a captured table: a table made since the start is followed from its first row on. */
  described(name: string): void {
    if (this.#pending.every(table => table.name !== name)) this.#parts.known.add(name);
  }

  /** What is owed to the next batch's offsets. */
  take(): readonly SourceOffset[] {
    return this.#parts.known.take();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#waiting;
  }
}
