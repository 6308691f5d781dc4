import { type Schema, Struct, type Value } from '../contract/index.ts';
import { ConversionError } from './conversion-error.ts';
import { connectDateMs, connectDecimalText, javaNumber } from './primitive/java-to-string.ts';

const dayMs = 86_400_000;

/** Values.dateFormatFor: below one day a time, whole days a date, else a timestamp; always in UTC. */
function dateText(milliseconds: number): string {
  const iso = new Date(milliseconds).toISOString();
  if (milliseconds < dayMs) return iso.slice(iso.indexOf('T') + 1);
  return milliseconds % dayMs === 0 ? iso.slice(0, iso.indexOf('T')) : iso;
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/**
 * A value as Connect's Values.convertToString writes it: a text as it stands, but quoted inside arrays, maps and structs; bytes in base64.
 * Neither the schema nor null inside is kept apart from the text `null`.
 */
export function connectText(schema: Schema | null, value: Value, embedded = false): string {
  if (value === null) return 'null';
  const dateMs = connectDateMs(schema, value);
  if (dateMs !== null) return dateText(dateMs);
  const decimal = connectDecimalText(schema, value);
  if (decimal !== null) return decimal;
  if (typeof value === 'number') return javaNumber(schema, value);
  if (typeof value === 'string') return embedded ? quoted(value) : value;
  if (typeof value !== 'object') return String(value);
  if (value instanceof Uint8Array) {
    const base64 = Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64');
    return embedded ? `"${base64}"` : base64;
  }
  if (value instanceof Struct) return structText(value);
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<Value, Value>)];
    return `{${entries.map(([key, item]) => `${connectText(schema?.keySchema ?? null, key, true)}:${connectText(schema?.valueSchema ?? null, item, true)}`).join(',')}}`;
  }
  if (!Array.isArray(value)) throw new ConversionError('a value of unexpected type');
  return `[${value.map((item: Value) => connectText(schema?.valueSchema ?? null, item, true)).join(',')}]`;
}

function structText(struct: Struct): string {
  const fields = struct.schema.fields.map(
    ({ name, schema }) => `${quoted(name)}:${connectText(schema, struct.getOrDefault(name) ?? null, true)}`,
  );
  return `{${fields.join(',')}}`;
}
