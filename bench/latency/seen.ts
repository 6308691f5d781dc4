/** The numbers that have been seen, each with the first time that it was. */
export class Seen {
  readonly times: Float64Array;
  readonly complete = Promise.withResolvers<void>();
  #missing: number;

  constructor(count: number) {
    this.times = new Float64Array(count);
    this.#missing = count;
  }

  /** Numbers that are none of those waited for are passed over. */
  add(number: number, nowMs: number): void {
    if (!(number >= 0 && number < this.times.length) || this.times[number] !== 0) return;
    this.times[number] = nowMs;
    this.#missing--;
    if (this.#missing === 0) this.complete.resolve();
  }

  /** How many are still to come. */
  get missing(): number {
    return this.#missing;
  }
}
