import { Environment } from './environment.ts';
import { machine } from './measuring/machine.ts';
import { checkedOut, versions } from './measuring/versions.ts';
import { readSoakArguments, soakUsage } from './soak/arguments.ts';
import { writeSoak } from './soak/report.ts';
import { halfSpeed, soak, soakBroker } from './soak/run.ts';
import { verdict } from './soak/verdict.ts';

const say = (text: string) => void process.stderr.write(`${text}\n`);

/** `npm run bench -- soak`: load at half speed for a long time; 1 where memory grew, lag was not bounded or a descriptor leaked. */
export async function runSoak(args: readonly string[]): Promise<number> {
  const given = readSoakArguments(args);
  if (given === null) {
    process.stdout.write(soakUsage);
    return 0;
  }
  const date = new Date().toISOString();
  const found = machine();
  await using environment = new Environment(say);
  const { command } = await environment.sluice();
  const log = given.log === 'kafka' ? { kafka: (await environment.kafka(soakBroker)).bootstrapServers, exactlyOnce: true } : null;
  const perSecond = given.rate ?? (await halfSpeed(environment, command, log));
  say(`${Math.round(perSecond)} changes a second for ${given.minutes} minutes ...`);
  const { samples, changesPerSecond } = await soak(environment, given, { command, log, perSecond, say });
  const findings = verdict(samples);
  const results = {
    ...{ date, command: ['npm run bench -- soak', ...args].join(' '), commit: checkedOut(), machine: found },
    ...{ versions: versions({ PostgreSQL: await (await environment.postgres()).version() }), log: given.log, minutes: given.minutes },
    ...{ wantedPerSecond: perSecond, changesPerSecond, findings, samples },
  };
  const file = writeSoak(results, given.draft);
  for (const { what, seen, good } of findings) process.stdout.write(`${good ? 'yes' : 'NO '}  ${what}: ${seen}\n`);
  process.stdout.write(`Samples: ${file}\n`);
  return findings.every(({ good }) => good) ? 0 : 1;
}
