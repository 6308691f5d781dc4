import { arraySchema, mapSchema, Schema, type SchemaOptions, type SchemaType, structSchema } from '../../contract/index.ts';
import { ConversionError } from '../conversion-error.ts';
import type { Json } from './parse.ts';
import { readValue } from './reader.ts';
import { typeNames } from './schema-text.ts';

const typeOfName: ReadonlyMap<Json, SchemaType> = new Map(Object.entries(typeNames).map(([type, name]) => [name, type as SchemaType]));

type JsonMap = ReadonlyMap<string, Json>;

function part(json: JsonMap, name: string, what: string, nullsAsDefaults: boolean): Schema {
  const schema = readSchema(json.get(name) ?? null, nullsAsDefaults);
  if (schema === null) throw new ConversionError(`a JSON schema whose ${what} is missing`);
  return schema;
}

function fieldsOf(json: JsonMap, nullsAsDefaults: boolean): readonly (readonly [string, Schema])[] {
  const fields = json.get('fields');
  if (!Array.isArray(fields)) throw new ConversionError('a JSON schema of a struct whose "fields" are no array');
  return (fields as readonly Json[]).map(field => {
    const name = field instanceof Map ? (field as JsonMap).get('field') : undefined;
    if (typeof name !== 'string') throw new ConversionError('a JSON schema with a field without name');
    const schema = readSchema(field, nullsAsDefaults);
    return [name, schema!] as const;
  });
}

function parametersOf(json: Json | undefined): Readonly<Record<string, string>> | null {
  if (!(json instanceof Map)) return null;
  return Object.fromEntries(
    [...(json as JsonMap)].map(([name, value]) => {
      if (typeof value !== 'string') throw new ConversionError('a JSON schema with parameters that are no strings');
      return [name, value];
    }),
  );
}

function withParts(type: SchemaType, json: JsonMap, options: SchemaOptions, nullsAsDefaults: boolean): Schema {
  if (type === 'array') return arraySchema(part(json, 'items', 'element type', nullsAsDefaults), options);
  if (type === 'struct') return structSchema(fieldsOf(json, nullsAsDefaults), options);
  if (type !== 'map') return new Schema(type, options);
  return mapSchema(part(json, 'keys', 'key type', nullsAsDefaults), part(json, 'values', 'value type', nullsAsDefaults), options);
}

/** A schema from its JSON form (JsonConverter.asConnectSchema); JSON null is no schema. Throws ConversionError. */
export function readSchema(json: Json, nullsAsDefaults: boolean): Schema | null {
  if (json === null) return null;
  const map = json instanceof Map ? (json as JsonMap) : new Map<string, Json>();
  const type = typeOfName.get(map.get('type') ?? null);
  if (!type) throw new ConversionError('a JSON schema of unknown type');
  const name = map.get('name');
  const version = map.get('version');
  const doc = map.get('doc');
  const options: SchemaOptions = {
    optional: map.get('optional') === true,
    name: typeof name === 'string' ? name : null,
    version: typeof version === 'number' ? version : null,
    doc: typeof doc === 'string' ? doc : null,
    parameters: parametersOf(map.get('parameters')),
  };
  const schema = withParts(type, map, options, nullsAsDefaults);
  const fallback = map.get('default');
  return fallback === undefined ? schema : schema.with({ default: readValue(schema, fallback, nullsAsDefaults) });
}
