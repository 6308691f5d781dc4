import { statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { nearest, SluiceError } from '../../../contract/index.ts';
import type { Evolution, Upcasters } from '../event-store.ts';
import type { Aggregates } from './open-event-store.ts';

/** What a worker's module of aggregates says. */
export type AggregatesModule = { readonly aggregates: Aggregates; readonly upcasters: Upcasters };

export const noAggregates: AggregatesModule = { aggregates: new Map(), upcasters: {} };

const option = 'services.event-store.aggregates';
const fieldNames = ['initial', 'evolve', 'snapshotEvery', 'name'];

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Loads a module of aggregates and looks through it: its default export has an `Evolution` for each type, its export `upcasters`, where it has
 * one, `Upcasters`. A file that was changed since is loaded anew; what it imports is not. Throws SluiceError CONFIG_INVALID with everything that
 * is wrong with it.
 * @param file absolute path
 */
export async function loadAggregates(file: string): Promise<AggregatesModule> {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile())
    throw new SluiceError('CONFIG_INVALID', `${option}: there is no file ${file}.`, {
      remedy: 'Correct the path; a relative one begins at the folder of the worker’s file.',
    });
  const url = pathToFileURL(file);
  url.searchParams.set('changed', String(stat.mtimeMs));
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = await import(url.href);
  } catch (error) {
    throw invalid([`${file}: ${error instanceof Error ? error.message : String(error)}`], error);
  }
  const faults: string[] = [];
  const aggregates = aggregatesOf(exported['default'], faults);
  const upcasters = upcastersOf(exported['upcasters'], faults);
  if (faults.length > 0) throw invalid(faults.map(fault => `${file}: ${fault}`));
  return { aggregates, upcasters };
}

function invalid(faults: readonly string[], cause?: unknown): SluiceError {
  return new SluiceError('CONFIG_INVALID', faults.map(fault => `${option}: ${fault}`).join('\n'), {
    cause,
    remedy: 'Correct the module: export default { order: { initial: () => ..., evolve: (state, event) => ... } }.',
  });
}

function aggregatesOf(exported: unknown, faults: string[]): Aggregates {
  const aggregates = new Map<string, Evolution<unknown>>();
  if (!isRecord(exported)) {
    faults.push('its default export is no object of aggregates by their type.');
    return aggregates;
  }
  for (const [type, evolution] of Object.entries(exported)) {
    const before = faults.length;
    if (!isRecord(evolution)) faults.push(`default['${type}'] is no object with 'initial' and 'evolve'.`);
    else checkEvolution(`default['${type}']`, evolution, faults);
    // What was looked through is one.
    if (faults.length === before) aggregates.set(type, evolution as Evolution<unknown>);
  }
  if (Object.keys(exported).length === 0) faults.push('its default export has no aggregate.');
  return aggregates;
}

function checkEvolution(place: string, evolution: Readonly<Record<string, unknown>>, faults: string[]): void {
  for (const name of ['initial', 'evolve'])
    if (typeof evolution[name] !== 'function') faults.push(`${place}.${name} is ${name in evolution ? 'no function' : 'missing'}.`);
  const { snapshotEvery = 0, name = '' } = evolution;
  if (!Number.isSafeInteger(snapshotEvery) || Number(snapshotEvery) < 0)
    faults.push(`${place}.snapshotEvery is no whole number from 0 on.`);
  if (typeof name !== 'string') faults.push(`${place}.name is no text.`);
  for (const field of Object.keys(evolution)) {
    if (fieldNames.includes(field)) continue;
    const near = nearest(field, fieldNames);
    faults.push(`${place} has no '${field}'${near ? `; did you mean '${near}'?` : ` (it may have ${fieldNames.join(', ')}).`}`);
  }
}

function upcastersOf(exported: unknown, faults: string[]): Upcasters {
  if (exported === undefined) return {};
  if (!isRecord(exported)) {
    faults.push('its export upcasters is no object of functions, by event type and schema version.');
    return {};
  }
  for (const [type, byVersion] of Object.entries(exported)) {
    if (!isRecord(byVersion)) faults.push(`upcasters['${type}'] is no object of functions by schema version.`);
    else
      for (const [version, upcaster] of Object.entries(byVersion))
        if (typeof upcaster !== 'function') faults.push(`upcasters['${type}'][${version}] is no function.`);
  }
  return exported as Upcasters;
}
