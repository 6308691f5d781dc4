import type { JsonObject, JsonValue, SourceOffset } from '../../contract/index.ts';

/**
 * Connect's form of a source offset in its offset topic (OffsetStorageWriter with the JSON converter without schemas): the key is
 * `["CONNECTOR",{partition}]`, the value the offset; a null value deletes.
 */
export function offsetKey(connector: string, partition: JsonObject): Buffer {
  return Buffer.from(JSON.stringify([connector, partition]));
}

export function offsetValue(offset: JsonObject | null): Buffer | null {
  return offset === null ? null : Buffer.from(JSON.stringify(offset));
}

/** A key of the offset topic, or null for one that is not of this form (Connect ignores those too). */
export function readOffsetKey(key: Uint8Array | null): { connector: string; partition: JsonObject } | null {
  const parsed = key === null ? null : parseJson(key);
  if (!Array.isArray(parsed) || parsed.length !== 2) return null;
  const [connector, partition] = parsed as readonly JsonValue[];
  return typeof connector === 'string' && isObject(partition) ? { connector, partition } : null;
}

/** An offset, null where it is deleted; undefined for bytes that are none. */
export function readOffsetValue(value: Uint8Array | null): SourceOffset['offset'] | undefined {
  if (value === null) return null;
  const parsed = parseJson(value);
  return isObject(parsed) ? parsed : parsed === null ? null : undefined;
}

/** One text for equal partitions, whatever the order of their keys. */
export function canonicalPartition(partition: JsonObject): string {
  return JSON.stringify(partition, (_, value: JsonValue) =>
    isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
}

/** JSON as it stands in an internal topic, undefined where it is none. */
export function parseJson(bytes: Uint8Array): JsonValue | undefined {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()) as JsonValue;
  } catch {
    return undefined;
  }
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
