import { type Schema, type SchemaType, Struct, schemas, type Value } from '../../contract/index.ts';
import { parseBigDecimal, rescale, unscaledBytes } from '../../contract/java-numbers.ts';
import { ConversionError, inField } from '../conversion-error.ts';
import { Fraction, type Json } from './parse.ts';

/** What a JSON value is, in words. */
function kindOfJson(json: Json | undefined): string {
  if (json === null || json === undefined) return 'null';
  if (Array.isArray(json)) return 'an array';
  if (json instanceof Map) return 'an object';
  if (json instanceof Fraction || typeof json === 'bigint') return 'a number';
  return `a ${typeof json}`;
}

function wrong(type: string, json: Json): ConversionError {
  return new ConversionError(`expected ${type} but found ${kindOfJson(json)}`);
}

const integerRanges: Readonly<Partial<Record<SchemaType, number>>> = { int8: 2 ** 7, int16: 2 ** 15, int32: 2 ** 31 };

function readInteger(json: Json, type: SchemaType): number {
  const limit = integerRanges[type]!;
  if (typeof json !== 'number') throw wrong(type, json);
  if (json < -limit || json >= limit) throw new ConversionError(`a number outside the range of ${type}`);
  return json;
}

function readLong(json: Json): bigint {
  if (typeof json === 'number') return BigInt(json);
  if (typeof json !== 'bigint') throw wrong('int64', json);
  if (BigInt.asIntN(64, json) !== json) throw new ConversionError('a number outside the range of int64');
  return json;
}

function readDouble(json: Json, type: SchemaType): number {
  if (typeof json === 'number') return json;
  if (typeof json === 'bigint') return Number(json);
  if (json instanceof Fraction) return Number(json.text);
  // The texts that the writer uses for them.
  if (json === 'NaN' || json === 'Infinity' || json === '-Infinity') return Number(json);
  throw wrong(type, json);
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function readBytes(json: Json): Uint8Array {
  if (typeof json !== 'string') throw wrong('bytes in base64', json);
  if (!isBase64(json)) throw new ConversionError('bytes that are not base64');
  return Buffer.from(json, 'base64');
}

function readDecimal(schema: Schema, json: Json): Uint8Array {
  if (typeof json === 'string') return readBytes(json);
  const decimal = parseBigDecimal(
    json instanceof Fraction ? json.text : typeof json === 'number' || typeof json === 'bigint' ? String(json) : '',
  );
  if (!decimal) throw wrong('a decimal (number or base64)', json);
  const unscaled = rescale(decimal.unscaled, decimal.scale, Number(schema.parameters?.['scale'] ?? 0));
  if (unscaled === null) throw new ConversionError('a decimal with more digits than the schema’s scale holds');
  return unscaledBytes(unscaled);
}

function readMap(schema: Schema, json: Json, nullsAsDefaults: boolean): ReadonlyMap<Value, Value> {
  const { keySchema, valueSchema } = schema;
  const map = new Map<Value, Value>();
  if (keySchema!.type === 'string') {
    if (!(json instanceof Map)) throw wrong('an object (a map with string keys)', json);
    for (const [key, value] of json as ReadonlyMap<string, Json>) map.set(key, readValue(valueSchema, value, nullsAsDefaults));
    return map;
  }
  if (!Array.isArray(json)) throw wrong('an array of pairs (a map without string keys)', json);
  for (const pair of json as readonly Json[]) {
    if (!Array.isArray(pair) || pair.length !== 2) throw new ConversionError('a map entry that is no pair');
    const [key, value] = pair as readonly Json[];
    map.set(readValue(keySchema, key, nullsAsDefaults), readValue(valueSchema, value, nullsAsDefaults));
  }
  return map;
}

function readStruct(schema: Schema, json: Json, nullsAsDefaults: boolean): Struct {
  if (!(json instanceof Map)) throw wrong('an object (a struct)', json);
  const object = json as ReadonlyMap<string, Json>;
  const values = schema.fields.map(field => {
    try {
      return readValue(field.schema, object.get(field.name), nullsAsDefaults);
    } catch (fault) {
      throw inField(fault, field.name);
    }
  });
  return new Struct(schema, values);
}

/** A value without schema: objects become maps, numbers as the contract's Value has them. */
function readSchemaless(json: Json): Value {
  if (json instanceof Fraction) return Number(json.text);
  if (Array.isArray(json)) return (json as readonly Json[]).map(readSchemaless);
  if (!(json instanceof Map)) return json as Value;
  const map = new Map<Value, Value>();
  for (const [key, value] of json as ReadonlyMap<string, Json>) map.set(key, readSchemaless(value));
  return map;
}

/** A JSON value as its schema has it (JsonConverter.convertToConnect). Throws ConversionError where it does not fit. */
export function readValue(schema: Schema | null, json: Json | undefined, nullsAsDefaults: boolean): Value {
  if (schema === null) return json === undefined ? null : readSchemaless(json);
  if (json === null || json === undefined) {
    if (schema.default !== undefined && nullsAsDefaults) return schema.default;
    if (schema.optional) return null;
    throw new ConversionError(`null where ${schema.type} is required`);
  }
  if (schema.name === schemas.connectDecimal) return readDecimal(schema, json);
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
      return readInteger(json, schema.type);
    case 'int64':
      return readLong(json);
    case 'float32':
      return Math.fround(readDouble(json, schema.type));
    case 'float64':
      return readDouble(json, schema.type);
    case 'boolean':
      if (typeof json !== 'boolean') throw wrong('boolean', json);
      return json;
    case 'string':
      if (typeof json !== 'string') throw wrong('string', json);
      return json;
    case 'bytes':
      return readBytes(json);
    case 'array':
      if (!Array.isArray(json)) throw wrong('array', json);
      return (json as readonly Json[]).map(item => readValue(schema.valueSchema, item, nullsAsDefaults));
    case 'map':
      return readMap(schema, json, nullsAsDefaults);
    case 'struct':
      return readStruct(schema, json, nullsAsDefaults);
  }
}
