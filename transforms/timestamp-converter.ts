import { type ConfigOf, configSpec, type PluginContext, type Schema, Struct, type Transform, type Value } from '../src/contract/index.ts';
import { javaDateFormat } from './java-date-format.ts';
import { unreadable } from './java-dates/parse.ts';
import { patternParts } from './java-dates/pattern.ts';
import { datePattern, exactChoice, replaceNullWithDefault, textOption } from './records/options.ts';
import { keyAndValue, type RecordPart } from './records/part.ts';
import { requireMap, requireStructOrNull, transformFailed } from './records/require.ts';
import { perSchema } from './records/schema-cache.ts';
import { basicsOf, buildStruct, fieldReader } from './records/struct-schema.ts';
import {
  formOf,
  formOfSchemaless,
  millisecondsOf,
  schemalessWriterOf,
  schemaOfForm,
  timestampForms,
  unixPrecisions,
  writerOf,
} from './records/timestamp-forms.ts';

const converterOptions = {
  field: textOption({
    default: '',
    importance: 'HIGH',
    doc: 'The field containing the timestamp, or empty if the entire value is a timestamp.',
  }),
  'target.type': exactChoice(timestampForms, {
    importance: 'HIGH',
    doc: 'The desired timestamp representation: string, unix, Date, Time, or Timestamp.',
  }),
  format: datePattern({
    default: '',
    importance: 'MEDIUM',
    doc:
      'A SimpleDateFormat-compatible format for the timestamp. Used to generate the output when type=string ' +
      'or used to parse the input if the input is a string.',
  }),
  'unix.precision': exactChoice(unixPrecisions, {
    default: 'milliseconds',
    importance: 'LOW',
    doc:
      'The desired Unix precision for the timestamp: seconds, milliseconds, microseconds, or nanoseconds. Used to generate the output when ' +
      'type=unix or used to parse the input if the input is a Long. Note: This SMT will cause precision loss during conversions from, ' +
      'and to, values with sub-millisecond components.',
  }),
  'replace.null.with.default': replaceNullWithDefault,
};
type Config = ConfigOf<typeof converterOptions>;

const spec = configSpec({
  doc: 'Converts a timestamp between text, Unix time and Connect’s Date, Time and Timestamp.',
  options: converterOptions,
  refine: (config: Config, _, report) => {
    const isBlank = config.format.trim() === '';
    if (config['target.type'] === 'string' && isBlank)
      report.fault('format', 'TimestampConverter requires format option to be specified when using string timestamps');
    const reason = config['target.type'] === 'string' || isBlank ? null : unreadable(patternParts(config.format));
    if (reason !== null) report.fault('format', `Invalid value ${config.format} for configuration format: ${reason}`);
    return config;
  },
});

const purpose = 'converting timestamp formats';

function compile(config: Config, part: RecordPart, { clock }: PluginContext): Transform {
  const target = config['target.type'];
  const format = config.format.trim() === '' ? null : javaDateFormat(config.format, clock.nowMs());
  const settings = { format, precision: config['unix.precision'] };
  const write = writerOf(target, settings);
  const writeSchemaless = schemalessWriterOf(target, settings);

  function converter(schema: Schema): (value: Value) => Value {
    const form = formOf(schema);
    return value => (value === null ? null : write(millisecondsOf(value, form, settings)));
  }

  function convertSchemaless(value: Value): Value {
    return value === null ? null : writeSchemaless(millisecondsOf(value, formOfSchemaless(value), settings));
  }

  const wholeOf = perSchema(schema => ({ schema: schemaOfForm(target, schema.optional), convert: converter(schema) }));

  const structOf = perSchema(schema => {
    if (schema.type !== 'struct') throw transformFailed('Cannot list fields on non-struct type');
    const source = schema.field(config.field);
    const read = fieldReader(schema, config['replace.null.with.default']);
    // A field that holds no timestamps is an error of the records that have it, not of those that are null.
    let convert: ((value: Value) => Value) | null = null;
    const fields = schema.fields.map(
      field => [field.name, field === source ? schemaOfForm(target, field.schema.optional) : field.schema] as const,
    );
    function converted(values: readonly Value[]): readonly Value[] {
      const given = read(values);
      if (source === undefined) return given;
      convert ??= converter(source.schema);
      const updated = given.slice();
      updated[source.index] = convert(updated[source.index] ?? null);
      return updated;
    }
    const bare = buildStruct(fields, { ...basicsOf(schema), optional: schema.optional });
    const fallback = schema.default instanceof Struct ? new Struct(bare, converted(schema.default.values)) : undefined;
    return { converted, schema: fallback === undefined ? bare : bare.with({ default: fallback }) };
  });

  return record => {
    const value = part.value(record);
    const schema = part.schema(record);
    if (schema === null) {
      if (value === null || config.field === '') return part.replace(record, null, convertSchemaless(value));
      const updated = new Map(requireMap(value, purpose));
      updated.set(config.field, convertSchemaless(updated.get(config.field) ?? null));
      return part.replace(record, null, updated);
    }
    if (config.field === '') {
      const whole = wholeOf(schema);
      return part.replace(record, whole.schema, whole.convert(value));
    }
    const struct = requireStructOrNull(value, purpose);
    const layout = structOf(schema);
    return part.replace(record, layout.schema, struct === null ? null : new Struct(layout.schema, layout.converted(struct.values)));
  };
}

/** org.apache.kafka.connect.transforms.TimestampConverter: timestamps as texts, unix times, or Connect's Date, Time and Timestamp, in UTC. */
export const timestampConverter = keyAndValue(spec, compile);
