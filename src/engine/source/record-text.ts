import { Struct, type Value } from '../../contract/index.ts';

/** Of one key or value in a log line; what is longer is cut, which the text says. */
const textLengthMax = 16_384;

/** JSON's forms for what JSON has none: structs by their fields, bytes in base64, 64-bit numbers by their digits. */
function plain(value: Value): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64');
  if (value instanceof Struct) return Object.fromEntries(value.schema.fields.map(({ name }, index) => [name, plain(value.values[index]!)]));
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return [...value].map(([key, held]) => [plain(key), plain(held)]);
  return value;
}

/** A record's key or value as a log line shows it, where `errors.log.include.messages` allows that. */
export function recordText(value: Value): string {
  const text = JSON.stringify(plain(value));
  return text.length <= textLengthMax ? text : `${text.slice(0, textLengthMax)}... (${text.length} characters)`;
}
