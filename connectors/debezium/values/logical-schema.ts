import { type Schema, type SchemaOptions, type SchemaType, schemaOf } from '../../../src/contract/index.ts';

/** A logical schema of version 1, as all of Debezium's and Connect's are. */
export function logical(
  type: Exclude<SchemaType, 'array' | 'map' | 'struct'>,
  name: string,
  parameters: SchemaOptions['parameters'] = null,
): Schema {
  return schemaOf(type, { name, version: 1, parameters });
}
