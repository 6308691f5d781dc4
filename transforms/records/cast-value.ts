import {
  javaBigDecimal,
  javaDouble,
  javaFloat,
  type Schema,
  type SchemaType,
  Struct,
  schemas,
  type Value,
} from '../../src/contract/index.ts';
import { dateWriter } from '../java-dates/format.ts';
import { patternParts } from '../java-dates/pattern.ts';
import {
  type BigDecimal,
  decimalOf,
  doubleOf,
  integerPart,
  intOfDouble,
  isDecimal,
  longOfDouble,
  narrow,
  parseDouble,
  parseInteger,
} from './java-number.ts';
import { isMap, javaClass, transformFailed } from './require.ts';

export const castTargets = ['int8', 'int16', 'int32', 'int64', 'float32', 'float64', 'boolean', 'string'] as const;
export type CastTarget = (typeof castTargets)[number];

/** Supported types as Connect's messages list them. */
export const castTargetList = `[${castTargets.join(', ').toUpperCase()}]`;
const castSourceList = '[INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING, BYTES]';

const bits = { int8: 8, int16: 16, int32: 32, int64: 64 } as const;
const bitsOf = (target: CastTarget) => bits[target as keyof typeof bits] ?? null;

/** A cast of values that are not null. */
type Cast = (value: Value) => Value;

function unexpected(value: Value, schema: Schema | null): Error {
  return transformFailed(`Unexpected type in Cast transformation: class ${javaClass(value, schema)}`);
}

function outOfRange(value: Value, target: CastTarget): Error {
  return transformFailed(`Value of class ${javaClass(value)} was out of range for requested data type ${target.toUpperCase()}`);
}

/** From a number of Java's integer types. */
function ofInteger(value: number | bigint, target: CastTarget): Value {
  if (target === 'int64') return BigInt.asIntN(64, BigInt(value));
  if (target === 'float32') return Math.fround(Number(value));
  if (target === 'float64') return Number(value);
  if (target === 'boolean') return BigInt(value) !== 0n;
  if (target === 'string') return String(value);
  return narrow(value, bits[target]);
}

/** From a double, or from a float that it holds exactly. */
function ofDouble(value: number, target: CastTarget): Value {
  if (target === 'int64') return longOfDouble(value);
  if (target === 'float32') return Math.fround(value);
  if (target === 'float64') return value;
  if (target === 'boolean') return longOfDouble(value) !== 0n;
  if (target === 'string') return javaDouble(value);
  return narrow(intOfDouble(value), bits[target]);
}

function ofDecimal(value: BigDecimal, target: CastTarget): Value {
  if (target === 'string') return javaBigDecimal(value.unscaled, value.scale);
  if (target === 'float32') return Math.fround(doubleOf(value));
  if (target === 'float64') return doubleOf(value);
  return ofInteger(BigInt.asIntN(64, integerPart(value)), target);
}

function ofString(value: string, target: CastTarget): Value {
  if (target === 'string') return value;
  if (target === 'boolean') return value.toLowerCase() === 'true';
  const width = bitsOf(target);
  const parsed = width === null ? parseDouble(value) : parseInteger(value, width);
  if (parsed === null) throw outOfRange(value, target);
  return target === 'float32' ? Math.fround(Number(parsed)) : target === 'int64' ? parsed : Number(parsed);
}

const timeText = dateWriter(patternParts("HH:mm:ss.SSS'Z'"));
const dateText = dateWriter(patternParts('yyyy-MM-dd'));
const timestampText = dateWriter(patternParts("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"));
const dayMs = 86_400_000n;

/** Values.dateFormatFor: what is below a day is a time, what is a whole day a date. */
function momentText(milliseconds: bigint): string {
  if (milliseconds < dayMs) return timeText(milliseconds);
  return milliseconds % dayMs === 0n ? dateText(milliseconds) : timestampText(milliseconds);
}

function unsupported(type: string): Cast {
  return () => {
    throw transformFailed(`Cast transformation does not support casting from ${type}; supported types are ${castSourceList}`);
  };
}

const dateNames: readonly (string | null)[] = [schemas.connectDate, schemas.connectTime, schemas.connectTimestamp];

/** The cast of values of one schema. */
export function castFrom(schema: Schema, target: CastTarget): Cast {
  const from: SchemaType = schema.type;
  if (from === 'array' || from === 'map' || from === 'struct') return unsupported(from.toUpperCase());
  if (target === 'string' && dateNames.includes(schema.name)) {
    const perUnit = schema.name === schemas.connectDate ? dayMs : 1n;
    return value => momentText(BigInt(value as number | bigint) * perUnit);
  }
  return value => {
    if (typeof value === 'bigint') return ofInteger(value, target);
    if (typeof value === 'string') return ofString(value, target);
    if (typeof value === 'boolean') return target === 'string' ? String(value) : ofInteger(value ? 1 : 0, target);
    if (typeof value === 'number') {
      if (from !== 'float32' && from !== 'float64') return ofInteger(value, target);
      return target === 'string' && from === 'float32' ? javaFloat(value) : ofDouble(value, target);
    }
    if (!(value instanceof Uint8Array)) throw unexpected(value, schema);
    if (isDecimal(schema)) return ofDecimal(decimalOf(value, schema), target);
    if (target !== 'string') throw unexpected(value, schema);
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  };
}

/** The cast of values without schema: integers are Java's Long, other numbers its Double. */
export function castSchemaless(target: CastTarget): Cast {
  const bytes = castFrom(schemas.bytes, target);
  return value => {
    if (typeof value === 'number')
      return Number.isInteger(value) ? schemaless(ofInteger(value, target)) : schemaless(ofDouble(value, target));
    if (typeof value === 'object') {
      if (value instanceof Uint8Array) return bytes(value);
      return unsupported(value instanceof Struct ? 'STRUCT' : isMap(value) ? 'MAP' : 'ARRAY')(value);
    }
    if (typeof value === 'string') return schemaless(ofString(value, target));
    if (typeof value === 'boolean') return target === 'string' ? String(value) : schemaless(ofInteger(value ? 1 : 0, target));
    return schemaless(ofInteger(value, target));
  };
}

/** Without schema an int64 is a plain number as long as that holds it. */
export function schemaless(value: Value): Value {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
