import { setTimeout as delay } from 'node:timers/promises';
import { isStreamOffset, type RawConfig, SluiceError } from '../contract/index.ts';
import type { ChangePlan, ConnectorChange } from '../engine/changes/connector-change.ts';
import type { Comparison } from '../takeover/compare.ts';
import { offsetsOf, type SeenConnector, seeConnector } from '../takeover/connect-connector.ts';
import { databaseOf } from '../takeover/database.ts';
import { handOver } from '../takeover/hand-over.ts';
import { intendedDifferences, without } from '../takeover/intent.ts';
import type { RestCaller, Wait } from '../takeover/rest-caller.ts';
import type { Command, CommandInput } from './command-line.ts';
import { callWorker, type WorkerAddress, workerUrl } from './rest-client.ts';
import { connectAddress, durationMs, withSettings } from './takeover-arguments.ts';
import { comparisonText } from './takeover-text.ts';

/** A worker that forwards, or a group that rebalances, takes its time. */
const callMsMax = 100_000;
const rebalanceAttemptsMax = 60;
const rebalanceWaitMs = 1_000;

const wait: Wait = async delayMs => {
  await delay(delayMs);
};

/** `sluice takeover`: looks, shadows and takes over, each when told; `--return` goes the other way. */
export const takeover: Command = async input => {
  const [url = '', name = ''] = input.positionals;
  const here = callerOf(await workerUrl(input));
  const there = callerOf(connectAddress(url));
  return input.on('return') ? giveBack(input, name, here, there) : take(input, name, there, here);
};

/** Calls, and calls again as long as a group says that it rebalances. */
function callerOf(worker: WorkerAddress): RestCaller {
  return async (method, path, body) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await callWorker(worker, method, path, { withinMs: callMsMax, ...(body !== undefined && { body }) });
      } catch (error) {
        const again = error instanceof SluiceError && /rebalanc|momentarily/i.test(error.message) && attempt < rebalanceAttemptsMax;
        if (!again) throw error;
        await wait(rebalanceWaitMs);
      }
    }
  };
}

async function take(input: CommandInput, name: string, there: RestCaller, here: RestCaller): Promise<number> {
  const { out, paint } = input.terminal;
  const seen = await found(there, name);
  out(`${paint.bold(name)} at Kafka Connect: ${stateText(seen)}\n`);
  const config = await agreedConfig(input, { ...seen.config, name });
  const change = await look(here, config);
  refuseFaults(change, out);
  out('The worker here accepts all of it.\n');
  if (input.on('shadow') && !(await shadowed(input, config, there, here))) return 1;
  if (!(await agreed(input, `Stop ${name} at Kafka Connect and go on with it here?`))) {
    out(`Nothing was changed. To take it over: the same command with --yes.\n`);
    return 0;
  }
  await handOver({
    name,
    config,
    from: there,
    to: here,
    wait,
    // Of the others no reader is waited for: what Connect has stopped, or given up, publishes nothing more.
    busy: async () => databaseOf(config) === 'postgres' && (await look(here, config)).findings.some(({ code }) => code === 'SLOT_IN_USE'),
    tell: step => out(`${step}\n`),
  });
  out(`${paint.green('Taken over.')} It is still there at Kafka Connect, stopped: delete it there when you will not go back.\n`);
  return 0;
}

async function giveBack(input: CommandInput, name: string, here: RestCaller, there: RestCaller): Promise<number> {
  const { out, paint } = input.terminal;
  const seen = await found(here, name);
  const at = await seeConnector(there, name);
  if (at === null)
    throw new SluiceError('NOT_FOUND', `Kafka Connect has no connector ${name} any more.`, {
      remedy: `Make it there, stopped (POST /connectors with "initial_state": "STOPPED"), with its secrets; then run the same command again.`,
    });
  out(`${paint.bold(name)} here: ${stateText(seen)}; at Kafka Connect: ${stateText(at)}\n`);
  if (!(await agreed(input, `Stop ${name} here and go on with it at Kafka Connect?`))) {
    out('Nothing was changed. To hand it back: the same command with --yes.\n');
    return 0;
  }
  await handOver({
    name,
    // What it runs with there is what Connect has: secrets are not read out here.
    config: at.config,
    from: here,
    to: there,
    wait,
    // What is stored beside the stream's offset Debezium does not ask for, and Connect takes nothing but primitive values.
    carries: isStreamOffset,
    busy: async () => false,
    tell: step => out(`${step}\n`),
  });
  out(`${paint.green('Handed back.')} It is still here, stopped.\n`);
  return 0;
}

async function found(call: RestCaller, name: string): Promise<SeenConnector> {
  const seen = await seeConnector(call, name);
  if (seen === null) throw new SluiceError('NOT_FOUND', `There is no connector ${name} there.`);
  if (databaseOf(seen.config) === null)
    throw new SluiceError(
      'CONFIG_INVALID',
      `${name} is a ${seen.config['connector.class']}: only Debezium’s connectors of PostgreSQL, MySQL, MariaDB and MongoDB are taken over by this command.`,
      {
        remedy: 'docs/migrating.md says how others move: all connectors of a group at once, or offsets by hand.',
      },
    );
  await offsetsOf(call, name);
  return seen;
}

function stateText({ state, tasks }: SeenConnector): string {
  return `${state}${tasks.length === 0 ? '' : `, ${tasks.map(task => `task ${task.id} ${task.state}`).join(', ')}`}`;
}

/** The config as it is to be here. Throws where it cannot be asked what an option is to mean. */
async function agreedConfig(input: CommandInput, given: RawConfig): Promise<RawConfig> {
  const { terminal, on } = input;
  const config = withSettings(given, input.text('set'), input.text('unset'));
  const differing = intendedDifferences(config);
  if (differing.length === 0) return config;
  terminal.out('Options by which the two differ on purpose:\n');
  for (const { option, value, why } of differing) terminal.out(`    ${option}=${value}: ${why}\n`);
  const left = () =>
    without(
      config,
      differing.map(({ option }) => option),
    );
  if (on('as-debezium')) return left();
  if (on('as-written')) return config;
  if (terminal.ask === undefined)
    throw new SluiceError('CONFIG_INVALID', 'It is not said what these options are to mean here.', {
      remedy: '--as-debezium leaves them out: the records stay as they are; --as-written does as they say: they change.',
    });
  const answer = await terminal.ask('Leave them out, so that records stay as they are? [Y/n] ');
  return /^n/i.test(answer) ? config : left();
}

/** What the worker here says of the config, under a name that nothing has. */
async function look(here: RestCaller, config: RawConfig): Promise<ConnectorChange> {
  const connectors = [{ name: `${config['name']}-look`, config: without(config, ['name']), initial_state: 'STOPPED' }];
  const { changes } = (await here('POST', '/sluice/plan', { connectors })) as ChangePlan;
  return changes[0]!;
}

function refuseFaults({ faults, warnings, findings }: ConnectorChange, out: (text: string) => void): void {
  for (const { option, message } of warnings) out(`    warning  ${option}: ${message}\n`);
  // While the connector runs there, its slot is in use; that is how it should be.
  const lacking = findings.filter(({ code }) => code !== 'SLOT_IN_USE');
  for (const { subject, status, message } of lacking) out(`    ${status.padEnd(7)}  ${subject}: ${message}\n`);
  const listed = [...faults.map(({ option, message }) => `${option}: ${message}`)];
  if (listed.length === 0 && !lacking.some(({ status }) => status === 'fault')) return;
  for (const fault of listed) out(`    fault    ${fault}\n`);
  throw new SluiceError('CONFIG_INVALID', 'It cannot be taken over as it is. Nothing was changed.', {
    remedy: 'Change it there, or give it otherwise here: --set NAME=VALUE, --unset NAME.',
  });
}

async function agreed({ terminal, on }: CommandInput, question: string): Promise<boolean> {
  if (on('yes')) return true;
  return terminal.ask !== undefined && /^y(?:es)?$/i.test(await terminal.ask(`${question} [y/N] `));
}

/** Whether both published the same. */
async function shadowed(input: CommandInput, config: RawConfig, there: RestCaller, here: RestCaller): Promise<boolean> {
  const { out, paint } = input.terminal;
  const [{ runShadow }, { openTopics }] = await Promise.all([import('../takeover/shadow-run.ts'), import('./takeover-topics.ts')]);
  const stop = new AbortController();
  await using topics = await openTopics(input, stop.signal);
  const comparison: Comparison = await runShadow({
    config,
    there,
    here,
    runningTopics: topics.running,
    shadowTopics: topics.shadow,
    durationMs: durationMs(input.text('shadow-for') ?? '60s'),
    wait,
    nowMs: Date.now,
    abort: stop.signal,
    tell: step => out(`${step}\n`),
  });
  out(comparisonText(comparison, paint));
  return comparison.differences.length === 0 && comparison.compared > 0;
}
