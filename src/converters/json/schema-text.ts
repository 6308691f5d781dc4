import type { Schema, SchemaType } from '../../contract/index.ts';
import { jsonString } from './json-string.ts';
import type { JsonWriters } from './writer.ts';

/** Names of the types in JSON schemas: floats have their own (JsonSchema.FLOAT_TYPE_NAME, DOUBLE_TYPE_NAME). */
export const typeNames: Readonly<Record<SchemaType, string>> = {
  int8: 'int8',
  int16: 'int16',
  int32: 'int32',
  int64: 'int64',
  float32: 'float',
  float64: 'double',
  boolean: 'boolean',
  string: 'string',
  bytes: 'bytes',
  array: 'array',
  map: 'map',
  struct: 'struct',
};

/**
 * A schema as JsonConverter.asJsonSchema writes it, attributes in its order: keys hold their schema, and are compared by their bytes.
 * `fieldName` comes last, for a field of a struct.
 */
export function schemaText(schema: Schema, writers: JsonWriters, fieldName: string | null = null): string {
  let text = `{"type":"${typeNames[schema.type]}"`;
  const part = ({ valueSchema }: Schema) => (valueSchema === null ? 'null' : schemaText(valueSchema, writers));
  if (schema.type === 'array') text += `,"items":${part(schema)}`;
  if (schema.type === 'map') text += `,"keys":${schemaText(schema.keySchema!, writers)},"values":${part(schema)}`;
  if (schema.type === 'struct')
    text += `,"fields":[${schema.fields.map(field => schemaText(field.schema, writers, field.name)).join(',')}]`;
  text += `,"optional":${schema.optional}`;
  if (schema.name !== null) text += `,"name":${jsonString(schema.name)}`;
  if (schema.version !== null) text += `,"version":${schema.version}`;
  if (schema.doc !== null) text += `,"doc":${jsonString(schema.doc)}`;
  if (schema.parameters !== null) {
    const pairs = Object.entries(schema.parameters).map(([name, value]) => `${jsonString(name)}:${jsonString(value)}`);
    text += `,"parameters":{${pairs.join(',')}}`;
  }
  if (schema.default !== undefined) text += `,"default":${writers.text(schema, schema.default)}`;
  if (fieldName !== null) text += `,"field":${jsonString(fieldName)}`;
  return `${text}}`;
}
