import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Results } from '../results.ts';
import { markdown } from './markdown.ts';
import { asText, tables } from './table.ts';
import { targetRows } from './targets.ts';

const bench = join(import.meta.dirname, '..');

/** What a terminal shows: a table a scenario, and the targets that could be judged. */
export function printed(results: Results): string {
  const [titles, ...rows] = targetRows(results);
  const judged = rows.filter(row => row.at(-1) !== '');
  const targets = judged.length === 0 ? [] : [{ name: 'targets', rows: [titles!, ...judged] }];
  return [...tables(results), ...targets].map(asText).join('\n');
}

/** The results as JSON. */
export function writeJson(file: string, results: Results): void {
  writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
}

/** Keeps the results beside the code: a file of the day in bench/results, and bench/RESULTS.md. */
export function publish(results: Results): void {
  const folder = join(bench, 'results');
  mkdirSync(folder, { recursive: true });
  // Those of PostgreSQL were there first.
  const suffix = results.database === 'postgres' ? '' : `-${results.database}`;
  writeJson(join(folder, `${results.date.slice(0, 10)}${suffix}.json`), results);
  writeFileSync(join(bench, `RESULTS${suffix}.md`), markdown(results));
}
