import type { JsonObject, JsonValue } from '../../contract/index.ts';

function sorted(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(sorted);
  const object = value as JsonObject;
  return Object.fromEntries(
    Object.keys(object)
      .toSorted()
      .map(name => [name, sorted(object[name]!)]),
  );
}

/** One text for equal JSON, whatever the order of its keys: what source partitions are told apart by. */
export function identityText(json: JsonObject): string {
  return JSON.stringify(sorted(json));
}
