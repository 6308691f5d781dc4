import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError, toSluiceError } from '../contract/index.ts';
import type { ConnectorChange } from '../engine/changes/connector-change.ts';
import type { ConnectorStatus } from '../engine/supervisor/supervisor-states.ts';
import { changed, isFaulty, planText } from './change-text.ts';
import type { Command, CommandInput } from './command-line.ts';
import { type AskedPlan, askForPlan } from './plan.ts';
import { callWorker, type WorkerAddress } from './rest-client.ts';

/** One connector: its database may be looked at, its tasks be stopped. */
const applyMsMax = 120_000;
/** How long a connector may take to run, before that is said of it. */
const runningMsMax = 60_000;
const runningCheckMs = 100;

/** `sluice apply`: does what `sluice plan` shows, one connector at a time; stops at the first that fails. */
export const apply: Command = async input => {
  const { terminal } = input;
  const { out, paint } = terminal;
  const asked = await askForPlan(input);
  const changes = changed(asked.plan);
  out(planText(asked.plan, paint));
  if (isFaulty(asked.plan))
    throw new SluiceError('CONFIG_INVALID', 'Nothing was applied: correct the faults above first.', {
      remedy: 'sluice plan shows them again.',
    });
  if (changes.length === 0) {
    out('Nothing to do.\n');
    return 0;
  }
  const losing = changes.filter(({ position }) => position === 'lost').map(({ name }) => name);
  if (losing.length > 0 && !input.on('lose-position'))
    throw new SluiceError('CONFLICT', `Nothing was applied: ${losing.join(', ')} would lose the position it has.`, {
      remedy: 'Where it is meant that it begins anew, say so: --lose-position.',
    });
  if (!(await agreed(input, changes.length))) {
    out('Nothing was applied.\n');
    return 1;
  }
  for (const [index, change] of changes.entries()) {
    try {
      out(`${change.name}: ${await applyOne(asked, change, input.on('lose-position'))}\n`);
    } catch (thrown) {
      const left = changes.slice(index + 1).map(({ name }) => name);
      const { code, message, remedy } = toSluiceError(thrown);
      const rest = left.length === 0 ? '' : ` Not applied after it: ${left.join(', ')}.`;
      throw new SluiceError(code, `${change.name}: ${message}${rest}`, { cause: thrown, remedy });
    }
  }
  return 0;
};

async function agreed({ terminal, on }: CommandInput, count: number): Promise<boolean> {
  if (on('yes')) return true;
  if (terminal.ask === undefined)
    throw new SluiceError('CONFLICT', 'Nothing was applied: nobody is there to be asked.', { remedy: 'Say --yes where it is to be done.' });
  const answer = await terminal.ask(`Apply ${count === 1 ? 'this change' : `these ${count} changes`}? [y/N] `);
  return /^y(?:es)?$/i.test(answer);
}

/** What became of it, in a few words. */
async function applyOne({ worker, wanted }: AskedPlan, { name, action }: ConnectorChange, losePosition: boolean): Promise<string> {
  const path = `/connectors/${encodeURIComponent(name)}`;
  const given = wanted?.get(name);
  const wish =
    wanted === null
      ? { file: true }
      : given === undefined
        ? { config: null }
        : { config: given.config, initial_state: given.initial_state };
  await callWorker(worker, 'PUT', `/sluice${path}/apply`, { body: { ...wish, lose_position: losePosition }, withinMs: applyMsMax });
  if (action === 'remove') return 'removed; its offsets stay';
  const state = await settledState(worker, path);
  return `${action === 'add' ? 'made' : 'changed'}, ${state}`;
}

/** The state it comes to. Throws what it fails with. */
async function settledState(worker: WorkerAddress, path: string): Promise<string> {
  const deadlineMs = performance.now() + runningMsMax;
  for (;;) {
    const status = (await callWorker(worker, 'GET', `${path}/status`).catch(notYet)) as ConnectorStatus | null;
    const states = status === null ? [] : [status.connector, ...status.tasks];
    const failed = states.find(({ state }) => state === 'FAILED');
    if (failed)
      throw new SluiceError('CONFLICT', `It was applied and FAILED: ${(failed.trace ?? '').split('\n')[0]}`, {
        remedy: (failed.trace ?? '').split('\n')[1] ?? '',
      });
    const at = status?.connector.state;
    if (
      at === 'STOPPED' ||
      at === 'PAUSED' ||
      (at === 'RUNNING' && status!.tasks.length > 0 && states.every(({ state }) => state === 'RUNNING'))
    )
      return at;
    if (performance.now() > deadlineMs) return `${at ?? 'not started'} still after ${runningMsMax / 1000} s; sluice status tells more`;
    await delay(runningCheckMs);
  }
}

/** A connector of a group has no state before it has an owner. */
function notYet(error: unknown): null {
  if (error instanceof SluiceError && error.code === 'NOT_FOUND') return null;
  throw error;
}
