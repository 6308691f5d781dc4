import { type Schema, Struct, schemas, type Value } from '../../src/contract/index.ts';
import { decimalText } from './decimal-text.ts';
import { dateText } from './temporal-text.ts';
import type { ColumnValue, ColumnWriter } from './value-text.ts';

const { connectDate, connectDecimal } = schemas;

/** Digits of a number; the sign of a negative zero stays, as it does where a column crosses in binary form. */
export function numberText(value: number | bigint): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** One element of a Postgres array literal, quoted where it must be; null is NULL. */
export function elementText(value: ColumnValue): string {
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return numberText(value);
    case 'boolean':
      return value ? 't' : 'f';
    case 'string':
      return `"${/["\\]/.test(value) ? value.replaceAll(/["\\]/g, '\\$&') : value}"`;
    default:
      return value === null ? 'NULL' : `"\\\\x${Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex')}"`;
  }
}

/** A Postgres array literal of an array's elements; arrays in it are further dimensions. */
export function arrayText(values: readonly Value[], write: ColumnWriter): string {
  const parts: string[] = [];
  for (const value of values) {
    if (value === null) parts.push('NULL');
    else if (Array.isArray(value)) parts.push(arrayText(value as readonly Value[], write));
    else parts.push(elementText(write(value)));
  }
  return `{${parts.join(',')}}`;
}

/** A value as JSON: structs and maps as objects, decimals as numbers, bytes in Base64. */
export function jsonText(value: Value, schema: Schema | null): string {
  if (value === null) return 'null';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return schema?.name === connectDate ? `"${dateText(value)}"` : (JSON.stringify(value) ?? 'null');
  if (value instanceof Uint8Array) {
    if (schema?.name === connectDecimal) return decimalText(value, Number(schema.parameters?.['scale'] ?? 0));
    return `"${Buffer.from(value).toString('base64')}"`;
  }
  if (Array.isArray(value)) {
    const items = value as readonly Value[];
    return `[${items.map(item => jsonText(item, schema?.valueSchema ?? null)).join(',')}]`;
  }
  if (value instanceof Struct) {
    const fields = value.schema.fields.map(
      field => `${JSON.stringify(field.name)}:${jsonText(value.values[field.index] ?? null, field.schema)}`,
    );
    return `{${fields.join(',')}}`;
  }
  if (value instanceof Map) {
    const entries = Array.from(value as ReadonlyMap<Value, Value>, ([key, item]) => {
      return `${JSON.stringify(String(key))}:${jsonText(item, schema?.valueSchema ?? null)}`;
    });
    return `{${entries.join(',')}}`;
  }
  return JSON.stringify(value);
}
