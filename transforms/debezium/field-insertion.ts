import { type Schema, Struct, type Value } from '../../src/contract/index.ts';
import { basicsOf, type NamedSchema, namedFields, structWith } from './schema-copy.ts';

/** A value to be put into a field, reached by dots. */
export type Insertion = { readonly field: string; readonly schema: Schema | null; readonly value: Value };

/** What becomes of one struct: its new schema, and for each field of it where the value comes from. */
type StructPlan = {
  readonly schema: Schema;
  /** A field's origin: the same field (with its default for null), one of the inserted values, or a struct that is itself extended. */
  readonly origins: readonly Origin[];
};
type Origin =
  | { readonly kind: 'field'; readonly index: number; readonly default: Value }
  | { readonly kind: 'inserted'; readonly insertion: number }
  | { readonly kind: 'struct'; readonly index: number; readonly plan: StructPlan };

/** A path still to be walked, and which insertion it is of. */
type Path = { readonly names: readonly string[]; readonly insertion: number };

type CachedPlan = { readonly fields: readonly string[]; readonly schemas: readonly (Schema | null)[]; readonly plan: StructPlan };

/** Plans kept for one schema: one for every set of headers that its records carry. Past this many, the oldest is forgotten. */
const plansPerSchemaMax = 64;

/**
 * Puts values into fields of structs, as ConnectRecordUtil.makeNewSchema and makeUpdatedValue do: fields that are there already keep
 * their schema and get the value, others are added, structs on the way are made (optional) where they are missing. Compiled per schema.
 */
export class InsertionPlans {
  readonly #plans = new WeakMap<Schema, CachedPlan[]>();

  /** Throws an Error where a path leads through a field that is no struct. */
  insert(struct: Struct, insertions: readonly Insertion[]): Struct {
    return apply(this.#planFor(struct.schema, insertions), struct, insertions);
  }

  #planFor(schema: Schema, insertions: readonly Insertion[]): StructPlan {
    let cached = this.#plans.get(schema);
    if (cached === undefined) {
      cached = [];
      this.#plans.set(schema, cached);
    }
    const found = cached.find(
      ({ fields, schemas }) =>
        fields.length === insertions.length && insertions.every((item, at) => item.field === fields[at] && item.schema === schemas[at]),
    );
    if (found !== undefined) return found.plan;
    const paths = insertions.map(({ field }, insertion) => ({ names: field.split('.'), insertion }));
    const plan = compile(schema, paths, insertions);
    if (cached.length >= plansPerSchemaMax) cached.shift();
    cached.push({ fields: insertions.map(({ field }) => field), schemas: insertions.map(item => item.schema), plan });
    return plan;
  }
}

function compile(schema: Schema, paths: readonly Path[], insertions: readonly Insertion[]): StructPlan {
  const fields: NamedSchema[] = namedFields(schema.fields);
  const origins: Origin[] = schema.fields.map(field => ({ kind: 'field', index: field.index, default: field.schema.default ?? null }));
  const place = (name: string, made: Schema, origin: Origin) => {
    const existing = fields.findIndex(([known]) => known === name);
    const at = existing < 0 ? fields.length : existing;
    fields[at] = [name, made];
    origins[at] = origin;
  };
  for (const name of new Set(paths.map(({ names }) => names[0] ?? ''))) {
    const here = paths.filter(({ names }) => names[0] === name);
    const own = here.find(({ names }) => names.length === 1);
    const existing = schema.field(name);
    if (own !== undefined) {
      place(name, existing?.schema ?? schemaOfInsertion(insertions, own), { kind: 'inserted', insertion: own.insertion });
      continue;
    }
    const nested = here.map(({ names, insertion }) => ({ names: names.slice(1), insertion }));
    if (existing === undefined) {
      const plan = compile(structWith([], { optional: true }), nested, insertions);
      // A made struct is optional; those that were there lose it (SchemaUtil.copySchemaBasics).
      const made = plan.schema.with({ optional: true });
      place(name, made, { kind: 'struct', index: -1, plan: { ...plan, schema: made } });
    } else if (existing.schema.type !== 'struct') {
      throw new Error(`field '${name}' is no struct, so nothing can be put into it`);
    } else {
      const plan = compile(existing.schema, nested, insertions);
      place(name, plan.schema, { kind: 'struct', index: existing.index, plan });
    }
  }
  return { schema: structWith(fields, basicsOf(schema)), origins };
}

function schemaOfInsertion(insertions: readonly Insertion[], { insertion }: Path): Schema {
  const schema = insertions[insertion]?.schema ?? null;
  if (schema === null) throw new Error('a header without a schema cannot become a field of a struct');
  return schema;
}

function apply(plan: StructPlan, struct: Struct | null, insertions: readonly Insertion[]): Struct {
  const values = plan.origins.map((origin): Value => {
    if (origin.kind === 'inserted') return insertions[origin.insertion]?.value ?? null;
    if (origin.kind === 'field') return struct?.values[origin.index] ?? origin.default;
    if (origin.index < 0) return apply(origin.plan, null, insertions);
    const nested = struct?.values[origin.index];
    // Nothing is put into a struct that is null: it stays null.
    return nested instanceof Struct ? apply(origin.plan, nested, insertions) : null;
  });
  return new Struct(plan.schema, values);
}
