/** Rows remembered at most; with more the view is taken again. */
const keysMax = 100_000;

/**
 * From the moment at which a blocking snapshot's view is taken until the stream has brought all that the view saw: the rows are published then. A
 * change that the stream brings meanwhile and the view did not see, or may not have seen, is newer than the row that was read: the row is left out
 * (invariant 7). Pure.
 */
export class BlockingWindow<View, Transaction> {
  readonly #sees: (view: View, transaction: Transaction) => boolean;
  #view: View | null = null;
  readonly #keys = new Map<string, Set<string>>();
  #count = 0;
  /** A change did not tell its row, or there were too many: the view must be taken again. */
  unclear = false;
  /** The stream is past the view; it is not to go on before the rows are published. */
  reached = false;

  /** `sees`: whether a view surely saw a transaction. */
  constructor(sees: (view: View, transaction: Transaction) => boolean) {
    this.#sees = sees;
  }

  /** `tables`: those whose rows are to be published. */
  open(view: View, tables: readonly string[]): void {
    this.close();
    this.#view = view;
    for (const name of tables) this.#keys.set(name, new Set());
  }

  close(): void {
    this.#view = null;
    this.#keys.clear();
    this.#count = 0;
    [this.unclear, this.reached] = [false, false];
  }

  isWatched(table: string): boolean {
    return this.#keys.size > 0 && this.#keys.has(table);
  }

  /** Tables of which changes must be told. */
  get watched(): readonly string[] {
    return [...this.#keys.keys()];
  }

  /** A change of a watched table. `key`: null where it is not known. */
  touched(table: string, key: string | null, transaction: Transaction): void {
    if (this.#view === null || this.#sees(this.#view, transaction)) return;
    if (key === null || ++this.#count > keysMax) this.unclear = true;
    else this.#keys.get(table)?.add(key);
  }

  /** `isPast`: whether the stream has brought all that a view saw. Answers whether that has come true now. */
  at(isPast: (view: View) => boolean): boolean {
    if (this.#view === null || this.reached || !isPast(this.#view)) return false;
    this.reached = true;
    return true;
  }

  /** Rows of a table that are not to be published. */
  newer(table: string): ReadonlySet<string> {
    return this.#keys.get(table) ?? new Set();
  }
}
