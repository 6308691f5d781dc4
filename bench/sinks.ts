import { UsageError } from './arguments.ts';

/** Each measures a sink against the bare client doing the same writes with the same guarantees, and prints the result. */
const comparisons: Readonly<Record<string, () => Promise<unknown>>> = {
  elasticsearch: () => import('./sinks/elasticsearch.ts'),
  redis: () => import('./sinks/redis.ts'),
  jdbc: () => import('./sinks/jdbc.ts'),
  views: () => import('./sinks/views.ts'),
};

/** `npm run bench -- sinks [NAME ...]`: those named, else all, one after the other. Throws UsageError for a name that there is not. */
export async function runSinks(names: readonly string[]): Promise<void> {
  const known = Object.keys(comparisons);
  const unknown = names.find(name => !known.includes(name));
  if (unknown !== undefined) throw new UsageError(`There is no bench of a sink '${unknown}'; there are ${known.join(', ')}.`);
  for (const name of names.length > 0 ? names : known) await comparisons[name]!();
}
