import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../results.ts';
import { chart } from './chart.ts';
import type { Sample } from './samples.ts';
import type { Finding } from './verdict.ts';

const root = join(import.meta.dirname, '..', '..');

/** Everything a soak found: what a file of the day in bench/results holds. */
export type SoakResults = {
  readonly date: string;
  readonly command: string;
  readonly commit: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly log: 'kafka' | 'embedded';
  readonly minutes: number;
  /** What was asked for, and what the load and the worker did over all of the time. */
  readonly wantedPerSecond: number;
  readonly changesPerSecond: number;
  readonly findings: readonly Finding[];
  readonly samples: readonly Sample[];
};

function page({ date, command, commit, machine, log, minutes, changesPerSecond, findings }: SoakResults): string {
  const into = log === 'kafka' ? 'Kafka, exactly once' : 'the embedded log';
  const said = findings.map(({ what, seen, good }) => `${good ? what : `NOT: ${what}`} (${seen})`).join('; ');
  return `# Half speed for a long time
\`${command}\` on ${date.slice(0, 10)} (commit \`${commit}\`, ${machine.cpus} CPUs): ${Math.round(changesPerSecond).toLocaleString('en-US')} changes a second, half of what a
backlog drains with, into ${into} for ${minutes} minutes, with PostgreSQL, the broker and the load on the same machine. The verdict, without the first fifth
of the time: ${said}.

![Memory, lag, what the slot keeps, descriptors and throughput over the time](soak.svg)
`;
}

/** Keeps the samples, and unless it is a draft draws them for the documentation. */
export function writeSoak(results: SoakResults, draft: boolean): string {
  const folder = join(root, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `soak-${results.date.slice(0, 10)}.json`);
  writeFileSync(file, `${JSON.stringify(results)}\n`);
  if (draft) return file;
  writeFileSync(join(root, 'docs', 'soak.svg'), chart(results.samples, `Sluice at half speed for ${results.minutes} minutes`));
  writeFileSync(join(root, 'docs', 'soak.md'), page(results));
  return file;
}
