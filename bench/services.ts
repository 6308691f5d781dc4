import { parseArgs } from 'node:util';
import { UsageError } from './arguments.ts';

/** What is measured of the services beside the pipeline; each prints what it finds. */
type Measured = (options: { readonly quick: boolean; readonly seconds: number | null }) => Promise<void>;

const scenarios: Readonly<Record<string, () => Promise<Measured>>> = {
  events: async () => (await import('./services/events.ts')).benchEvents,
  'events-postgres': async () => (await import('./services/events-postgres.ts')).benchPostgresEvents,
  sagas: async () => (await import('./services/sagas.ts')).benchSagas,
};

/** `npm run bench -- services [NAME ...] [--quick] [--seconds N]`: those named, else all, one after the other. Throws UsageError for what there is not. */
export async function runServices(args: readonly string[]): Promise<void> {
  const { positionals: names, values } = parsed(args);
  const known = Object.keys(scenarios);
  const unknown = names.find(name => !known.includes(name));
  if (unknown !== undefined) throw new UsageError(`There is no bench of a service '${unknown}'; there are ${known.join(', ')}.`);
  const seconds = values.seconds === undefined ? null : Number(values.seconds);
  if (seconds !== null && !(seconds >= 1)) throw new UsageError('--seconds takes a number, such as 10.');
  for (const name of names.length > 0 ? names : known) await (await scenarios[name]!())({ quick: values.quick ?? false, seconds });
}

function parsed(args: readonly string[]) {
  const options = { quick: { type: 'boolean' }, seconds: { type: 'string' } } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
