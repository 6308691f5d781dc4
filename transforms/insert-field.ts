import {
  type ConfigOf,
  type ConnectRecord,
  configSpec,
  type Schema,
  Struct,
  schemaOf,
  schemas,
  type Transform,
  type Value,
} from '../src/contract/index.ts';
import { replaceNullWithDefault, textOption } from './records/options.ts';
import { keyAndValue, type RecordPart } from './records/part.ts';
import { requireMap, requireStruct, transformFailed } from './records/require.ts';
import { perSchema } from './records/schema-cache.ts';
import { basicsOf, buildStruct, fieldReader } from './records/struct-schema.ts';

const suffix = 'Suffix with ! to make this a required field, or ? to keep it optional (the default).';
const fieldOption = (doc: string) => textOption({ default: null, doc });

const insertOptions = {
  'topic.field': fieldOption(`Field name for Kafka topic. ${suffix}`),
  'partition.field': fieldOption(`Field name for Kafka partition. ${suffix}`),
  'offset.field': fieldOption(`Field name for Kafka offset - only applicable to sink connectors. ${suffix}`),
  'timestamp.field': fieldOption(`Field name for record timestamp. ${suffix}`),
  'static.field': fieldOption(`Field name for static data field. ${suffix}`),
  'static.value': fieldOption('Static field value, if field name configured.'),
  'replace.null.with.default': replaceNullWithDefault,
};
type Config = ConfigOf<typeof insertOptions>;

const spec = configSpec({
  doc: 'Adds fields to the key or value: the record’s topic, partition or timestamp, or a fixed text.',
  options: insertOptions,
  refine: (config: Config, _, report) => {
    const names = ['topic.field', 'partition.field', 'offset.field', 'timestamp.field', 'static.field'] as const;
    if (names.every(name => config[name] === null)) report.fault('static.field', 'No field insertion configured');
    if (config['static.field'] !== null && config['static.value'] === null)
      report.fault('static.value', `No value specified for static field: ${config['static.field']}`);
    return config;
  },
});

const timestamp = schemaOf('int64', { name: schemas.connectTimestamp, version: 1 });
const purpose = 'field insertion';

/** One inserted field. `read` answers null where the record has no such attribute. */
type Insertion = { readonly name: string; readonly schema: Schema; read(record: ConnectRecord): Value; readonly isTimestamp: boolean };

function insertion(text: string | null, schema: Schema, read: (record: ConnectRecord) => Value): Insertion[] {
  if (text === null) return [];
  const isRequired = text.endsWith('!');
  const name = isRequired || text.endsWith('?') ? text.slice(0, -1) : text;
  return [{ name, schema: isRequired ? schema : schema.with({ optional: true }), read, isTimestamp: schema === timestamp }];
}

/** A sink's records carry their place in the log, a source's do not yet. */
function offsetOf(record: ConnectRecord & { readonly offset?: unknown }): Value {
  if (typeof record.offset === 'bigint') return record.offset;
  throw transformFailed(`Only SinkRecord supported for [${purpose}], found: org.apache.kafka.connect.source.SourceRecord`);
}

function compile(config: Config, part: RecordPart): Transform {
  const insertions = [
    ...insertion(config['topic.field'], schemas.string, ({ topic }) => topic),
    ...insertion(config['partition.field'], schemas.int32, ({ partition }) => partition),
    ...insertion(config['offset.field'], schemas.int64, offsetOf),
    ...insertion(config['timestamp.field'], timestamp, record => (record.timestamp === null ? null : BigInt(record.timestamp))),
    ...insertion(config['static.field'], schemas.string, () => config['static.value']),
  ];

  const layoutOf = perSchema(schema => {
    const fields = schema.fields.map(field => [field.name, field.schema] as const);
    return {
      schema: buildStruct([...fields, ...insertions.map(added => [added.name, added.schema] as const)], basicsOf(schema)),
      read: fieldReader(schema, config['replace.null.with.default']),
    };
  });

  function inMap(record: ConnectRecord, value: Value): Value {
    const updated = new Map(requireMap(value, purpose));
    for (const { name, read, isTimestamp } of insertions) {
      const inserted = isTimestamp ? record.timestamp : read(record);
      if (inserted !== null) updated.set(name, inserted);
    }
    return updated;
  }

  return record => {
    const value = part.value(record);
    if (value === null) return record;
    if (part.schema(record) === null) return part.replace(record, null, inMap(record, value));
    const struct = requireStruct(value, purpose);
    const { schema, read } = layoutOf(struct.schema);
    const values = read(struct.values).slice();
    for (const added of insertions) values.push(added.read(record));
    return part.replace(record, schema, new Struct(schema, values));
  };
}

/** org.apache.kafka.connect.transforms.InsertField: adds topic, partition, offset, timestamp or a fixed text as fields. */
export const insertField = keyAndValue(spec, compile);
