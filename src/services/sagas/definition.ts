import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '../../contract/index.ts';
import { checkDefinition } from './definition/check.ts';
import { Faults, type PlacedDocument } from './definition/place.ts';
import { readDefinition } from './definition/read.ts';
import type { PinnedDefinition, SagaDefinition } from './saga.ts';

export type { Place, PlacedDocument } from './definition/place.ts';

/**
 * A saga as its file describes it, with everything filled in that is left out. Throws SluiceError SAGA_INVALID with every fault at once, each with
 * file, line and place.
 */
export function parseSaga(document: PlacedDocument, file: string): SagaDefinition {
  const faults = new Faults();
  const read = readDefinition(document.value, faults);
  if (read !== null) checkDefinition(read, faults);
  if (faults.any || read === null) throw faults.error(file, document);
  return read.definition;
}

/** A definition with the hash that its instances are pinned to: equal definitions have equal hashes, however they are written. */
export function pinDefinition(definition: SagaDefinition): PinnedDefinition {
  return { hash: createHash('sha256').update(canonicalJson(definition)).digest('hex'), definition };
}

/** JSON with the names of every map in order. */
function canonicalJson(value: JsonValue | SagaDefinition): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly JsonValue[]).map(canonicalJson).join(',')}]`;
  const fields = Object.entries(value as JsonObject).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`).join(',')}}`;
}
