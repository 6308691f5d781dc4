import { type ConfigOf, configSpec, Struct, type Transform, type Value } from '../src/contract/index.ts';
import { optionalList, replaceNullWithDefault } from './records/options.ts';
import { keyAndValue, type RecordPart } from './records/part.ts';
import { requireMap, requireStruct } from './records/require.ts';
import { perSchema } from './records/schema-cache.ts';
import { basicsOf, buildStruct, fieldReader } from './records/struct-schema.ts';

const names = (list: readonly string[]) => new Set(list);

function renamesOf(mappings: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    mappings.map(mapping => {
      // Java's split forgets empty parts at the end.
      const [from, to, ...more] = mapping.replace(/:+$/, '').split(':');
      if (from === undefined || to === undefined || more.length > 0) throw new Error(`Invalid rename mapping: ${mapping}`);
      return [from, to] as const;
    }),
  );
}

const replaceOptions = {
  exclude: optionalList('Fields to exclude. This takes precedence over the fields to include.', names, ['blacklist']),
  include: optionalList('Fields to include. If specified, only these fields will be used.', names, ['whitelist']),
  renames: optionalList('Field rename mappings: a list of colon-delimited pairs, e.g. foo:bar,abc:xyz.', renamesOf),
  'replace.null.with.default': replaceNullWithDefault,
};

const purpose = 'field replacement';

function compile(config: ConfigOf<typeof replaceOptions>, part: RecordPart): Transform {
  const { exclude, include, renames } = config;
  const isKept = (name: string) => !exclude.has(name) && (include.size === 0 || include.has(name));
  const renamed = (name: string) => renames.get(name) ?? name;

  const layoutOf = perSchema(schema => {
    const kept = schema.fields.filter(({ name }) => isKept(name));
    return {
      schema: buildStruct(
        kept.map(field => [renamed(field.name), field.schema]),
        basicsOf(schema),
      ),
      read: fieldReader(schema, config['replace.null.with.default']),
      /** null: all of them, in their order. */
      indexes: kept.length === schema.fields.length ? null : kept.map(({ index }) => index),
    };
  });

  return record => {
    const value = part.value(record);
    if (value === null) return record;
    if (part.schema(record) === null) {
      const updated = new Map<Value, Value>();
      for (const [key, item] of requireMap(value, purpose)) {
        const name = String(key);
        if (isKept(name)) updated.set(renamed(name), item);
      }
      return part.replace(record, null, updated);
    }
    const struct = requireStruct(value, purpose);
    const { schema, read, indexes } = layoutOf(struct.schema);
    const values = read(struct.values);
    const kept = indexes === null ? values : indexes.map((index): Value => values[index] ?? null);
    return part.replace(record, schema, new Struct(schema, kept));
  };
}

/** org.apache.kafka.connect.transforms.ReplaceField: takes fields away, or renames them. */
export const replaceField = keyAndValue(
  configSpec({ doc: 'Leaves out, keeps or renames fields of the key or value.', options: replaceOptions }),
  compile,
);
