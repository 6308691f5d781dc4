import { statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nearest, SluiceError } from '../../src/contract/index.ts';
import type { TopicHandler } from './api.ts';
import { placeOf } from './error-place.ts';

/** What a module exports, looked through. */
export type LoadedHandler = ReadonlyMap<string, TopicHandler<object>>;

const functionNames = ['onCreate', 'onUpdate', 'onDelete', 'onTruncate'];
const remedy = 'Correct the module and restart the task.';

const api = new URL(import.meta.url.endsWith('.ts') ? './api.ts' : './api.js', import.meta.url).href;
let hooked = false;

/** Every module gets this program's own `sluice/handler`: it need not be installed beside the module, and its error classes are ours. */
function provideApi(): void {
  if (hooked) return;
  hooked = true;
  registerHooks({
    resolve: (specifier, context, next) => (specifier === 'sluice/handler' ? { url: api, shortCircuit: true } : next(specifier, context)),
  });
}

/**
 * Loads a module and looks through its default export. A file that was changed since is loaded anew (what it imports is not). Throws SluiceError
 * CONFIG_INVALID for a file that is missing or cannot be loaded and for an export of another shape, with the place.
 */
export async function loadHandler(path: string): Promise<LoadedHandler> {
  provideApi();
  const file = resolve(path);
  const shown = relative('', file);
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile())
    throw new SluiceError('CONFIG_INVALID', `handler.module: there is no file ${file}.`, {
      remedy: 'Correct the path; a relative one begins at the folder in which the worker was started.',
    });
  const url = pathToFileURL(file);
  url.searchParams.set('changed', String(stat.mtimeMs));
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = await import(url.href);
  } catch (error) {
    const place = placeOf(error, file) ?? shown;
    throw new SluiceError('CONFIG_INVALID', `handler.module: ${place}: ${error instanceof Error ? error.message : String(error)}`, {
      remedy,
    });
  }
  const faults: string[] = [];
  const handler = topicsOf(exported, faults);
  if (faults.length > 0)
    throw new SluiceError('CONFIG_INVALID', faults.map(fault => `handler.module: ${shown}: ${fault}`).join('\n'), { remedy });
  return handler;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function topicsOf(exported: Readonly<Record<string, unknown>>, faults: string[]): LoadedHandler {
  const topics = new Map<string, TopicHandler<object>>();
  if (!('default' in exported)) {
    const others = Object.keys(exported);
    const found = others.length === 0 ? 'nothing' : others.map(name => `'${name}'`).join(', ');
    faults.push(`it has no default export (it exports ${found}); write export default defineHandler({...}).`);
  } else if (!isRecord(exported['default']))
    faults.push('its default export is not an object of topics; write export default defineHandler({...}).');
  else {
    for (const [topic, functions] of Object.entries(exported['default'])) {
      if (isRecord(functions)) {
        checkFunctions(topic, functions, faults);
        topics.set(topic, functions);
      } else faults.push(`default['${topic}'] is not an object of functions (${functionNames.join(', ')}).`);
    }
    if (topics.size === 0 && faults.length === 0) faults.push('its default export has no topic.');
  }
  return topics;
}

function checkFunctions(topic: string, functions: Readonly<Record<string, unknown>>, faults: string[]): void {
  for (const [name, value] of Object.entries(functions)) {
    if (!functionNames.includes(name)) {
      const near = nearest(name, functionNames);
      faults.push(
        `default['${topic}'].${name} is no event${near ? `; did you mean '${near}'?` : ` (there are ${functionNames.join(', ')}).`}`,
      );
    } else if (typeof value !== 'function') faults.push(`default['${topic}'].${name} is not a function.`);
  }
}
