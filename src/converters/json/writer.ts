import { type Schema, SlabWriter, Struct, schemas, slabPiece, UnreadStruct, type Value } from '../../contract/index.ts';
import { javaBigDecimal, javaDouble, javaFloat, unscaledValue } from '../../contract/java-numbers.ts';
import { ConversionError, inField, kindOf } from '../conversion-error.ts';
import { sameSchema } from '../schema-equality.ts';
import { FieldWriter } from './field-writer.ts';
import { jsonString } from './json-string.ts';
import { putBase64, putInteger, putString, putUnscaled } from './put.ts';

/** How values are written: JsonConverter's options `decimal.format` and `replace.null.with.default`. */
export type WriterSettings = { readonly decimalFormat: 'base64' | 'numeric'; readonly replaceNullWithDefault: boolean };

/** Appends a value of one schema as JSON. Throws ConversionError where it does not fit; then part of it may have been written. */
export type JsonWriter = (value: Value | undefined, slab: SlabWriter) => void;

/** What a schema makes of null: its JSON, or a fault where the field is required. Filled in after the writer, since defaults are written by it. */
type NullRule = { json: Uint8Array | null };

const nullJson = Buffer.from('null');
const trueJson = Buffer.from('true');
const falseJson = Buffer.from('false');

function otherwise(value: Value | undefined, slab: SlabWriter, nulls: NullRule, type: string): void {
  if (value !== null && value !== undefined) throw new ConversionError(`expected ${type} but found ${kindOf(value)}`);
  if (nulls.json === null) throw new ConversionError('null value for a field that is required and has no default value');
  slab.bytes(nulls.json);
}

const quotedUnlessFinite = (value: number, text: string): string => (Number.isFinite(value) ? text : `"${text}"`);

/**
 * Writers of schemas, each compiled once and kept by the schema's identity. Everything goes into the slab as bytes straight away: a text a
 * record, joined piece by piece, took no longer to write, but left four times as much to the garbage collector.
 */
export class JsonWriters {
  readonly #settings: WriterSettings;
  readonly #compiled = new WeakMap<Schema, JsonWriter>();

  constructor(settings: WriterSettings) {
    this.#settings = settings;
  }

  /** The writer of a schema. */
  of(schema: Schema): JsonWriter {
    const known = this.#compiled.get(schema);
    if (known) return known;
    const nulls: NullRule = { json: null };
    const write = this.#compile(schema, nulls);
    if (schema.default !== undefined && this.#settings.replaceNullWithDefault) nulls.json = jsonOf(write, schema.default);
    else if (schema.optional) nulls.json = nullJson;
    this.#compiled.set(schema, write);
    return write;
  }

  /** One value as text. */
  text(schema: Schema, value: Value): string {
    return jsonOf(this.of(schema), value).toString();
  }

  #compile(schema: Schema, nulls: NullRule): JsonWriter {
    if (schema.name === schemas.connectDecimal && this.#settings.decimalFormat === 'numeric') return numericDecimal(schema, nulls);
    switch (schema.type) {
      case 'int8':
      case 'int16':
      case 'int32':
        return (value, slab) => {
          if (typeof value === 'number' && (value | 0) === value) putInteger(slab, value);
          else otherwise(value, slab, nulls, schema.type);
        };
      case 'int64':
        return int64(nulls);
      case 'float32':
        return (value, slab) => {
          if (typeof value === 'number') slab.ascii(quotedUnlessFinite(value, javaFloat(value)));
          else otherwise(value, slab, nulls, 'float32');
        };
      case 'float64':
        return (value, slab) => {
          if (typeof value === 'number') slab.ascii(quotedUnlessFinite(value, javaDouble(value)));
          else otherwise(value, slab, nulls, 'float64');
        };
      case 'boolean':
        return (value, slab) => {
          if (typeof value === 'boolean') slab.bytes(value ? trueJson : falseJson);
          else otherwise(value, slab, nulls, 'boolean');
        };
      case 'string':
        return (value, slab) => {
          if (typeof value === 'string') putString(slab, value);
          else otherwise(value, slab, nulls, 'string');
        };
      case 'bytes':
        return (value, slab) => {
          if (value instanceof Uint8Array) putBase64(slab, value);
          else otherwise(value, slab, nulls, 'bytes');
        };
      case 'array':
        return this.#array(this.#ofPart(schema.valueSchema), nulls);
      case 'map':
        return this.#map(schema, nulls);
      case 'struct':
        return this.#struct(schema, nulls);
    }
  }

  /** Of items and values. Where a header's text was read, they may have no schema in common. */
  #ofPart(schema: Schema | null): JsonWriter {
    return schema === null ? (value, slab) => writeSchemaless(value, this, slab) : this.of(schema);
  }

  /** Writes a value of the schema that an unread row has as a number; null: such a value is made first. */
  #ofNumber({ type, name }: Schema): ((slab: SlabWriter, value: number) => void) | null {
    if (type === 'int16' || type === 'int32' || type === 'int64') return putInteger;
    return name === schemas.connectDecimal && this.#settings.decimalFormat === 'base64' ? putUnscaled : null;
  }

  #array(item: JsonWriter, nulls: NullRule): JsonWriter {
    return (value, slab) => {
      if (!Array.isArray(value)) return otherwise(value, slab, nulls, 'array');
      writeArray(value, item, slab);
    };
  }

  #map(schema: Schema, nulls: NullRule): JsonWriter {
    const writeKey = this.of(schema.keySchema!);
    const writeValue = this.#ofPart(schema.valueSchema);
    const asObject = schema.keySchema!.type === 'string';
    return (value, slab) => {
      if (!(value instanceof Map)) return otherwise(value, slab, nulls, 'map');
      writeMap(value, asObject, writeKey, writeValue, slab);
    };
  }

  #struct(schema: Schema, nulls: NullRule): JsonWriter {
    const fields = schema.fields.map(
      ({ name, schema: ofField }, index) =>
        new FieldWriter((index === 0 ? '{' : ',') + jsonString(name) + ':', ofField, this.of(ofField), this.#ofNumber(ofField)),
    );
    const count = fields.length;
    const end = slabPiece(Buffer.from(count === 0 ? '{}' : '}'));
    // Structs of an equal schema are welcome too; the last such schema is remembered, so that comparing stays rare.
    let equal = schema;
    return (value, slab) => {
      if (!(value instanceof Struct)) return otherwise(value, slab, nulls, 'struct');
      if (value.schema !== schema && value.schema !== equal) {
        if (!sameSchema(value.schema, schema))
          throw new ConversionError('the struct has another schema than its field (mismatching schema)');
        equal = value.schema;
      }
      let index = 0;
      try {
        if (value instanceof UnreadStruct) for (; index < count; index++) fields[index]!.writeUnread(value, index, slab);
        else {
          const { values } = value;
          for (; index < count; index++) fields[index]!.write(values[index], slab);
        }
      } catch (fault) {
        throw inField(fault, schema.fields[index]!.name);
      }
      slab.piece(end);
    };
  }
}

/** JSON made once, for what is written again and again. */
function jsonOf(write: JsonWriter, value: Value): Buffer {
  const slab = new SlabWriter(64);
  write(value, slab);
  return Buffer.from(slab.view());
}

/** Most are times and positions that a double holds. */
function int64(nulls: NullRule): JsonWriter {
  return (value, slab) => {
    if (typeof value !== 'bigint') return otherwise(value, slab, nulls, 'int64 (a bigint)');
    const double = Number(value);
    if (Number.isSafeInteger(double)) putInteger(slab, double);
    else slab.ascii(value.toString());
  };
}

function writeArray(items: readonly Value[], item: JsonWriter, slab: SlabWriter): void {
  slab.ascii('[');
  for (let index = 0; index < items.length; index++) {
    if (index > 0) slab.ascii(',');
    item(items[index], slab);
  }
  slab.ascii(']');
}

function writeMap(map: ReadonlyMap<Value, Value>, asObject: boolean, writeKey: JsonWriter, writeValue: JsonWriter, slab: SlabWriter): void {
  slab.ascii(asObject ? '{' : '[');
  let first = true;
  for (const [key, value] of map) {
    if (!first) slab.ascii(',');
    first = false;
    if (!asObject) slab.ascii('[');
    if (asObject && key === null) slab.ascii('"null"');
    else writeKey(key, slab);
    slab.ascii(asObject ? ':' : ',');
    writeValue(value, slab);
    if (!asObject) slab.ascii(']');
  }
  slab.ascii(asObject ? '}' : ']');
}

function numericDecimal(schema: Schema, nulls: NullRule): JsonWriter {
  const scale = Number(schema.parameters?.['scale'] ?? 0);
  return (value, slab) => {
    if (value instanceof Uint8Array) slab.ascii(javaBigDecimal(unscaledValue(value), scale));
    else otherwise(value, slab, nulls, 'bytes (an unscaled decimal)');
  };
}

/** Writes a value that has no schema. Structs bring their own, `writers` has the writer of it. */
export function writeSchemaless(value: Value | undefined, writers: JsonWriters, slab: SlabWriter): void {
  if (value === null || value === undefined) slab.bytes(nullJson);
  else if (typeof value === 'string') putString(slab, value);
  else if (typeof value === 'boolean' || typeof value === 'bigint') slab.ascii(String(value));
  else if (typeof value === 'number')
    slab.ascii(Number.isSafeInteger(value) ? String(value) : quotedUnlessFinite(value, javaDouble(value)));
  else if (value instanceof Uint8Array) putBase64(slab, value);
  else if (value instanceof Struct) writers.of(value.schema)(value, slab);
  else {
    const write: JsonWriter = (part, into) => writeSchemaless(part, writers, into);
    if (Array.isArray(value)) writeArray(value, write, slab);
    else if (value instanceof Map) writeMap(value, allStrings(value.keys()), write, write, slab);
    else throw new ConversionError(`cannot write ${kindOf(value)} as JSON`);
  }
}

function allStrings(keys: Iterable<unknown>): boolean {
  for (const key of keys) if (typeof key !== 'string') return false;
  return true;
}
