import { parseArgs } from 'node:util';
import { UsageError } from '../arguments.ts';

export const soakUsage = `npm run bench -- soak                          half an hour at half speed, into Kafka with exactly-once
npm run bench -- soak --minutes 5 --log embedded

  --minutes N      how long the load runs (default: 30)
  --log NAME       kafka or embedded (default: kafka)
  --rate N         changes a second; without it half of what a short backlog run measures first
  --draft          writes the samples only, and leaves docs/soak.svg and docs/soak.md as they are
  --help

Writes bench/results/soak-DATE.json, draws docs/soak.svg and writes docs/soak.md. Ends with 1 where memory grew, lag was not bounded or a descriptor
leaked.
`;

export type SoakArguments = {
  readonly minutes: number;
  readonly log: 'kafka' | 'embedded';
  readonly rate: number | null;
  readonly draft: boolean;
};

/** Reads the command line behind `soak`; null: only the help was asked for. Throws UsageError. */
export function readSoakArguments(args: readonly string[]): SoakArguments | null {
  const text = { type: 'string' } as const;
  let values: { minutes?: string; log?: string; rate?: string; draft?: boolean; help?: boolean };
  try {
    const options = { minutes: text, log: text, rate: text, draft: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (values.help) return null;
  const { minutes = '30', log = 'kafka', rate } = values;
  if (!/^\d+(\.\d+)?$/.test(minutes) || Number(minutes) <= 0)
    throw new UsageError(`--minutes takes a number such as 30, not '${minutes}'.`);
  if (log !== 'kafka' && log !== 'embedded') throw new UsageError(`--log is kafka or embedded, not '${log}'.`);
  if (rate !== undefined && !/^[1-9]\d*$/.test(rate)) throw new UsageError(`--rate takes changes a second, such as 20000, not '${rate}'.`);
  return { minutes: Number(minutes), log, rate: rate === undefined ? null : Number(rate), draft: values.draft ?? false };
}
