import { type Schema, Struct, schemas, type Value } from '../../src/contract/index.ts';
import { arrayText, jsonText } from './composite-text.ts';
import { decimalText } from './decimal-text.ts';
import type { TargetType } from './target-type.ts';
import { dateText, timestampText, timestampTextOfMillis, timestampTextOfNanos, timeText, UnwritableValue } from './temporal-text.ts';

const { connectDate, connectDecimal, connectTime, connectTimestamp } = schemas;

/** What a column takes: texts are SQL's own notation of the value. */
export type ColumnValue = null | boolean | number | bigint | string | Uint8Array;
/** Writes a value that is not null. Throws UnwritableValue, whose message tells no value. */
export type ColumnWriter = (value: Exclude<Value, null>) => ColumnValue;

const debeziumTime = 'io.debezium.time.';

/**
 * How values of a schema (null: records without one) are written into a column of a type. Compiled once a schema and column. Logical types of
 * Debezium and Connect become SQL's notation: dates, times and timestamps as ISO text, decimals as digits.
 */
export function columnWriter(schema: Schema | null, type: TargetType): ColumnWriter {
  const logical = schema?.name ? logicalWriter(schema, schema.name) : null;
  return logical ?? plainWriter(schema, type);
}

/** Whether values of a schema are written by their logical type, mostly as texts, whatever the column is. */
export function hasLogicalText(schema: Schema): boolean {
  return schema.name !== null && logicalWriter(schema, schema.name) !== null;
}

function logicalWriter(schema: Schema, name: string): ColumnWriter | null {
  switch (name) {
    case connectDecimal: {
      const scale = Number(schema.parameters?.['scale'] ?? 0);
      return value => decimalText(bytesOf(value), scale);
    }
    case 'io.debezium.data.VariableScaleDecimal':
      return value => {
        if (!(value instanceof Struct)) throw new UnwritableValue('a decimal is no struct');
        return decimalText(bytesOf(value.get('value')), Number(value.get('scale')));
      };
    case connectDate:
    case `${debeziumTime}Date`:
      return value => dateText(Number(value));
    case connectTime:
    case `${debeziumTime}Time`:
      return value => timeText(Number(value) * 1000);
    case `${debeziumTime}MicroTime`:
      return value => timeText(Number(value));
    case `${debeziumTime}NanoTime`:
      return value => timeText(Math.floor(Number(value) / 1000));
    case connectTimestamp:
    case `${debeziumTime}Timestamp`:
      return value => timestampTextOfMillis(BigInt(value as bigint));
    case `${debeziumTime}MicroTimestamp`:
      return value => timestampText(BigInt(value as bigint));
    case `${debeziumTime}NanoTimestamp`:
      return value => timestampTextOfNanos(BigInt(value as bigint));
    case `${debeziumTime}MicroDuration`:
      return value => `${value} microseconds`;
    case `${debeziumTime}NanoDuration`:
      return value => `${BigInt(value as bigint) / 1000n} microseconds`;
    case 'io.debezium.data.Bits':
      return value => bitsText(bytesOf(value), Number(schema.parameters?.['length'] ?? 0));
    default:
      return null;
  }
}

/** Throws UnwritableValue. */
export function bytesOf(value: Value | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new UnwritableValue('a value of bytes is none');
}

/** Debezium's Bits, least significant byte first, as a bit string. */
function bitsText(bytes: Uint8Array, length: number): string {
  let text = '';
  for (const byte of bytes) text = byte.toString(2).padStart(8, '0') + text;
  if (length === 0) return text;
  return text.length > length ? text.slice(-length) : text.padStart(length, '0');
}

function plainWriter(schema: Schema | null, type: TargetType): ColumnWriter {
  if (type.family === 'json') {
    // A JSON column's text comes as it is; so does one that a source without logical types sends.
    return value => (typeof value === 'string' && (schema === null || schema.type === 'string') ? value : jsonText(value, schema));
  }
  if (type.family === 'array') return arrayWriter(schema, type);
  switch (schema?.type) {
    case 'array':
    case 'map':
    case 'struct':
      return value => jsonText(value, schema);
    case 'boolean':
      return type.family === 'boolean' || type.family === 'text' ? value => value as boolean : value => (value === true ? 1 : 0);
    case 'bytes':
      return type.family === 'bytes' ? value => bytesOf(value) : value => Buffer.from(bytesOf(value)).toString('base64');
    case undefined:
      return schemalessWriter(type);
    default:
      if (type.family === 'bytes') return value => (typeof value === 'string' ? Buffer.from(value) : scalar(value));
      return scalar;
  }
}

function scalar(value: Exclude<Value, null>): ColumnValue {
  if (typeof value !== 'object') return value;
  if (value instanceof Uint8Array) return value;
  return jsonText(value, null);
}

/** Records without schema do not say what a number means as a time; a day's number is the one thing all agree on. */
function schemalessWriter(type: TargetType): ColumnWriter {
  if (type.family === 'temporal')
    return value => {
      if (typeof value === 'string') return value;
      if (type.name.toLowerCase() === 'date' && typeof value === 'number') return dateText(value);
      throw new UnwritableValue('a record without schema has a number for a time: its unit is not known');
    };
  if (type.family === 'bytes') return value => (typeof value === 'string' ? Buffer.from(value, 'base64') : scalar(value));
  if (type.family === 'boolean' || type.family === 'text') return scalar;
  return value => (typeof value === 'boolean' ? (value ? 1 : 0) : scalar(value));
}

function arrayWriter(schema: Schema | null, type: TargetType): ColumnWriter {
  const element = type.element!;
  // Arrays in arrays are further dimensions of one element type.
  let items = schema?.valueSchema ?? null;
  while (items?.type === 'array') items = items.valueSchema;
  const write = columnWriter(items, element);
  return value => {
    if (typeof value === 'string') return value;
    if (!Array.isArray(value)) throw new UnwritableValue('a value for an array column is no array');
    return arrayText(value as readonly Value[], write);
  };
}
