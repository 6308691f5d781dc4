import { statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readPlacedDocument } from '../config/placed-document.ts';
import { SluiceError } from '../contract/index.ts';
import { definedHere } from '../services/sagas/definition/define-saga.ts';
import { refuseUnknownTopics } from '../services/sagas/definition/known-topics.ts';
import { parseSaga, pinDefinition } from '../services/sagas/definition.ts';
import type { PinnedDefinition, SagaDefinition } from '../services/sagas/saga.ts';

const here = import.meta.url;
const api = new URL(here.endsWith('.ts') ? '../services/sagas/api.ts' : '../services/sagas/api.js', here).href;
let hooked = false;

/** Every module gets this program's own `sluice/sagas`: it need not be installed beside the module. */
function provideApi(): void {
  if (hooked) return;
  hooked = true;
  registerHooks({
    resolve: (specifier, context, next) => (specifier === 'sluice/sagas' ? { url: api, shortCircuit: true } : next(specifier, context)),
  });
}

/**
 * Reads a saga's definition: a YAML or JSON file, or a module whose default export is made by `defineSaga`. `shown` names the file in errors.
 * With `knownTopics` it may name no other topics. Throws SluiceError SAGA_INVALID and CONFIG_FILE_UNREADABLE.
 */
export async function readSagaFile(
  file: string,
  { shown = file, knownTopics = null }: { readonly shown?: string; readonly knownTopics?: readonly string[] | null } = {},
): Promise<PinnedDefinition> {
  const document = /\.[cm]?[jt]s$/.test(file) ? undefined : await readPlacedDocument(file);
  const definition = document === undefined ? await definitionOfModule(file, shown) : parseSaga(document, shown);
  if (knownTopics !== null) refuseUnknownTopics(definition, knownTopics, shown, document);
  return pinDefinition(definition);
}

async function definitionOfModule(file: string, shown: string): Promise<SagaDefinition> {
  const path = resolve(file);
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new SluiceError('CONFIG_FILE_UNREADABLE', `${shown}: there is no such file.`);
  provideApi();
  let exported: { readonly default?: unknown };
  try {
    exported = await import(pathToFileURL(path).href);
  } catch (error) {
    if (error instanceof SluiceError) throw new SluiceError(error.code, `${shown}: ${error.message}`, { cause: error });
    throw new SluiceError('CONFIG_FILE_UNREADABLE', `${shown}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  const definition = definedHere(exported.default);
  if (definition === null) throw new SluiceError('SAGA_INVALID', `${shown}: it has no default export made by defineSaga({...}).`);
  return definition;
}
