import { type ConfigOf, configSpec, type Header, type Schema, Struct, type Transform, type Value } from '../src/contract/index.ts';
import { exactChoice, nonEmptyList, replaceNullWithDefault } from './records/options.ts';
import { keyAndValue, type RecordPart } from './records/part.ts';
import { requireMap, requireStruct, transformFailed } from './records/require.ts';
import { perSchema } from './records/schema-cache.ts';
import { basicsOf, buildStruct, fieldReader } from './records/struct-schema.ts';

const headerOptions = {
  fields: nonEmptyList('Field names in the record whose values are to be copied or moved to headers.'),
  headers: nonEmptyList('Header names, in the same order as the field names listed in the fields configuration property.'),
  operation: exactChoice(['move', 'copy'], {
    importance: 'HIGH',
    doc:
      'Either move if the fields are to be moved to the headers (removed from the key/value), ' +
      'or copy if the fields are to be copied to the headers (retained in the key/value).',
  }),
  'replace.null.with.default': replaceNullWithDefault,
};
type Config = ConfigOf<typeof headerOptions>;

const spec = configSpec({
  doc: 'Moves or copies fields of the key or value to headers.',
  options: headerOptions,
  refine: (config: Config, _, report) => {
    if (config.fields.length !== config.headers.length)
      report.fault('headers', "'fields' config must have the same number of elements as 'headers' config.");
    return config;
  },
});

function compile(config: Config, part: RecordPart): Transform {
  const { fields, headers, operation } = config;
  const isMove = operation === 'move';
  const purpose = `header ${operation}`;

  const layoutOf = perSchema((schema: Schema) => {
    const read = fieldReader(schema, config['replace.null.with.default']);
    const sources = fields.map((name, index) => {
      const field = schema.field(name);
      if (field === undefined) throw transformFailed(`Unknown field: ${name}`);
      return { key: headers[index] ?? name, index: field.index, schema: field.schema };
    });
    const kept = schema.fields.filter(({ name }) => !fields.includes(name));
    const moved = buildStruct(
      kept.map(field => [field.name, field.schema]),
      basicsOf(schema),
    );
    return { read, sources, moved, kept: kept.map(({ index }) => index) };
  });

  return record => {
    const value = part.value(record);
    if (part.schema(record) === null) {
      const map = requireMap(value, purpose);
      const updated = new Map(map);
      const added = fields.map((name, index): Header => {
        if (isMove) updated.delete(name);
        return { key: headers[index] ?? name, schema: null, value: map.get(name) ?? null };
      });
      return { ...part.replace(record, null, updated), headers: [...record.headers, ...added] };
    }
    const struct = requireStruct(value, purpose);
    const layout = layoutOf(struct.schema);
    const values = layout.read(struct.values);
    const added = layout.sources.map(({ key, schema, index }): Header => ({ key, schema, value: values[index] ?? null }));
    const result = { ...record, headers: [...record.headers, ...added] };
    if (!isMove) return result;
    const remaining = layout.kept.map((index): Value => values[index] ?? null);
    return part.replace(result, layout.moved, new Struct(layout.moved, remaining));
  };
}

/** org.apache.kafka.connect.transforms.HeaderFrom: copies or moves fields into headers. */
export const headerFrom = keyAndValue(spec, compile);
