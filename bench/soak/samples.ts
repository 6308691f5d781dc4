/** What is seen of the worker every few seconds. */
export type Sample = {
  /** Since the load began. */
  readonly seconds: number;
  /** Resident memory of the process tree. */
  readonly rssMb: number;
  /** The JavaScript heap in use, and buffers outside it. */
  readonly heapMb: number;
  readonly buffersMb: number;
  readonly descriptors: number;
  /** From a change's commit to its being durable in the log, of the newest. */
  readonly lagMs: number;
  /** What the server still keeps for the slot. */
  readonly slotLagMb: number;
  readonly recordsPerSecond: number;
};

export type SampleName = Exclude<keyof Sample, 'seconds'>;

/** The straight line that lies nearest to the samples: what is gained per second. */
export function slope(samples: readonly Sample[], name: SampleName): number {
  const mean = (of: (sample: Sample) => number) => samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [meanTime, meanValue] = [mean(({ seconds }) => seconds), mean(sample => sample[name])];
  let [above, below] = [0, 0];
  for (const sample of samples) {
    above += (sample.seconds - meanTime) * (sample[name] - meanValue);
    below += (sample.seconds - meanTime) ** 2;
  }
  return below === 0 ? 0 : above / below;
}

/** The value that this share of the samples do not exceed. */
export function percentile(samples: readonly Sample[], name: SampleName, share: number): number {
  const sorted = samples.map(sample => sample[name]).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? 0;
}
