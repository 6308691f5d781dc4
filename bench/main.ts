import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Arguments, readArguments, UsageError, usage } from './arguments.ts';
import { Environment } from './environment.ts';
import { machine } from './measuring/machine.ts';
import { type Job, plan } from './plan.ts';
import { asText, readable, tables } from './report/table.ts';
import type { Results, Run } from './results.ts';

const root = join(import.meta.dirname, '..');
const say = (text: string) => void process.stderr.write(`${text}\n`);

/** `npm run bench`: measures what the arguments choose; the exit code. */
async function bench(given: Arguments, command: string): Promise<number> {
  const started = new Date();
  const found = machine();
  const runs: Run[] = [];
  const failures: string[] = [];
  {
    await using environment = new Environment(say);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130)); // what was started ends with this process
    const jobs = plan(environment, given.settings, given.profileFolder, given.chosen);
    if (jobs.length === 0) throw new UsageError('Nothing is left to run: no chosen subject takes part in a chosen scenario.');
    for (let repeat = 1; repeat <= given.settings.repeat; repeat++) {
      for (const job of jobs) {
        const run = await attempt(job, repeat, failures);
        if (run) runs.push(run);
      }
    }
  }
  const results: Results = {
    date: started.toISOString(),
    command,
    commit: execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim(),
    machine: found,
    versions: { node: process.version },
    settings: given.settings,
    runs,
  };
  process.stdout.write(`\n${tables(results).map(asText).join('\n')}`);
  if (given.jsonFile) writeFileSync(given.jsonFile, `${JSON.stringify(results, null, 1)}\n`);
  if (given.publish) publish(results);
  for (const failure of failures) say(`FAILED: ${failure}`);
  return failures.length === 0 ? 0 : 1;
}

/** One run. A failed one is told and does not end the others. */
async function attempt({ scenario, subject, run }: Job, repeat: number, failures: string[]): Promise<Run | null> {
  try {
    const figures = await run();
    const { perSecond, p50Ms, peakMemoryMb } = figures;
    const parts = [
      perSecond && `${readable(perSecond)}/s`,
      p50Ms && `p50 ${readable(p50Ms)} ms`,
      peakMemoryMb && `${readable(peakMemoryMb)} MB`,
    ];
    say(`${repeat}. ${scenario} ${subject}: ${parts.filter(Boolean).join(', ')}`);
    return { scenario, subject, repeat, figures };
  } catch (error) {
    failures.push(`${repeat}. ${scenario} ${subject}: ${(error as Error).message}`);
    say(failures.at(-1)!);
    return null;
  }
}

function publish(results: Results): void {
  const folder = join(root, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${results.date.slice(0, 10)}.json`), `${JSON.stringify(results, null, 1)}\n`);
}

try {
  const args = process.argv.slice(2);
  const given = readArguments(args);
  if (given === null) process.stdout.write(usage);
  else process.exitCode = await bench(given, ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
