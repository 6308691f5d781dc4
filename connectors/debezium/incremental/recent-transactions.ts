/** Transactions remembered. */
const remembered = 16_384;

/**
 * The transactions the stream brought last. A commit reaches the log, and with that the stream, before it becomes visible: a view taken then
 * shows rows as they were before a change that is published already. So a chunk's view is taken again until it sees all of these.
 * Only as many are remembered as can be under way at once: one that the stream brought and that is not visible keeps its session waiting.
 */
export class RecentTransactions<Transaction = number> {
  readonly #ids: Transaction[] = [];
  #count = 0;
  /** Those before it were seen by a view, and with that by all later ones. */
  #seen = 0;

  add(id: Transaction): void {
    this.#ids[this.#count++ % remembered] = id;
  }

  /** A place behind those known by now. */
  get mark(): number {
    return this.#count;
  }

  /** Whether all that were there at `mark` are seen. */
  allSeen(mark: number, sees: (id: Transaction) => boolean): boolean {
    for (let place = Math.max(this.#seen, this.#count - remembered); place < mark; place++)
      if (!sees(this.#ids[place % remembered]!)) return false;
    this.#seen = Math.max(this.#seen, mark);
    return true;
  }
}
