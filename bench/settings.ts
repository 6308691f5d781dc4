import type { ScenarioName, SubjectName } from './results.ts';

/** The workload's sizes. */
export type Settings = {
  /** Updates in the backlog, each of another row. */
  readonly changes: number;
  readonly changesPerTransaction: number;
  /** Rows of the snapshot's table, and of the one that a single transaction changes. */
  readonly rows: number;
  readonly transactionsPerSecond: number;
  readonly latencySeconds: number;
  /** Before figures count: what compiles while it runs is compiled by then. */
  readonly latencyWarmUpSeconds: number;
  readonly producerRecords: number;
  readonly repeat: number;
};

export const fullSettings: Settings = {
  changes: 300_000,
  changesPerTransaction: 100,
  rows: 1_000_000,
  transactionsPerSecond: 1_000,
  latencySeconds: 30,
  latencyWarmUpSeconds: 15,
  producerRecords: 1_000_000,
  repeat: 3,
};

/** What a quick run leaves out, since something else in it runs the same code. */
export const quickWithout: Readonly<Partial<Record<ScenarioName, readonly SubjectName[]>>> = {
  stream: ['sluice-kafka-eos-off'],
  transforms: ['sluice-kafka'],
  snapshot: ['sluice-embedded', 'sluice-kafka-eos-off'],
  'large-transaction': ['sluice-kafka'],
  latency: ['sluice-kafka-eos-off'],
};

/** To see that the harness works: nothing is measured by so little. */
export const quickSettings: Settings = {
  changes: 5_000,
  changesPerTransaction: 100,
  rows: 10_000,
  transactionsPerSecond: 200,
  latencySeconds: 2,
  latencyWarmUpSeconds: 1,
  producerRecords: 10_000,
  repeat: 1,
};
