import { cpuSeconds, highWaterBytes, processTree, residentBytes } from './process-tree.ts';

const sampleMs = 100;
/** Samples between two looks at who belongs to the tree: that costs more than a sample. */
const samplesPerTree = 20;

/** Watches a process and its descendants: samples their memory ten times a second, at about 30 us of CPU each time. */
export class ProcessWatch implements Disposable {
  readonly #root: number;
  readonly #timer: NodeJS.Timeout;
  #pids: readonly number[];
  readonly #cpu: { readonly atMs: number; readonly seconds: number }[] = [];
  #peakBytes = 0;

  constructor(pid: number) {
    this.#root = pid;
    this.#pids = processTree(pid);
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), sampleMs);
  }

  #sample(): void {
    if (this.#cpu.length % samplesPerTree === samplesPerTree - 1) this.#pids = processTree(this.#root);
    this.#cpu.push({ atMs: performance.timeOrigin + performance.now(), seconds: this.cpuSeconds });
    this.#peakBytes = Math.max(this.#peakBytes, residentBytes(this.#pids));
  }

  get pids(): readonly number[] {
    return this.#pids;
  }

  /** User and system time of the tree so far. */
  get cpuSeconds(): number {
    return cpuSeconds(this.#pids);
  }

  /** What `cpuSeconds` was at a moment (milliseconds since 1970), or at the last sample before it. */
  cpuSecondsAt(atMs: number): number {
    return (this.#cpu.findLast(sample => sample.atMs <= atMs) ?? this.#cpu[0]!).seconds;
  }

  /** The most memory that the tree had resident at once, as sampled. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** The sum of the peaks that the system kept for each process: for a single process its exact peak. */
  get highWaterBytes(): number {
    return highWaterBytes(this.#pids);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
