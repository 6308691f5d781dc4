import { type FigureName, figure, type Results, type ScenarioName, type SubjectName } from '../results.ts';
import { readable } from './table.ts';

/** What is to be reached. `met` and `stretched` are null where a run it needs is missing. */
export type Target = {
  readonly what: string;
  readonly wanted: string;
  readonly stretch: string;
  readonly measured: string;
  readonly met: boolean | null;
  readonly stretched: boolean | null;
};

const memoryMbMax = 160;
const memoryMbStretch = 120;
const largeTransactionMbMax = 250;
/** A large transaction takes as much as small ones: within what two runs of the same differ. */
const sameMemory = 1.1;
const restMsMax = 500;
const transformsCostMax = 0.25;

/** All targets, as ratios of medians of one run of the harness. */
export function targets({ runs, database }: Pick<Results, 'runs' | 'database'>): readonly Target[] {
  const median = (scenario: ScenarioName, subject: SubjectName, name: FigureName) => figure(runs, scenario, subject, name)?.median ?? null;
  const streamed = (subject: SubjectName) => median('stream', subject, 'perSecond');
  const memory = (scenario: ScenarioName, subject: SubjectName) => median(scenario, subject, 'peakMemoryMb');
  const heap = median('smallest-heap', 'debezium', 'heapMb');
  const logs = [
    ['Kafka, exactly once', 'sluice-kafka'],
    ['embedded', 'sluice-embedded'],
  ] as const;
  const againstDebezium = [
    ratio('stream into Kafka, exactly once, against Debezium exactly once', streamed('sluice-kafka'), streamed('debezium'), 5, 7),
    ratio(
      'snapshot into Kafka, exactly once, against Debezium exactly once',
      median('snapshot', 'sluice-kafka', 'perSecond'),
      median('snapshot', 'debezium', 'perSecond'),
      5,
      8,
    ),
    ratio(
      "Debezium's peak memory against Sluice's, draining the backlog into Kafka",
      memory('stream', 'debezium'),
      memory('stream', 'sluice-kafka'),
      8,
      null,
    ),
  ];
  if (database !== 'postgres') return againstDebezium;
  return [
    ...againstDebezium,
    ratio('stream into Kafka, exactly once, against pg_recvlogical', streamed('sluice-kafka'), streamed('pg_recvlogical'), 0.75, 0.85),
    ratio('stream into the embedded log against pg_recvlogical', streamed('sluice-embedded'), streamed('pg_recvlogical'), 0.75, 0.85),
    ...logs.map(([log, subject]) =>
      atMost(`peak memory draining the backlog, ${log}`, 'MB', memory('stream', subject), memoryMbMax, memoryMbStretch),
    ),
    atMost(
      "the same against Debezium's smallest heap that still drains (without the rest of the JVM)",
      'MB',
      heap && memory('stream', 'sluice-kafka'),
      heap,
      null,
    ),
    ...logs.map(([log, subject]) => {
      const small = memory('stream', subject);
      const stretch = small && Math.round(small * sameMemory);
      return atMost(`peak memory in one transaction, ${log}`, 'MB', memory('large-transaction', subject), largeTransactionMbMax, stretch);
    }),
    ...logs.map(([log, subject]) => atMost(`start to REST, ${log}`, 'ms', median('stream', subject, 'restMs'), restMsMax, null)),
    ...latency('embedded', 'sluice-embedded', [5, 25], [2, 10]),
    ...latency('Kafka, exactly once', 'sluice-kafka', [20, 60], [12, 40]),
    ...logs.map(([log, subject]) => {
      const [chain, none] = [median('transforms', subject, 'perSecond'), streamed(subject)];
      const cost = chain && none && (1 - chain / none) * 100;
      return atMost(`what a chain of four transforms costs of the throughput, ${log}`, '%', cost, transformsCostMax * 100, null);
    }),
  ];

  function latency(log: string, subject: SubjectName, most: readonly [number, number], stretch: readonly [number, number]): Target[] {
    const percentiles = ['p50Ms', 'p99Ms'] as const;
    return percentiles.map((name, index) =>
      atMost(`latency ${name.slice(0, 3)}, ${log}`, 'ms', median('latency', subject, name), most[index]!, stretch[index]!),
    );
  }
}

function ratio(what: string, value: number | null, reference: number | null, least: number, stretch: number | null): Target {
  const measured = value && reference ? value / reference : null;
  return {
    what,
    wanted: `at least ${least} x`,
    stretch: stretch === null ? '' : `${stretch} x`,
    measured: measured === null ? 'not measured' : `${readable(measured)} x`,
    met: measured === null ? null : measured >= least,
    stretched: measured === null || stretch === null ? null : measured >= stretch,
  };
}

function atMost(what: string, unit: string, value: number | null, most: number | null, stretch: number | null): Target {
  return {
    what,
    wanted: most === null ? '' : `under ${readable(most)} ${unit}`,
    stretch: stretch === null ? '' : `${readable(stretch)} ${unit}`,
    measured: value === null ? 'not measured' : `${readable(value)} ${unit}`,
    met: value === null || most === null ? null : value < most,
    stretched: value === null || stretch === null ? null : value < stretch,
  };
}

/** `met`, `not met`, or nothing where it could not be judged. */
export function verdict({ met, stretched }: Target): string {
  if (met === null) return '';
  if (!met) return 'not met';
  return stretched ? 'met, stretch too' : 'met';
}

/** The targets as rows, the titles first. */
export function targetRows(results: Pick<Results, 'runs' | 'database'>): readonly (readonly string[])[] {
  const rows = targets(results).map(target => [target.what, target.wanted, target.stretch, target.measured, verdict(target)]);
  return [['', 'target', 'stretch', 'measured', ''], ...rows];
}
