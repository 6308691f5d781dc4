import { Struct, type Value } from '../../src/contract/index.ts';

/** Whether two values of one schema are the same, as Java's `equals` has it: by content, NaN equal to itself, 0 different from -0. */
export function sameValue(a: Value, b: Value): boolean {
  if (Object.is(a, b)) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof Struct) return b instanceof Struct && sameItems(a.values, b.values);
  if (a instanceof Map) return b instanceof Map && sameEntries(a, b);
  return Array.isArray(a) && Array.isArray(b) && sameItems(a, b);
}

function sameItems(a: readonly Value[], b: readonly Value[]): boolean {
  return a.length === b.length && a.every((item, index) => sameValue(item, b[index] ?? null));
}

/** Keys are compared by identity: they are texts or numbers. */
function sameEntries(a: ReadonlyMap<Value, Value>, b: ReadonlyMap<Value, Value>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, item] of a) {
    const other = b.get(key);
    if (other === undefined || !sameValue(item, other)) return false;
  }
  return true;
}
