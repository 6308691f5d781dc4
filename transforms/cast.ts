import {
  type ConfigOf,
  configSpec,
  type Schema,
  type SchemaOptions,
  Struct,
  schemaOf,
  schemas,
  type Transform,
  type Value,
} from '../src/contract/index.ts';
import { type CastTarget, castFrom, castSchemaless, castTargetList, castTargets } from './records/cast-value.ts';
import { listOption, replaceNullWithDefault } from './records/options.ts';
import { keyAndValue, type RecordPart } from './records/part.ts';
import { requireMap, requireStruct } from './records/require.ts';
import { perSchema } from './records/schema-cache.ts';
import { basicsOf, buildStruct, fieldReader } from './records/struct-schema.ts';

/** One type for the whole key or value, or types of fields. */
type Casts = { readonly whole: CastTarget | null; readonly fields: ReadonlyMap<string, CastTarget> };

function targetOf(text: string): CastTarget {
  const name = text.trim().toLowerCase();
  const target = castTargets.find(candidate => candidate === name);
  if (target !== undefined) return target;
  if (['bytes', 'array', 'map', 'struct'].includes(name))
    throw new Error(`Cast transformation does not support casting to ${name.toUpperCase()}; supported types are ${castTargetList}`);
  throw new Error(`Invalid type found in casting spec: ${text.trim()}; supported types are ${castTargetList}`);
}

function castsOf(mappings: readonly string[]): Casts {
  if (mappings.length === 0) throw new Error('Must specify at least one field to cast.');
  const fields = new Map<string, CastTarget>();
  let whole: CastTarget | null = null;
  for (const mapping of mappings) {
    // Java's split forgets empty parts at the end.
    const [first = '', type, ...more] = mapping.replace(/:+$/, '').split(':');
    if (more.length > 0) throw new Error(`Invalid casting spec: ${mapping}`);
    if (type === undefined) whole = targetOf(first);
    else fields.set(first.trim(), targetOf(type));
  }
  if (whole !== null && mappings.length > 1)
    throw new Error('Cast transformations that specify a type to cast the entire value to may only specify a single cast in their spec');
  return { whole, fields };
}

const castOptions = {
  spec: listOption(
    {
      importance: 'HIGH',
      doc:
        'List of fields and the type to cast them to of the form field1:type,field2:type to cast fields of Maps or Structs. A single type ' +
        'to cast the entire value. Valid types are int8, int16, int32, int64, float32, float64, boolean, and string. ' +
        'Note that binary fields can only be cast to string.',
    },
    castsOf,
  ),
  'replace.null.with.default': replaceNullWithDefault,
};

const purpose = 'cast types';

type ValueCast = (value: Value) => Value;

/** The default goes through the cast as the values do. */
function castDefault(schema: Schema, cast: ValueCast): Value | undefined {
  return schema.default === undefined ? undefined : cast(schema.default);
}

const logicalNames: readonly (string | null)[] = [
  schemas.connectDecimal,
  schemas.connectDate,
  schemas.connectTime,
  schemas.connectTimestamp,
];

/**
 * What a cast of the whole key or value keeps of its schema. Kafka Connect keeps the name of its own logical types too, which no converter
 * can write for another type; here the name goes with the type.
 */
function keptBasics(schema: Schema): SchemaOptions {
  return logicalNames.includes(schema.name) ? { doc: schema.doc } : basicsOf(schema);
}

function compile(config: ConfigOf<typeof castOptions>, part: RecordPart): Transform {
  const { whole, fields } = config.spec;
  return whole === null ? castFields(fields, config['replace.null.with.default'], part) : castWhole(whole, part);
}

function castWhole(target: CastTarget, part: RecordPart): Transform {
  const schemaless = castSchemaless(target);
  const castOf = perSchema(schema => {
    const cast = castFrom(schema, target);
    return { cast, schema: schemaOf(target, { ...keptBasics(schema), optional: schema.optional, default: castDefault(schema, cast) }) };
  });
  return record => {
    const value = part.value(record);
    if (value === null) return record;
    const schema = part.schema(record);
    if (schema === null) return part.replace(record, null, schemaless(value));
    const updated = castOf(schema);
    return part.replace(record, updated.schema, updated.cast(value));
  };
}

function castFields(targets: ReadonlyMap<string, CastTarget>, replaceNull: boolean, part: RecordPart): Transform {
  const schemaless = [...targets].map(([name, target]) => ({ name, cast: castSchemaless(target) }));

  function castedSchema(schema: Schema, target: CastTarget): Schema {
    return schemaOf(target, { optional: schema.optional, default: castDefault(schema, castFrom(schema, target)) });
  }

  function castStruct(values: readonly Value[], casts: readonly { readonly index: number; readonly cast: ValueCast }[]): Value[] {
    const updated = values.slice();
    for (const { index, cast } of casts) {
      const value = updated[index] ?? null;
      if (value !== null) updated[index] = cast(value);
    }
    return updated;
  }

  const layoutOf = perSchema(schema => {
    const read = fieldReader(schema, replaceNull);
    const casts = schema.fields.flatMap(field => {
      const target = targets.get(field.name);
      return target === undefined ? [] : [{ index: field.index, cast: castFrom(field.schema, target) }];
    });
    const fields = schema.fields.map(field => {
      const target = targets.get(field.name);
      return [field.name, target === undefined ? field.schema : castedSchema(field.schema, target)] as const;
    });
    const options = { ...basicsOf(schema), optional: schema.optional };
    const bare = buildStruct(fields, options);
    // A default of the struct itself is cast as a record is.
    const updated =
      schema.default instanceof Struct
        ? buildStruct(fields, { ...options, default: new Struct(bare, castStruct(read(schema.default.values), casts)) })
        : bare;
    return { read, casts, schema: updated };
  });

  return record => {
    const value = part.value(record);
    if (value === null) return record;
    if (part.schema(record) === null) {
      const map = requireMap(value, purpose);
      const updated = new Map(map);
      for (const { name, cast } of schemaless) {
        const field = map.get(name) ?? null;
        updated.set(name, field === null ? null : cast(field));
      }
      return part.replace(record, null, updated);
    }
    const struct = requireStruct(value, purpose);
    const { read, casts, schema } = layoutOf(struct.schema);
    return part.replace(record, schema, new Struct(schema, castStruct(read(struct.values), casts)));
  };
}

/** org.apache.kafka.connect.transforms.Cast: other types for fields, or for the whole key or value, by Java's conversions. */
export const cast = keyAndValue(
  configSpec({ doc: 'Casts fields of the key or value, or the whole of it, to another primitive type.', options: castOptions }),
  compile,
);
