/** Longer ones count as this. */
const longestMs = 60_000;

/** Times from commit to log, counted by the millisecond: as many as come, in a fixed space. */
export class Latencies {
  readonly #counts = new Uint32Array(longestMs + 1);
  #count = 0;

  add(milliseconds: number): void {
    this.#counts[Math.min(longestMs, Math.max(0, Math.round(milliseconds)))]!++;
    this.#count++;
  }

  /** In words. */
  get text(): string {
    return this.#count === 0 ? 'not told' : `p50 ${this.percentile(0.5)} ms, p99 ${this.percentile(0.99)} ms`;
  }

  /** The milliseconds that this share of them did not exceed. */
  percentile(share: number): number {
    let left = Math.ceil(this.#count * share);
    return Math.max(
      0,
      this.#counts.findIndex(count => {
        left -= count;
        return left <= 0;
      }),
    );
  }
}
