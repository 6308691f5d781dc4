/**
 * How many rows the next chunk has. One that has to be read again, because of what changed meanwhile, is read in half the size: the fewer
 * rows, and the quicker they are read, the less of them changes. Then it grows again.
 */
export class ChunkSize {
  readonly #rowsMax: number;
  #rows: number;

  /** `rowsMax`: `incremental.snapshot.chunk.size`. */
  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax;
    this.#rows = rowsMax;
  }

  get rows(): number {
    return this.#rows;
  }

  shrink(): void {
    this.#rows = Math.max(1, this.#rows >> 1);
  }

  grow(): void {
    this.#rows = Math.min(this.#rowsMax, this.#rows * 2);
  }
}
