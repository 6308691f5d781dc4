/** A JSON object as the options hold it and Elasticsearch answers it. */
export type JsonRecord = { readonly [name: string]: unknown };

export function isJsonRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads an option that is a JSON object. Throws an Error that completes `Invalid value X for configuration NAME: `. */
export function jsonObject(text: string): JsonRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`Not JSON: ${(error as Error).message}`);
  }
  if (!isJsonRecord(value)) throw new Error('Not a JSON object');
  return value;
}

/** The object at a name, or an empty one. */
export function within(value: JsonRecord, name: string): JsonRecord {
  const inner = value[name];
  return isJsonRecord(inner) ? inner : {};
}
