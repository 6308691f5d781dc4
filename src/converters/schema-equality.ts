import type { Schema, Value } from '../contract/index.ts';
import { Struct } from '../contract/index.ts';

function sameParameters(a: Schema['parameters'], b: Schema['parameters']): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every(name => a[name] === b[name]);
}

function sameValues(a: Value | undefined, b: Value | undefined): boolean {
  if (Object.is(a, b)) return true;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item: Value, index) => sameValues(item, b[index]));
  if (a instanceof Struct && b instanceof Struct) return sameSchema(a.schema, b.schema) && sameValues(a.values, b.values);
  if (a instanceof Map && b instanceof Map)
    return a.size === b.size && [...a].every(([key, value]) => b.has(key) && sameValues(value, b.get(key)));
  return false;
}

/** Whether two schemas describe the same, as Connect's ConnectSchema.equals has it. Slow: only for schemas that are not identical. */
export function sameSchema(a: Schema | null, b: Schema | null): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  return (
    a.type === b.type &&
    a.optional === b.optional &&
    a.name === b.name &&
    a.version === b.version &&
    a.doc === b.doc &&
    sameParameters(a.parameters, b.parameters) &&
    sameValues(a.default, b.default) &&
    a.fields.length === b.fields.length &&
    a.fields.every((field, index) => field.name === b.fields[index]!.name && sameSchema(field.schema, b.fields[index]!.schema)) &&
    sameSchema(a.keySchema, b.keySchema) &&
    sameSchema(a.valueSchema, b.valueSchema)
  );
}
