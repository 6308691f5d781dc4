/** A histogram as it is now: how many values lay at or below each bound and above the one before it, the last of them above all bounds. */
export type HistogramView = {
  readonly bounds: readonly number[];
  readonly counts: ArrayLike<number>;
  readonly sum: number;
};

/** Counts values by fixed bounds. Nothing is allocated once it is made, so that it can be told of every batch. */
export class Histogram implements HistogramView {
  readonly bounds: readonly number[];
  readonly counts: Float64Array;
  sum = 0;

  /** `bounds`: ascending; each counts what is no greater than it. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let index = 0;
    while (index < bounds.length && value > bounds[index]!) index++;
    counts[index] = counts[index]! + 1;
    this.sum += value;
  }
}

/** Seconds from a commit to where it is to be: from what a local log takes to a backlog of an hour. */
export const latencyBoundsSeconds: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];

/** Records of a batch. */
export const batchBoundsRecords: readonly number[] = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000];
