import { type ConnectRecord, type Schema, Struct, type Value } from '../../../src/contract/index.ts';
import { basicsOf, namedFields, structWith } from '../schema-copy.ts';

/** How ExtractNewRecordState drops the fields that a header names. */
export type FieldDropping = {
  /** The header whose value lists field names. */
  readonly header: string;
  readonly fromKey: boolean;
  /** Only optional fields are dropped, so that consumers of the old schema can read the new one. */
  readonly compatible: boolean;
};

type DropPlan = { readonly schema: Schema; readonly kept: readonly { readonly index: number; readonly default: Value }[] };

/** Plans kept for one schema; a record's header may name any subset of the fields. Past this many, the oldest is forgotten. */
const plansPerSchemaMax = 256;

/** Drops the fields that a record's header names, as ReplaceField with `exclude` does: defaults take the place of null in what stays. */
export class FieldDropper {
  readonly #dropping: FieldDropping;
  readonly #plans = new WeakMap<Schema, Map<string, DropPlan | null>>();

  constructor(dropping: FieldDropping) {
    this.#dropping = dropping;
  }

  /** The record without the fields; itself where there is nothing to drop. Throws an Error for a header that is no list of texts. */
  drop<R extends ConnectRecord>(record: R): R {
    const names = this.#namesFrom(record);
    if (names.length === 0) return record;
    const key = this.#dropping.fromKey ? this.#without(record.key, names) : null;
    const value = this.#without(record.value, names);
    if (key === null && value === null) return record;
    return {
      ...record,
      ...(key === null ? {} : { key, keySchema: key.schema }),
      ...(value === null ? {} : { value, valueSchema: value.schema }),
    };
  }

  #namesFrom(record: ConnectRecord): readonly string[] {
    const value = record.headers.find(header => header.key === this.#dropping.header)?.value ?? null;
    if (value === null) return [];
    if (!Array.isArray(value)) throw new Error(`header '${this.#dropping.header}' (drop.fields.header.name) is no list of field names`);
    return value.filter(name => typeof name === 'string');
  }

  /** The struct without the fields; null where it stays as it is (or is no struct). */
  #without(value: Value, names: readonly string[]): Struct | null {
    if (!(value instanceof Struct)) return null;
    const plan = this.#planFor(value.schema, names);
    return (
      plan &&
      new Struct(
        plan.schema,
        plan.kept.map(field => value.values[field.index] ?? field.default),
      )
    );
  }

  #planFor(schema: Schema, names: readonly string[]): DropPlan | null {
    let plans = this.#plans.get(schema);
    if (plans === undefined) {
      plans = new Map();
      this.#plans.set(schema, plans);
    }
    const list = names.join('\0');
    let plan = plans.get(list);
    if (plan === undefined) {
      plan = this.#compile(schema, new Set(names));
      const [oldest] = plans.keys();
      if (plans.size >= plansPerSchemaMax && oldest !== undefined) plans.delete(oldest);
      plans.set(list, plan);
    }
    return plan;
  }

  #compile(schema: Schema, names: ReadonlySet<string>): DropPlan | null {
    const kept = schema.fields.filter(field => !names.has(field.name) || (this.#dropping.compatible && !field.schema.optional));
    // Without `compatible` the reference rewrites the record even if nothing matches, which makes its schema not optional.
    if (kept.length === schema.fields.length && this.#dropping.compatible) return null;
    return {
      schema: structWith(namedFields(kept), basicsOf(schema)),
      kept: kept.map(({ index, schema: { default: fallback } }) => ({ index, default: fallback ?? null })),
    };
  }
}
