import { Schema, type SchemaOptions, structSchema, type Value } from '../../src/contract/index.ts';
import { transformFailed } from './require.ts';

/**
 * Name, version, doc and parameters: what SchemaUtil.copySchemaBasics copies. Neither optionality nor default is among them: a
 * transform that builds a new struct makes it required, unless it says otherwise.
 */
export function basicsOf(schema: Schema): SchemaOptions {
  return { name: schema.name, version: schema.version, doc: schema.doc, parameters: schema.parameters };
}

/** A struct schema; a field's name may come once only, as in SchemaBuilder. */
export function buildStruct(fields: readonly (readonly [name: string, schema: Schema])[], options: SchemaOptions = {}): Schema {
  const names = new Set<string>();
  for (const [name] of fields) {
    if (names.has(name)) throw transformFailed(`Cannot create field because of field name duplication ${name}`);
    names.add(name);
  }
  return structSchema(fields, options);
}

/** A schema of the same shape with other attributes: what is left out of `options` is dropped. */
export function reshape(schema: Schema, options: SchemaOptions): Schema {
  return new Schema(schema.type, {
    ...options,
    fields: schema.fields,
    keySchema: schema.keySchema,
    valueSchema: schema.valueSchema,
  });
}

/**
 * How the fields of a struct are read: `Struct.get`, which answers the default in place of null, or `getWithoutDefault`, as
 * `replace.null.with.default` says. The answer is the same array where no field has a default.
 */
export function fieldReader(schema: Schema, replaceNullWithDefault: boolean): (values: readonly Value[]) => readonly Value[] {
  const defaults = schema.fields.flatMap(({ index, schema: { default: value } }) => (value === undefined ? [] : [{ index, value }]));
  if (!replaceNullWithDefault || defaults.length === 0) return values => values;
  return values => {
    let replaced: Value[] | null = null;
    for (const { index, value } of defaults) {
      if ((values[index] ?? null) !== null) continue;
      replaced ??= values.slice();
      replaced[index] = value;
    }
    return replaced ?? values;
  };
}
