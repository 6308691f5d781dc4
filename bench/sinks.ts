import { parseArgs } from 'node:util';
import { UsageError } from './arguments.ts';

/** Each measures a sink against the bare client doing the same writes with the same guarantees, and prints the result. */
const comparisons: Readonly<Record<string, () => Promise<unknown>>> = {
  elasticsearch: () => import('./sinks/elasticsearch.ts'),
  redis: () => import('./sinks/redis.ts'),
  jdbc: () => import('./sinks/jdbc/compare.ts'),
  views: () => import('./sinks/views.ts'),
  debezium: () => import('./sinks/debezium/compare.ts'),
};
/** From a commit in the database until the change is visible in each sink. */
const endToEnd = 'latency';
const secondsStandard = 20;

/**
 * `npm run bench -- sinks [NAME ...] [--quick] [--seconds N] [--profile FOLDER]`: those named, else all, one after the other; the options are
 * those of `latency`. Throws UsageError for what there is not.
 */
export async function runSinks(args: readonly string[]): Promise<void> {
  const { positionals: names, values } = parsed(args);
  const known = [...Object.keys(comparisons), endToEnd];
  const unknown = names.find(name => !known.includes(name));
  if (unknown !== undefined) throw new UsageError(`There is no bench of a sink '${unknown}'; there are ${known.join(', ')}.`);
  const seconds = Number(values.seconds ?? secondsStandard);
  if (!(seconds >= 1)) throw new UsageError('--seconds takes a number, such as 20.');
  if (Object.keys(values).length > 0 && names.join() !== endToEnd)
    throw new UsageError(`--quick, --seconds and --profile are of 'sinks ${endToEnd}' alone.`);
  for (const name of names.length > 0 ? names : known) {
    if (name !== endToEnd) await comparisons[name]!();
    else {
      const { benchLatency } = await import('./sinks/latency.ts');
      await benchLatency({ quick: values.quick ?? false, seconds, profileFolder: values.profile ?? null });
    }
  }
}

function parsed(args: readonly string[]) {
  const options = { quick: { type: 'boolean' }, seconds: { type: 'string' }, profile: { type: 'string' } } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
