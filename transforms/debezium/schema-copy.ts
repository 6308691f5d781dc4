import { type Field, type Schema, type SchemaOptions, structSchema } from '../../src/contract/index.ts';

/** A field of a schema to be built. */
export type NamedSchema = readonly [name: string, schema: Schema];

/**
 * Name, version, doc and parameters of a schema: what Kafka Connect's SchemaUtil.copySchemaBasics copies. Neither optionality nor default
 * is among them, so an unwrapped row is not optional although `after` was.
 */
export function basicsOf(schema: Schema): SchemaOptions {
  return { name: schema.name, version: schema.version, doc: schema.doc, parameters: schema.parameters };
}

/** The same schema, optional and without a default. Keep the result: schemas are cached by identity. */
export function optionalOf(schema: Schema): Schema {
  return schema.with({ optional: true, default: undefined });
}

/** Fields of a schema as `structWith` takes them. */
export function namedFields(fields: readonly Field[]): NamedSchema[] {
  return fields.map(({ name, schema }) => [name, schema] as const);
}

/** A struct schema with these attributes and fields. Throws an Error where two fields have one name. */
export function structWith(fields: readonly NamedSchema[], options: SchemaOptions): Schema {
  const names = new Set<string>();
  for (const [name] of fields) {
    if (names.has(name)) throw new Error(`the record would have two fields named '${name}'`);
    names.add(name);
  }
  return structSchema(fields, options);
}
