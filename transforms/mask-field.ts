import {
  type ConfigOf,
  configSpec,
  rescale,
  type Schema,
  Struct,
  schemas,
  type Transform,
  unscaledBytes,
  type Value,
} from '../src/contract/index.ts';
import { bigDecimal, doubleOf, integerPart, isDecimal, narrow } from './records/java-number.ts';
import { nonEmptyList, notEmpty, replaceNullWithDefault, textOption } from './records/options.ts';
import { keyAndValue, type RecordPart } from './records/part.ts';
import { isArray, isMap, javaClass, requireMap, requireStruct, transformFailed } from './records/require.ts';
import { perSchema } from './records/schema-cache.ts';
import { fieldReader } from './records/struct-schema.ts';

const maskOptions = {
  fields: nonEmptyList('Names of fields to mask.'),
  replacement: textOption(
    {
      default: null,
      importance: 'LOW',
      doc: "Custom value replacement, that will be applied to all 'fields' values (numeric or non-empty string values only).",
    },
    notEmpty,
  ),
  'replace.null.with.default': replaceNullWithDefault,
};

const purpose = 'mask fields';
const dates: readonly (string | null)[] = [schemas.connectDate, schemas.connectTime, schemas.connectTimestamp];
const zeroDecimal = unscaledBytes(0n);

/** The empty value of a value's own type. */
function emptyOf(value: Value, schema: Schema | null): Value {
  if (typeof value === 'string') return '';
  if (typeof value === 'boolean') return false;
  if (typeof value === 'bigint') return schema === null ? 0 : 0n;
  if (typeof value === 'number') return 0;
  if (schema !== null && isDecimal(schema)) return zeroDecimal;
  if (isArray(value)) return [];
  if (isMap(value)) return new Map();
  throw transformFailed(`Cannot mask value of type: class ${javaClass(value, schema)}`);
}

/** The replacement as the value's own type, by Values.convertTo: numbers are cut down to the type's width. */
function replacementFor(value: Value, schema: Schema | null, text: string): Value {
  if (typeof value === 'string') return text;
  const isNumber = typeof value === 'number' || typeof value === 'bigint' || (schema !== null && isDecimal(schema));
  if (!isNumber || dates.includes(schema?.name ?? null))
    throw transformFailed(`Cannot mask value of type class ${javaClass(value, schema)} with custom replacement.`);
  const decimal = bigDecimal(text);
  if (decimal === null) throw transformFailed('Unable to convert the replacement (class java.lang.String) to a number');
  if (schema !== null && isDecimal(schema)) {
    const unscaled = rescale(decimal.unscaled, decimal.scale, Number(schema.parameters?.['scale'] ?? 0));
    if (unscaled === null) throw transformFailed('The replacement has more digits behind the point than the field’s scale');
    return unscaledBytes(unscaled);
  }
  const type = schema?.type ?? (typeof value === 'number' && !Number.isInteger(value) ? 'float64' : 'int64');
  if (type === 'float64') return doubleOf(decimal);
  if (type === 'float32') return Math.fround(doubleOf(decimal));
  const long = BigInt.asIntN(64, integerPart(decimal));
  if (type === 'int8') return narrow(long, 8);
  if (type === 'int16') return narrow(long, 16);
  if (type === 'int32') return narrow(long, 32);
  return schema === null && Number.isSafeInteger(Number(long)) ? Number(long) : long;
}

function compile(config: ConfigOf<typeof maskOptions>, part: RecordPart): Transform {
  const names = new Set(config.fields);
  const { replacement } = config;

  function masked(value: Value, schema: Schema | null): Value {
    if (value === null) return null;
    return replacement === null ? emptyOf(value, schema) : replacementFor(value, schema, replacement);
  }

  const layoutOf = perSchema(schema => ({
    read: fieldReader(schema, config['replace.null.with.default']),
    fields: schema.fields.filter(({ name }) => names.has(name)),
  }));

  return record => {
    const value = part.value(record);
    const schema = part.schema(record);
    if (schema === null) {
      const updated = new Map(requireMap(value, purpose));
      for (const name of names) updated.set(name, masked(updated.get(name) ?? null, null));
      return part.replace(record, null, updated);
    }
    const struct = requireStruct(value, purpose);
    const { read, fields } = layoutOf(struct.schema);
    const values = read(struct.values).slice();
    for (const { index, schema: fieldSchema } of fields) values[index] = masked(values[index] ?? null, fieldSchema);
    return part.replace(record, schema, new Struct(struct.schema, values));
  };
}

/** org.apache.kafka.connect.transforms.MaskField: empties fields (0, false, "") or puts one replacement in their place. */
export const maskField = keyAndValue(
  configSpec({
    doc: 'Replaces the values of fields by an empty value of their type (0, "", false ...), or by a replacement.',
    options: maskOptions,
  }),
  compile,
);
