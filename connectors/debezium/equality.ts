import { Struct, type Value } from '../../src/contract/index.ts';

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function sameMap(a: ReadonlyMap<Value, Value>, b: ReadonlyMap<Value, Value>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (!b.has(key) || !sameValue(value, b.get(key) ?? null)) return false;
  return true;
}

/** Whether two lists hold the same values in the same order. */
export function sameValues(a: readonly Value[], b: readonly Value[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (!sameValue(a[index]!, b[index]!)) return false;
  return true;
}

/** Whether two values of one schema are equal, as Connect's Struct.equals has it: NaN is itself, 0 is not -0. */
export function sameValue(a: Value, b: Value): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && sameBytes(a, b);
  if (a instanceof Struct) return b instanceof Struct && sameValues(a.values, b.values);
  if (a instanceof Map) return b instanceof Map && sameMap(a, b);
  return Array.isArray(a) && Array.isArray(b) && sameValues(a, b);
}
