/** The rate is that of so long a time: what a burst or one pause of the reader does is evened out. */
const windowMs = 5 * 60_000;
/** However often it is asked. */
const samplesMax = 600;

/** When what is left will be used up, at the rate of the last minutes. Pure but for what it was told. */
export class HeadroomTrend {
  #samples: { readonly atMs: number; readonly left: number }[] = [];

  /** `left`: bytes or seconds, the same unit each time; null: not known, and what was known does not count any more. */
  add(atMs: number, left: number | null): void {
    if (left === null) {
      this.#samples = [];
      return;
    }
    this.#samples.push({ atMs, left });
    const first = this.#samples.findIndex(sample => sample.atMs >= atMs - windowMs);
    this.#samples = this.#samples.slice(Math.max(first, this.#samples.length - samplesMax));
  }

  /** Seconds until nothing is left; Infinity where it does not get less; null before there are two samples. */
  get usedUpInSeconds(): number | null {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return null;
    if (last.left <= 0) return 0;
    const perSecond = ((first.left - last.left) * 1000) / (last.atMs - first.atMs);
    return perSecond <= 0 ? Number.POSITIVE_INFINITY : last.left / perSecond;
  }
}
