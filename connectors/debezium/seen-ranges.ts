import type { TableProgress } from './snapshot-progress.ts';

/** What a change's transaction means to a table whose rows were read under several views. */
export type Seen = 'no' | 'yes' | 'depends on key';

/**
 * Changes that the stream brings again although a snapshot saw them: after a restart in the middle of a snapshot, or a snapshot taken while
 * an older position is kept. `sees`: whether a view saw a transaction (invariant 1).
 */
export class SeenRanges<View, Transaction> {
  readonly #tables: ReadonlyMap<string, TableProgress<View>>;
  readonly #views: readonly View[];
  readonly #sees: (view: View, transaction: Transaction) => boolean;

  constructor(progress: readonly TableProgress<View>[], sees: (view: View, transaction: Transaction) => boolean) {
    const viewed = progress.filter(({ ranges }) => ranges.some(({ view }) => view !== null));
    this.#tables = new Map(viewed.map(table => [table.table, table]));
    this.#views = [...new Set(viewed.flatMap(({ ranges }) => ranges.flatMap(({ view }) => (view === null ? [] : [view]))))];
    this.#sees = sees;
  }

  get views(): readonly View[] {
    return this.#views;
  }

  /** Nothing is left to be compared. */
  get empty(): boolean {
    return this.#tables.size === 0;
  }

  /** Whether any view saw this transaction; asked once a transaction. */
  concerns(transaction: Transaction): boolean {
    return this.#views.some(view => this.#sees(view, transaction));
  }

  of(table: string, transaction: Transaction): Seen {
    const progress = this.#tables.get(table);
    if (!progress) return 'no';
    const seen = progress.ranges.map(({ view }) => view !== null && this.#sees(view, transaction));
    if (seen.every(Boolean)) return 'yes';
    return seen.some(Boolean) ? 'depends on key' : 'no';
  }

  /**
   * Whether the view under which a key was read saw the transaction. `firstWithin`: of the table's bounds, in their order, the index of the first that the key
   * is not behind; -1: it is behind all of them.
   */
  async sawKey(
    table: string,
    transaction: Transaction,
    firstWithin: (bounds: readonly (readonly string[])[]) => Promise<number>,
  ): Promise<boolean> {
    const ranges = this.#tables.get(table)?.ranges ?? [];
    const bounds: (readonly string[])[] = [];
    for (const { to } of ranges) {
      if (to === null) break;
      bounds.push(to);
    }
    const found = bounds.length === 0 ? -1 : await firstWithin(bounds);
    // Behind all bounds there is the range that has none, where the table was read to its end.
    const view = ranges[found === -1 ? bounds.length : found]?.view ?? null;
    return view !== null && this.#sees(view, transaction);
  }
}
