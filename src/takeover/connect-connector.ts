import { isStreamOffset, type JsonObject, type RawConfig, SluiceError, type SourceOffset } from '../contract/index.ts';
import { pathOf, type RestCaller, type Wait } from './rest-caller.ts';

/** A connector as a worker of Kafka Connect (or this project's) shows it. */
export type SeenConnector = {
  readonly name: string;
  readonly config: RawConfig;
  readonly state: string;
  readonly tasks: readonly { readonly id: number; readonly state: string; readonly trace?: string }[];
};

/** How long a connector may take to stop: tasks have Connect's graceful time-out, then a rebalance follows. */
const stopMsMax = 120_000;
const lookMs = 250;

/** A connector with its state; null where there is none of the name. */
export async function seeConnector(call: RestCaller, name: string): Promise<SeenConnector | null> {
  try {
    const config = (await call('GET', `${pathOf(name)}/config`)) as RawConfig;
    const status = (await call('GET', `${pathOf(name)}/status`)) as {
      readonly connector: { readonly state: string };
      readonly tasks: SeenConnector['tasks'];
    };
    return { name, config, state: status.connector.state, tasks: status.tasks };
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

/** The offsets of a source. */
export async function offsetsOf(call: RestCaller, name: string): Promise<readonly SourceOffset[]> {
  const { offsets } = (await call('GET', `${pathOf(name)}/offsets`)) as { readonly offsets: readonly SourceOffset[] };
  return offsets;
}

/**
 * Stops a connector and waits until its tasks have ended; gives the offsets it left. They are read until two readings agree: what a task
 * stores last may arrive behind its end.
 */
export async function stopConnector(
  call: RestCaller,
  name: string,
  wait: Wait,
  busy: () => Promise<boolean>,
): Promise<readonly SourceOffset[]> {
  await call('PUT', `${pathOf(name)}/stop`);
  let last = '';
  for (let waitedMs = 0; waitedMs < stopMsMax; waitedMs += lookMs) {
    await wait(lookMs);
    const seen = await seeConnector(call, name).catch(rebalancing);
    if (seen?.state !== 'STOPPED' || seen.tasks.length > 0 || (await busy())) continue;
    const offsets = await offsetsOf(call, name);
    const text = JSON.stringify(offsets);
    if (text === last) return offsets;
    last = text;
  }
  throw new SluiceError('CONFLICT', `Connector ${name} did not stop within ${stopMsMax / 1000} s. It stays told to stop.`, {
    remedy: 'Look at its tasks and at who reads its slot; then run the same command again, or resume it where it was.',
  });
}

/** A group that rebalances answers 409 and is asked again. */
function rebalancing(error: unknown): null {
  if (error instanceof SluiceError && /rebalanc|momentarily/i.test(error.message)) return null;
  throw error;
}

/** Of a source's offsets the one of its stream. */
export function streamOffset(offsets: readonly SourceOffset[]): JsonObject | null {
  return offsets.find(stored => stored.offset !== null && isStreamOffset(stored))?.offset ?? null;
}

/** Whether an offset says that a snapshot has begun and not ended. */
export function isUnfinishedSnapshot(offset: JsonObject): boolean {
  const { snapshot, snapshot_completed: completed, last_snapshot_record: last, initsync } = offset;
  if (initsync === true || initsync === 'true') return true;
  return snapshot !== undefined && snapshot !== false && completed !== true && last !== true;
}
