/** Changes of one chunk's time that are remembered while it is being read; with more the chunk is read again. */
const touchedMax = 100_000;

type Loaded<Chunk> = { readonly chunk: Chunk; readonly rows: Map<string, number> };

/**
 * Decides which of a chunk's rows are still the newest (invariant 7: never older after newer). A chunk is read under a view of the
 * database while the stream goes on. A streamed change that the view did not see is newer than the chunk's row: the row is dropped,
 * whether the change came while the chunk was being read or after. A change that the view saw is in the row already and comes before it, since
 * a chunk is delivered only once the stream is past everything the view saw. Pure: no clock, no I/O.
 */
export class ChunkWindow<View, Transaction, Chunk extends { readonly view: View; readonly keys: readonly string[] }> {
  readonly #sees: (view: View, transaction: Transaction) => boolean;
  /** Changes since the reading began; null: no chunk is being read. A null key: a change of which the row is not known. */
  #touched: { readonly key: string | null; readonly transaction: Transaction; readonly whole: boolean }[] | null = null;
  #overflown = false;
  #loaded: Loaded<Chunk> | null = null;

  /** `sees`: whether a view saw a transaction. */
  constructor(sees: (view: View, transaction: Transaction) => boolean) {
    this.#sees = sees;
  }

  /** A chunk is being read, or waits to be delivered: changes of its table must be told. */
  get open(): boolean {
    return this.#touched !== null || this.#loaded !== null;
  }

  get loaded(): Chunk | null {
    return this.#loaded?.chunk ?? null;
  }

  /** The reading of a chunk begins: its view is taken after this. */
  begin(): void {
    this.#loaded = null;
    this.#touched = [];
    this.#overflown = false;
  }

  /**
   * The chunk is read; `keys` name its rows. Answers false where it cannot be told what is newer, because the window was closed, too much
   * changed meanwhile or a change did not tell its row: it has to be read again.
   */
  load(chunk: Chunk): boolean {
    const touched = this.#touched;
    this.#touched = null;
    if (touched === null || this.#overflown) return false;
    this.#loaded = { chunk, rows: new Map(chunk.keys.map((key, index) => [key, index])) };
    return touched.every(({ key, transaction, whole }) => this.#drop(key, transaction, whole));
  }

  /**
   * A change of the chunk's table. `whole` false: it is published without the row as it then is, so the chunk's row cannot be left out for it.
   * Answers false where the chunk that was loaded has to be read again.
   */
  touched(key: string | null, transaction: Transaction, whole = true): boolean {
    if (this.#touched !== null) {
      if (this.#touched.length < touchedMax) this.#touched.push({ key, transaction, whole });
      else this.#overflown = true;
      return true;
    }
    return this.#loaded === null || this.#drop(key, transaction, whole);
  }

  #drop(key: string | null, transaction: Transaction, whole: boolean): boolean {
    const { chunk, rows } = this.#loaded!;
    if (this.#sees(chunk.view, transaction)) return true;
    if (key === null || (!whole && rows.has(key))) {
      this.#loaded = null;
      return false;
    }
    rows.delete(key);
    return true;
  }

  /** The chunk's rows that are the newest, by their places; the window is closed with that. */
  take(): { readonly chunk: Chunk; readonly places: readonly number[] } {
    const { chunk, rows } = this.#loaded!;
    this.#loaded = null;
    return { chunk, places: [...rows.values()] };
  }

  /** Gives up what is being read or waits. */
  close(): void {
    this.#touched = null;
    this.#loaded = null;
  }
}
