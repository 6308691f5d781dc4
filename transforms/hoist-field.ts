import { type ConfigOf, configSpec, Struct, structSchema, type Transform } from '../src/contract/index.ts';
import { textOption } from './records/options.ts';
import { keyAndValue, type RecordPart } from './records/part.ts';
import { transformFailed } from './records/require.ts';
import { perSchema } from './records/schema-cache.ts';

const hoistOptions = {
  field: textOption({ doc: 'Field name for the single field that will be created in the resulting Struct or Map.' }),
};

function compile({ field }: ConfigOf<typeof hoistOptions>, part: RecordPart): Transform {
  const wrapped = perSchema(schema => structSchema([[field, schema]]));
  return record => {
    const schema = part.schema(record);
    const value = part.value(record);
    if (schema === null) return part.replace(record, null, new Map([[field, value]]));
    if (value === null && !schema.optional) {
      throw transformFailed(`Invalid value: null used for required field: "${field}", schema type: ${schema.type.toUpperCase()}`);
    }
    const updated = wrapped(schema);
    return part.replace(record, updated, new Struct(updated, [value]));
  };
}

/** org.apache.kafka.connect.transforms.HoistField: wraps the whole key or value into a struct or map with one field. */
export const hoistField = keyAndValue(
  configSpec({ doc: 'Wraps the key or value in a struct (or a map, without a schema) with one field.', options: hoistOptions }),
  compile,
);
