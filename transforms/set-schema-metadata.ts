import { type ConfigOf, configSpec, options, Struct, type Transform } from '../src/contract/index.ts';
import { replaceNullWithDefault, textOption } from './records/options.ts';
import { keyAndValue, type RecordPart } from './records/part.ts';
import { transformFailed } from './records/require.ts';
import { perSchema } from './records/schema-cache.ts';
import { fieldReader } from './records/struct-schema.ts';

const metadataOptions = {
  'schema.name': textOption({ default: null, importance: 'HIGH', doc: 'Schema name to set.' }),
  'schema.version': options.int({ default: null, importance: 'HIGH', doc: 'Schema version to set.' }),
  'replace.null.with.default': replaceNullWithDefault,
};
type Config = ConfigOf<typeof metadataOptions>;

const spec = configSpec({
  doc: 'Sets name and version of the schema of the key or value.',
  options: metadataOptions,
  refine: (config: Config, _, report) => {
    if (config['schema.name'] === null && config['schema.version'] === null)
      report.fault('schema.name', 'Neither schema name nor version configured');
    return config;
  },
});

function compile(config: Config, part: RecordPart): Transform {
  const { 'schema.name': name, 'schema.version': version } = config;
  const updatedOf = perSchema(schema => ({
    schema: schema.with({ name: name ?? schema.name, version: version ?? schema.version }),
    read: fieldReader(schema, config['replace.null.with.default']),
  }));
  return record => {
    const schema = part.schema(record);
    const value = part.value(record);
    if (schema === null) {
      if (value === null) return record;
      throw transformFailed('Schema required for [updating schema metadata]');
    }
    const updated = updatedOf(schema);
    const moved = value instanceof Struct ? new Struct(updated.schema, updated.read(value.values)) : value;
    return part.replace(record, updated.schema, moved);
  };
}

/** org.apache.kafka.connect.transforms.SetSchemaMetadata: gives the schema another name, version or both. */
export const setSchemaMetadata = keyAndValue(spec, compile);
