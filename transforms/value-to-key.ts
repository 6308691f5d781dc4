import { type ConfigOf, configSpec, type Plugin, Struct, type Transform, type Value } from '../src/contract/index.ts';
import { nonEmptyList, replaceNullWithDefault } from './records/options.ts';
import { requireMap, requireStruct, transformFailed } from './records/require.ts';
import { perSchema } from './records/schema-cache.ts';
import { buildStruct, fieldReader } from './records/struct-schema.ts';

const keyOptions = {
  fields: nonEmptyList('Field names on the record value to extract as the record key.'),
  'replace.null.with.default': replaceNullWithDefault,
};

const purpose = 'copying fields from value to key';

/** org.apache.kafka.connect.transforms.ValueToKey: makes the key of some fields of the value. */
export const valueToKey: Plugin<ConfigOf<typeof keyOptions>, Transform> = {
  spec: configSpec({ doc: 'Makes the key of some fields of the value.', options: keyOptions }),
  create(config) {
    const layoutOf = perSchema(schema => {
      const fields = config.fields.map(name => {
        const field = schema.field(name);
        if (field === undefined) throw transformFailed(`Field does not exist: ${name}`);
        return field;
      });
      return {
        read: fieldReader(schema, config['replace.null.with.default']),
        keySchema: buildStruct(fields.map(field => [field.name, field.schema])),
        indexes: fields.map(({ index }) => index),
      };
    });
    return record => {
      if (record.valueSchema === null) {
        const map = requireMap(record.value, purpose);
        return { ...record, keySchema: null, key: new Map(config.fields.map(name => [name, map.get(name) ?? null])) };
      }
      const struct = requireStruct(record.value, purpose);
      const { read, keySchema, indexes } = layoutOf(struct.schema);
      const values = read(struct.values);
      const key = new Struct(
        keySchema,
        indexes.map((index): Value => values[index] ?? null),
      );
      return { ...record, keySchema, key };
    };
  },
};
