import { type FigureName, figure, type Results, type Run, type ScenarioName, type Spread, scenarios, subjects } from '../results.ts';

/** A column of a scenario's table. */
type Column = { readonly figure: FigureName; readonly title: string; readonly hideZero?: boolean };

const drained: readonly Column[] = [
  { figure: 'perSecond', title: 'changes/s' },
  { figure: 'perSecondSecondHalf', title: 'of these, second half' },
  { figure: 'cpuMicrosEach', title: 'CPU us each' },
  { figure: 'peakMemoryMb', title: 'peak MB' },
  { figure: 'restMs', title: 'start to REST ms' },
  { figure: 'firstRecordMs', title: 'to first record ms' },
  { figure: 'walBytesEach', title: 'bytes of a message' },
  { figure: 'recordsTwice', title: 'records twice', hideZero: true },
];

/** What the tables show of each scenario. */
const columns: Readonly<Record<ScenarioName, readonly Column[]>> = {
  stream: drained,
  transforms: drained,
  snapshot: drained.map(column => (column.figure === 'perSecond' ? { ...column, title: 'rows/s' } : column)),
  'large-transaction': drained,
  latency: [
    { figure: 'p50Ms', title: 'p50 ms' },
    { figure: 'p95Ms', title: 'p95 ms' },
    { figure: 'p99Ms', title: 'p99 ms' },
    { figure: 'maxMs', title: 'max ms' },
    { figure: 'transactionsPerSecond', title: 'transactions/s' },
    { figure: 'cpuMicrosEach', title: 'CPU us each' },
    { figure: 'peakMemoryMb', title: 'peak MB' },
    { figure: 'commitP50Ms', title: 'commit p50 ms' },
    { figure: 'commitP99Ms', title: 'commit p99 ms' },
  ],
  producer: [{ figure: 'perSecond', title: 'records/s' }],
  'smallest-heap': [
    { figure: 'heapMb', title: '-Xmx MB' },
    { figure: 'peakMemoryMb', title: 'peak MB' },
    { figure: 'perSecond', title: 'changes/s' },
  ],
};

/** A number as a person reads it: three digits that count, thousands apart. */
export function readable(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: 0 });
}

/** The median, with the spread behind it where there is one. */
export function shown(spread: Spread | null): string {
  if (spread === null) return '';
  const { median, min, max, count } = spread;
  return count === 1 ? readable(median) : `${readable(median)} (${readable(min)}-${readable(max)})`;
}

function cell(spread: Spread | null, { hideZero = false }: Column): string {
  return hideZero && spread?.max === 0 ? '' : shown(spread);
}

/** A table with its rows; the first row is the titles. */
export type Table = { readonly name: string; readonly rows: readonly (readonly string[])[] };

/** One table a scenario that was run. */
export function tables({ runs }: Pick<Results, 'runs'>): readonly (Table & { readonly name: ScenarioName })[] {
  return scenarios.flatMap(scenario => {
    const rows = subjects.flatMap(subject => rowOf(runs, scenario, subject));
    if (rows.length === 0) return [];
    const used = columns[scenario].map((_, index) => rows.some(row => row[index + 1] !== ''));
    const kept = (row: readonly string[]) => row.filter((_, index) => index === 0 || used[index - 1]);
    return [{ name: scenario, rows: [['', ...columns[scenario].map(({ title }) => title)], ...rows].map(kept) }];
  });
}

function rowOf(runs: readonly Run[], scenario: ScenarioName, subject: (typeof subjects)[number]): string[][] {
  if (!runs.some(run => run.scenario === scenario && run.subject === subject)) return [];
  return [[subject, ...columns[scenario].map(column => cell(figure(runs, scenario, subject, column.figure), column))]];
}

/** The table in columns, for a terminal. */
export function asText({ name, rows }: Table): string {
  const widths = rows[0]!.map((_, index) => Math.max(...rows.map(row => row[index]!.length)));
  const lines = rows.map(row =>
    row.map((cell, index) => (index === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[index]!))).join('  '),
  );
  return `${name}\n${lines.map(line => `  ${line.trimEnd()}\n`).join('')}`;
}

/** The table as Markdown. */
export function asMarkdown({ rows }: Pick<Table, 'rows'>): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  return `${line(rows[0]!)}${line(rows[0]!.map((_, index) => (index === 0 ? '---' : '---:')))}${rows.slice(1).map(line).join('')}`;
}
