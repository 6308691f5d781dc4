import { type Schema, Struct, schemas, type Value } from '../../../src/contract/index.ts';
import { basicsOf, type NamedSchema, namedFields, structWith } from '../schema-copy.ts';
import type { FieldReader } from './field-reference.ts';

/** What is done to a row of one schema from envelopes of one schema. */
type RowPlan = {
  readonly schema: Schema;
  /** Places of fields with a default that takes the place of null; empty where nulls stay. */
  readonly defaulted: readonly { readonly index: number; readonly default: Value }[];
  readonly added: readonly FieldReader[];
};

/** What an extender adds to every row. */
export type RowExtension = {
  /** Adds `__deleted`, a text, and puts defaults in place of null if `replaceNulls`. */
  readonly marked: boolean;
  readonly replaceNulls: boolean;
  /** Fields of the envelope to add. Called once an envelope schema and row schema. */
  readonly added: (envelope: Schema) => readonly FieldReader[];
};

/**
 * Makes the row of an unwrapped record: the row's own fields, `__deleted` if marked, then the added fields. The new schema is not optional
 * even if nothing is added (SchemaUtil.copySchemaBasics). Compiled once a pair of schemas.
 */
export class RowExtender {
  readonly #extension: RowExtension;
  readonly #plans = new WeakMap<Schema, WeakMap<Schema, RowPlan>>();

  constructor(extension: RowExtension) {
    this.#extension = extension;
  }

  /** Throws an Error where the new row would have two fields of one name. */
  extend(envelope: Struct, row: Struct, deleted: 'true' | 'false' | null): Struct {
    const plan = this.#planFor(envelope.schema, row.schema);
    const values = row.values.slice();
    for (const field of plan.defaulted) if (values[field.index] === null) values[field.index] = field.default;
    if (this.#extension.marked) values.push(deleted);
    for (const reader of plan.added) values.push(reader.read(envelope));
    return new Struct(plan.schema, values);
  }

  #planFor(envelope: Schema, row: Schema): RowPlan {
    let plans = this.#plans.get(envelope);
    if (plans === undefined) {
      plans = new WeakMap();
      this.#plans.set(envelope, plans);
    }
    let plan = plans.get(row);
    if (plan === undefined) {
      plan = this.#compile(envelope, row);
      plans.set(row, plan);
    }
    return plan;
  }

  #compile(envelope: Schema, row: Schema): RowPlan {
    const { marked, replaceNulls, added } = this.#extension;
    const readers = added(envelope);
    const fields: NamedSchema[] = namedFields(row.fields);
    if (marked) fields.push(['__deleted', schemas.optionalString]);
    for (const reader of readers) fields.push([reader.name, reader.schema]);
    const defaulted = row.fields.flatMap(({ index, schema }) =>
      marked && replaceNulls && schema.default !== undefined ? [{ index, default: schema.default }] : [],
    );
    return { schema: structWith(fields, basicsOf(row)), defaulted, added: readers };
  }
}
