import type { DatabaseName } from './workload/bench-database.ts';

/** What is measured, on what. A scenario is a workload; a subject is who does it. */
export const scenarios = ['stream', 'transforms', 'snapshot', 'large-transaction', 'latency', 'producer', 'smallest-heap'] as const;
export type ScenarioName = (typeof scenarios)[number];

export const subjects = [
  'sluice-embedded',
  'sluice-kafka',
  'sluice-kafka-eos-off',
  'debezium',
  'debezium-eos-off',
  'pg_recvlogical',
  'copy',
  'producer-perf',
] as const;
export type SubjectName = (typeof subjects)[number];

/** The figures, each with its unit last: the names in the results' file. */
export type FigureName =
  | 'perSecond'
  | 'perSecondSecondHalf'
  | 'seconds'
  | 'secondsWithStart'
  | 'cpuMicrosEach'
  | 'peakMemoryMb'
  | 'peakOfProcessesMb'
  | 'restMs'
  | 'firstRecordMs'
  | 'p50Ms'
  | 'p95Ms'
  | 'p99Ms'
  | 'maxMs'
  | 'commitP50Ms'
  | 'commitP99Ms'
  | 'transactionsPerSecond'
  | 'walBytesEach'
  | 'heapMb'
  | 'records'
  | 'recordsTwice';
export type Figures = Readonly<Partial<Record<FigureName, number>>>;

/** One run of one subject in one scenario. */
export type Run = {
  readonly scenario: ScenarioName;
  readonly subject: SubjectName;
  readonly repeat: number;
  readonly figures: Figures;
};

/** A figure over the repeats. */
export type Spread = { readonly median: number; readonly min: number; readonly max: number; readonly count: number };

/** The machine as it was; `fsyncsPerSecond` of 8 KiB each, in the folder the servers' data is in. */
export type Machine = {
  readonly cpus: number;
  readonly cpuModel: string;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly fsyncsPerSecond: number;
  /** One-minute load average before the first run: other work makes figures worthless. */
  readonly loadBefore: number;
};

/** Everything a run of the harness found: what a file of the day in bench/results holds. */
export type Results = {
  readonly date: string;
  readonly command: string;
  readonly commit: string;
  readonly database: DatabaseName;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly runs: readonly Run[];
  /** Runs that could not be finished, and why. */
  readonly failures: readonly string[];
  /** A warning to readers: a run on a busy machine, say. */
  readonly note: string | null;
};

/** The spread of the values; null where there are none. */
export function spread(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)!, count: sorted.length };
}

/** A figure of one subject in one scenario over its repeats; null where it was not measured. */
export function figure(runs: readonly Run[], scenario: ScenarioName, subject: SubjectName, name: FigureName): Spread | null {
  const values = runs.flatMap(run => {
    const value = run.scenario === scenario && run.subject === subject ? run.figures[name] : undefined;
    return value === undefined ? [] : [value];
  });
  return spread(values);
}
