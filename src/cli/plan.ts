import type { ChangePlan } from '../engine/changes/connector-change.ts';
import { changed, isFaulty, planText } from './change-text.ts';
import type { Command, CommandInput } from './command-line.ts';
import { callWorker, type WorkerAddress, workerUrl } from './rest-client.ts';
import { type WantedBody, wantedConnectors } from './wanted-connectors.ts';

/** A worker asks databases for their tables. */
const planMsMax = 120_000;

/** What a plan was made of, and the plan. */
export type AskedPlan = {
  readonly worker: WorkerAddress;
  readonly plan: ChangePlan;
  /** By name; null: the worker's own files. */
  readonly wanted: ReadonlyMap<string, WantedBody> | null;
};

/** Asks the worker what the file, the folder or, without one, the worker's own files would change. */
export async function askForPlan(input: CommandInput): Promise<AskedPlan> {
  const worker = await workerUrl(input);
  const [path] = input.positionals;
  const connectors = path === undefined ? null : (await wantedConnectors(path)).map(({ file: _, ...body }) => body);
  const body = connectors === null ? {} : { connectors, prune: input.on('prune') };
  const plan = (await callWorker(worker, 'POST', '/sluice/plan', { body, withinMs: planMsMax })) as ChangePlan;
  return { worker, plan, wanted: connectors && new Map(connectors.map(connector => [connector.name, connector])) };
}

/** `sluice plan`: 0 nothing would change, 2 something would, 1 it cannot be told, or has a fault. */
export const plan: Command = async input => {
  const { plan: found } = await askForPlan(input);
  const { out, paint } = input.terminal;
  const count = changed(found).length;
  if (input.on('json')) out(`${JSON.stringify(found, null, 2)}\n`);
  else out(`${planText(found, paint)}${count === 0 && !isFaulty(found) ? 'Nothing would change.\n' : ''}`);
  if (isFaulty(found)) return 1;
  return count === 0 ? 0 : 2;
};
