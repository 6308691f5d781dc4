import { type ConfigOf, configSpec, type Schema, type SchemaOptions, Struct, type Transform, type Value } from '../src/contract/index.ts';
import { textOption } from './records/options.ts';
import { keyAndValue, type RecordPart } from './records/part.ts';
import { isMap, type MapValue, requireMap, requireStruct, transformFailed } from './records/require.ts';
import { perSchema } from './records/schema-cache.ts';
import { basicsOf, buildStruct, fieldReader, reshape } from './records/struct-schema.ts';

const flattenOptions = {
  delimiter: textOption({
    default: '.',
    doc: 'Delimiter to insert between field names from the input record when generating field names for the output record.',
  }),
};

const purpose = 'flattening';

/** How one struct is laid flat: a leaf takes one place of the output, a nested struct as many as it has leaves. */
type Plan = {
  readonly read: (values: readonly Value[]) => readonly Value[];
  /** One a field: null for a leaf. */
  readonly nested: readonly (Plan | null)[];
  readonly leaves: number;
};

function planOf(schema: Schema): Plan {
  const nested = schema.fields.map(field => (field.schema.type === 'struct' ? planOf(field.schema) : null));
  return { read: fieldReader(schema, true), nested, leaves: nested.reduce((sum, plan) => sum + (plan?.leaves ?? 1), 0) };
}

/** Writes a struct's leaves from `at` on; answers the place behind them. Where a struct is null, so are all its leaves. */
function write(plan: Plan, struct: Struct, out: Value[], at: number): number {
  const values = plan.read(struct.values);
  for (let index = 0; index < plan.nested.length; index++) {
    const inner = plan.nested[index] ?? null;
    const value = values[index] ?? null;
    if (inner === null) out[at++] = value;
    else if (value instanceof Struct) at = write(inner, value, out, at);
    else at += inner.leaves;
  }
  return at;
}

function compile({ delimiter }: ConfigOf<typeof flattenOptions>, part: RecordPart): Transform {
  const join = (prefix: string, name: string) => (prefix === '' ? name : prefix + delimiter + name);

  /** A leaf is optional where it or a struct around it is, and takes the default that an outer struct has for it. */
  function leavesOf(schema: Schema, prefix: string, optional: boolean, defaults: Value | undefined): (readonly [string, Schema])[] {
    return schema.fields.flatMap(field => {
      const name = join(prefix, field.name);
      const isOptional = optional || field.schema.optional;
      const outer = defaults instanceof Struct ? (defaults.getOrDefault(field.name) ?? undefined) : undefined;
      const fallback = field.schema.default ?? outer;
      if (field.schema.type === 'struct') return leavesOf(field.schema, name, isOptional, fallback);
      if (field.schema.type === 'map')
        throw transformFailed(`Flatten transformation does not support MAP for record with schemas (for field ${name}).`);
      const leaf: SchemaOptions = { ...basicsOf(field.schema), optional: isOptional, default: fallback };
      return [[name, reshape(field.schema, leaf)] as const];
    });
  }

  const flatOf = perSchema(schema => ({
    plan: planOf(schema),
    schema: buildStruct(leavesOf(schema, '', schema.optional, schema.default), basicsOf(schema)),
  }));

  function flattenMap(map: MapValue, prefix: string, out: Map<Value, Value>): void {
    for (const [key, value] of map) {
      const name = join(prefix, String(key));
      if (isMap(value)) flattenMap(value, name, out);
      else if (value instanceof Struct)
        throw transformFailed(`Flatten transformation does not support structs for record without schemas (for field ${name}).`);
      else out.set(name, value);
    }
  }

  return record => {
    const value = part.value(record);
    if (value === null) return record;
    if (part.schema(record) === null) {
      const out = new Map<Value, Value>();
      flattenMap(requireMap(value, purpose), '', out);
      return part.replace(record, null, out);
    }
    const struct = requireStruct(value, purpose);
    const { plan, schema } = flatOf(struct.schema);
    const out: Value[] = new Array<Value>(plan.leaves).fill(null);
    write(plan, struct, out, 0);
    return part.replace(record, schema, new Struct(schema, out));
  };
}

/** org.apache.kafka.connect.transforms.Flatten: nested structs or maps become one, with joined names. Arrays stay as they are. */
export const flatten = keyAndValue(
  configSpec({ doc: 'Lifts the fields of nested structs or maps to the top, their names joined by a delimiter.', options: flattenOptions }),
  compile,
);
