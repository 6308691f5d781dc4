import { type Schema, schemas, type Value } from '../../../src/contract/index.ts';

/** `String.hashCode()`: over UTF-16 units. */
function stringHash(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(31, hash) + text.charCodeAt(at)) | 0;
  return hash;
}

/** `Long.hashCode(long)`: both halves, combined. */
function longHash(value: bigint): number {
  return Number(BigInt.asIntN(32, value ^ (BigInt.asUintN(64, value) >> 32n)));
}

const view = new DataView(new ArrayBuffer(8));

function doubleHash(value: number): number {
  // Writing NaN gives the canonical one, as doubleToLongBits does.
  view.setFloat64(0, value);
  return view.getInt32(0) ^ view.getInt32(4);
}

function floatHash(value: number): number {
  view.setFloat32(0, value);
  return view.getInt32(0);
}

/** `ByteBuffer.hashCode()`, which is what Debezium holds binary columns in: from the last byte to the first. */
function bytesHash(bytes: Uint8Array): number {
  let hash = 1;
  for (let at = bytes.length - 1; at >= 0; at--) hash = (Math.imul(31, hash) + (((bytes[at] ?? 0) << 24) >> 24)) | 0;
  return hash;
}

/** `BigDecimal.hashCode()`: 31 times the unscaled BigInteger's hash, plus the scale. */
function decimalHash(unscaled: Uint8Array, scale: number): number {
  const signed = unscaled.length === 0 ? 0n : BigInt.asIntN(unscaled.length * 8, BigInt(`0x${Buffer.from(unscaled).toString('hex')}`));
  const magnitude = (signed < 0n ? -signed : signed).toString(16);
  const words = magnitude.padStart(Math.ceil(magnitude.length / 8) * 8, '0').match(/.{8}/g) ?? [];
  let hash = 0;
  for (const word of words) hash = (Math.imul(31, hash) + Number.parseInt(word, 16)) | 0;
  return (Math.imul(31, signed < 0n ? -hash : hash) + scale) | 0;
}

/** Whether Java holds values of this schema as java.util.Date. */
function isDate(schema: Schema): boolean {
  return schema.name === schemas.connectDate || schema.name === schemas.connectTime || schema.name === schemas.connectTimestamp;
}

function numberHash(schema: Schema, value: number): number {
  if (schema.type === 'float64') return doubleHash(value);
  if (schema.type === 'float32') return floatHash(value);
  // A date is hashed by its milliseconds since 1970; Connect's Date counts days.
  if (isDate(schema)) return longHash(BigInt(value) * (schema.name === schemas.connectDate ? 86_400_000n : 1n));
  return value | 0;
}

/**
 * `Object.hashCode()` of the object that Kafka Connect in Java holds for a value of this schema, as a signed 32-bit number. Throws an Error
 * for structs and maps, whose hash in Java depends on more than their content.
 */
export function javaHash(schema: Schema, value: Exclude<Value, null>): number {
  if (typeof value === 'string') return stringHash(value);
  if (typeof value === 'bigint') return longHash(value);
  if (typeof value === 'boolean') return value ? 1231 : 1237;
  if (typeof value === 'number') return numberHash(schema, value);
  if (value instanceof Uint8Array)
    return schema.name === schemas.connectDecimal ? decimalHash(value, Number(schema.parameters?.['scale'] ?? 0)) : bytesHash(value);
  const items = schema.valueSchema;
  if (!Array.isArray(value) || items === null) throw new Error('structs and maps cannot be hashed');
  return value.reduce((hash: number, item: Value) => (Math.imul(31, hash) + (item === null ? 0 : javaHash(items, item))) | 0, 1);
}
