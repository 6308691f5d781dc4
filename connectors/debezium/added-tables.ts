import type { Logger, SourceOffset } from '../../src/contract/index.ts';
import type { KnownTable } from './incremental/chunk-database.ts';
import { readWholeTables, type WholeTablesReaders } from './incremental/whole-tables.ts';
import type { KnownTables } from './known-tables.ts';

/** Stands in a signal's place. */
const requestId = 'tables-added';

export type AddedTablesParts = WholeTablesReaders & {
  readonly known: KnownTables;
  readonly logger: Logger;
};

/** A captured table, as a start finds it. */
export type FoundTable = KnownTable & {
  /** Its rows are to be read where it was added. */
  readonly isRead: boolean;
};

/**
 * Tables that were added to the lists since the last start: a snapshot of them is asked for, and with that they count as known. Until then they do not: a
 * restart finds them new again.
 */
export class AddedTables {
  readonly #parts: AddedTablesParts;
  #pending: readonly KnownTable[] = [];
  #keyless: ReadonlySet<string> = new Set();

  constructor(parts: AddedTablesParts) {
    this.#parts = parts;
  }

  /**
   * What is captured now; `all`: this start reads every table, or none, so what was added is not told apart. Answers the tables that were added, and
   * keeps those that are to be read for `ask`.
   */
  find(captured: readonly FoundTable[], all: boolean): readonly KnownTable[] {
    const { known, logger } = this.#parts;
    const names = captured.map(({ name }) => name);
    const added = new Set(all ? [] : known.added(names));
    const found = captured.filter(({ name }) => added.has(name));
    this.#pending = found.filter(({ isRead }) => isRead).map(({ name, rowsEstimated }) => ({ name, rowsEstimated }));
    const isPending = new Set(this.#pending.map(({ name }) => name));
    known.set(names.filter(name => !isPending.has(name)));
    if (isPending.size > 0)
      logger.info({ tables: [...isPending] }, `Tables were added: ${[...isPending].join(', ')} will be read (snapshot.new.tables)`);
    return found;
  }

  /** Those that cannot be read by a key, in chunks: a blocking snapshot reads them. */
  setKeyless(names: readonly string[]): void {
    this.#keyless = new Set(names);
  }

  /** Tables wait to be asked for. */
  get waits(): boolean {
    return this.#pending.length > 0;
  }

  /** Asks for a snapshot of those that wait: it is stored with the next batch, in one step with their being known. */
  ask(): void {
    const tables = this.#pending;
    this.#pending = [];
    const isKeyless = ({ name }: KnownTable) => this.#keyless.has(name);
    readWholeTables(
      this.#parts,
      requestId,
      tables.filter(table => !isKeyless(table)),
      tables.filter(isKeyless),
    );
    for (const { name } of tables) this.#parts.known.add(name);
  }

  /** The stream meets a captured table: one made since the start is followed from its first row on. */
  described(name: string): void {
    if (this.#pending.every(table => table.name !== name)) this.#parts.known.add(name);
  }

  /** The stream brings the making of a captured table, and with that all of its rows: it is not to be read. */
  made(name: string): void {
    this.#pending = this.#pending.filter(table => table.name !== name);
    this.#parts.known.add(name);
  }

  /** What is owed to the next batch's offsets. */
  take(): readonly SourceOffset[] {
    return this.#parts.known.take();
  }
}
