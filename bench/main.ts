import { type Arguments, readArguments, UsageError, usage } from './arguments.ts';
import { Environment } from './environment.ts';
import { machine } from './measuring/machine.ts';
import { checkedOut, versions } from './measuring/versions.ts';
import { type Job, plan } from './plan.ts';
import { abouts } from './report/abouts.ts';
import { readable } from './report/table.ts';
import { printed, publish, writeJson } from './report/write.ts';
import type { Results, Run } from './results.ts';
import { runServices } from './services.ts';
import { runSinks } from './sinks.ts';
import { runSoak } from './soak.ts';

const say = (text: string) => void process.stderr.write(`${text}\n`);

/** `npm run bench`: measures what the arguments choose; the exit code. */
async function bench(given: Arguments, command: string): Promise<number> {
  const { database, settings, note, jsonFile } = given;
  const date = new Date().toISOString();
  const found = machine();
  const runs: Run[] = [];
  const failures: string[] = [];
  await using environment = new Environment(say, given.commit);
  const jobs = plan(environment, database, settings, given.profileFolder, given.chosen);
  if (jobs.length === 0) throw new UsageError('Nothing is left to run: no chosen subject takes part in a chosen scenario.');
  // Without a build no run of it can be: said once, and at once.
  if (jobs.some(({ subject }) => subject.startsWith('sluice'))) await environment.sluice();
  // All in turn, then all again: what changes on the machine meanwhile meets everybody.
  for (let repeat = 1; repeat <= settings.repeat; repeat++) {
    for (const job of jobs) {
      if (job.once && repeat > 1) continue;
      const run = await attempt(job, repeat, failures);
      if (run) runs.push(run);
    }
  }
  const commit = given.commit ?? checkedOut();
  const versionsFound = versions({ [abouts[database].title]: await (await environment.database(database)).version() });
  const results: Results = { date, command, commit, database, machine: found, versions: versionsFound, settings, runs, failures, note };
  process.stdout.write(`\n${printed(results)}`);
  if (jsonFile) writeJson(jsonFile, results);
  if (given.publish) publish(results);
  for (const failure of failures) say(`FAILED: ${failure.split('\n')[0]}`);
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

try {
  // What was started ends with this process, however it ends.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const args = process.argv.slice(2);
  const [first] = args;
  const given = first === 'soak' || first === 'sinks' || first === 'services' ? first : readArguments(args);
  if (given === 'soak') process.exitCode = await runSoak(args.slice(1));
  else if (given === 'sinks') await runSinks(args.slice(1));
  else if (given === 'services') await runServices(args.slice(1));
  else if (given === null) process.stdout.write(usage);
  else process.exitCode = await bench(given, ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '));
} catch (error) {
  const wrongly = error instanceof UsageError;
  process.stderr.write(`${(error as Error).message}\n${wrongly ? `\n${usage}` : ''}`);
  process.exitCode = wrongly ? 2 : 1;
}
