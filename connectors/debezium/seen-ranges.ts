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

  /** What `sawKey` asks about, in its order. */
  bounds(table: string): readonly (readonly string[])[] {
    return (this.#tables.get(table)?.ranges ?? []).flatMap(({ to }) => (to === null ? [] : [to]));
  }

  /** Whether the view under which a key was read saw the transaction. `isWithin`: whether the key is not behind that bound. */
  async sawKey(table: string, transaction: Transaction, isWithin: (bound: readonly string[]) => Promise<boolean>): Promise<boolean> {
    for (const { view, to } of this.#tables.get(table)?.ranges ?? [])
      if (to === null || (await isWithin(to))) return view !== null && this.#sees(view, transaction);
    return false;
  }
}
