import { type RawConfig, SluiceError, type SourceOffset } from '../contract/index.ts';
import { isUnfinishedSnapshot, offsetsOf, seeConnector, stopConnector, streamOffset } from './connect-connector.ts';
import { pathOf, type RestCaller, type Wait } from './rest-caller.ts';

/** A connector's way from one worker to another. */
export type HandOver = {
  readonly name: string;
  /** What it runs with there from now on. */
  readonly config: RawConfig;
  /** Where it runs now, and where it is to. Both answer Connect's REST API. */
  readonly from: RestCaller;
  readonly to: RestCaller;
  readonly wait: Wait;
  /** Which of its offsets go along. Left out: all. */
  readonly carries?: (stored: SourceOffset) => boolean;
  /** Whether the database still holds a reader of what the connector read, such as its slot. */
  readonly busy: () => Promise<boolean>;
  /** What has been done, a sentence a step. */
  readonly tell: (step: string) => void;
};

/** How long the connector may take to run at its new place. */
const runningMsMax = 120_000;
const lookMs = 250;

/**
 * Takes a connector from one worker to another at the position it has: makes it there, stopped; stops it here; carries its offsets over; starts
 * it there. Done again after it broke off, it goes on where it was. Throws CONFLICT where a step cannot be done: with nothing published at the new
 * place, the connector runs at the old one again.
 */
export async function handOver(way: HandOver): Promise<readonly SourceOffset[]> {
  const { name, config, from, to, wait, carries = () => true, busy, tell } = way;
  const there = await seeConnector(to, name);
  if (there !== null && there.state !== 'STOPPED')
    throw new SluiceError('CONFLICT', `Connector ${name} is there already, and ${there.state}.`, {
      remedy: 'Delete it there, or stop it: one that is stopped takes the offsets over.',
    });
  refuseUnfinished(name, await offsetsOf(from, name));
  // Made first: what is wrong with its config is told while it still runs at its old place.
  if (there === null) await to('POST', '/connectors', { name, config, initial_state: 'STOPPED' });
  else await to('PUT', `${pathOf(name)}/config`, config);
  tell(`${name} is made at its new place, stopped.`);
  const offsets = (await stopConnector(from, name, wait, busy)).filter(carries);
  try {
    refuseUnfinished(name, offsets);
    tell(`${name} is stopped at its old place, and its offsets are read.`);
    await until(wait, async () => (await seeConnector(to, name))?.tasks.length === 0, `${name} to be stopped at its new place`);
    await to('PATCH', `${pathOf(name)}/offsets`, { offsets });
    tell(`${name} has its offsets at its new place.`);
    await to('PUT', `${pathOf(name)}/resume`);
    await until(wait, () => runs(to, name), `${name} to run at its new place`);
    tell(`${name} runs at its new place.`);
  } catch (error) {
    await goBack(way, offsets, error);
  }
  return offsets;
}

/** A position in the middle of a snapshot is one of Debezium's that nobody can go on from. */
function refuseUnfinished(name: string, offsets: readonly SourceOffset[]): void {
  const offset = streamOffset(offsets);
  if (offset === null)
    throw new SluiceError('CONFLICT', `Connector ${name} has stored no offset yet, so there is nothing to go on from.`, {
      remedy: 'Wait until it has published something; or delete it there, and make it here with a snapshot of its own.',
    });
  if (isUnfinishedSnapshot(offset))
    throw new SluiceError('CONFLICT', `Connector ${name} has not finished its snapshot.`, { remedy: 'Wait until it streams.' });
}

async function runs(to: RestCaller, name: string): Promise<boolean> {
  const seen = await seeConnector(to, name);
  const failed = seen?.tasks.find(({ state }) => state === 'FAILED');
  if (failed || seen?.state === 'FAILED')
    throw new SluiceError('CONFLICT', `Connector ${name} FAILED at its new place: ${failed?.trace?.split('\n')[0] ?? 'see its status'}`);
  return seen !== null && seen.state === 'RUNNING' && seen.tasks.length > 0 && seen.tasks.every(({ state }) => state === 'RUNNING');
}

/** Runs it at its old place again, if it cannot have published anything at the new one. Throws what went wrong, with what was done about it. */
async function goBack({ name, from, to, wait, tell }: HandOver, offsets: readonly SourceOffset[], error: unknown): Promise<never> {
  const { message } = error as Error;
  let published = true;
  try {
    const left = await stopConnector(to, name, wait, async () => false);
    // Offsets are stored with what they cover: as long as they are as they were, nothing has been published; nor where none are.
    published = left.length > 0 && JSON.stringify(streamOffset(left)) !== JSON.stringify(streamOffset(offsets));
    if (!published) {
      await from('PUT', `${pathOf(name)}/resume`);
      tell(`${name} runs at its old place again.`);
    }
  } catch (again) {
    throw new SluiceError('CONFLICT', `${message} And it could not be put back: ${(again as Error).message}`, {
      cause: error,
      remedy: 'Look at both workers: it must run at one of them alone.',
    });
  }
  throw new SluiceError('CONFLICT', message, {
    cause: error,
    remedy: published
      ? 'It may have published at its new place already, and is stopped at both: mend what the message names and resume it there.'
      : 'Nothing was published at its new place, where it is stopped now; it runs at its old place again. Mend what the message names, then run the same command again.',
  });
}

async function until(wait: Wait, condition: () => Promise<boolean>, what: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < runningMsMax; waitedMs += lookMs) {
    if (await condition()) return;
    await wait(lookMs);
  }
  throw new SluiceError('CONFLICT', `Waited ${runningMsMax / 1000} s for ${what}.`);
}
