import { type Schema, Struct, type Value } from '../../../src/contract/index.ts';
import { type NamedSchema, structWith } from '../schema-copy.ts';
import type { AdditionalField } from './options.ts';
import { schemaText } from './schema-interning.ts';

/** Value schemas kept, as many as the reference keeps. */
const schemasMax = 10_000;

/** The name of a value schema: the outbox table's, with the route before its last part. */
function schemaName(event: Schema, route: string): string {
  if (event.name === null) return route;
  const lastDot = event.name.lastIndexOf('.');
  return `${event.name.slice(0, lastDot + 1)}${route}.${event.name.slice(lastDot + 1)}`;
}

/**
 * Values with a payload and columns placed in the envelope, under the schemas of the reference. One rule of it surprises: a schema is made
 * once for a payload's schema (or, with a version column, once for a version) and is then used for other routes too, although the first
 * route is part of its name.
 */
export class OutboxValueSchemas {
  readonly #columns: readonly AdditionalField[];
  readonly #skipsMissing: boolean;
  readonly #byPayload = new Map<string, Schema>();
  readonly #byVersion = new Map<number | null, Schema>();

  constructor(additional: readonly AdditionalField[], skipsMissing: boolean) {
    this.#columns = additional.filter(({ placement }) => placement === 'envelope');
    this.#skipsMissing = skipsMissing;
  }

  /** Whether values are structs at all; if not, the payload itself is the value. */
  get used(): boolean {
    return this.#columns.length > 0;
  }

  /** `version`: undefined without a version column. Throws an Error where a column is missing or the payload does not fit its version's schema. */
  valueOf(event: Struct, payloadSchema: Schema, payload: Value, route: string, version: number | null | undefined): Struct {
    const schema =
      version === undefined ? this.#forPayload(event, payloadSchema, route) : this.#forVersion(event, payloadSchema, route, version);
    const columns = this.#columns.filter(({ field }) => event.schema.field(field) !== undefined);
    return new Struct(schema, [payload, ...columns.map(({ field }) => event.getOrDefault(field) ?? null)]);
  }

  #forPayload(event: Struct, payloadSchema: Schema, route: string): Schema {
    const key = schemaText(payloadSchema);
    const known = this.#byPayload.get(key);
    if (known !== undefined) return known;
    const schema = this.#make(event.schema, payloadSchema, route, null);
    const [oldest] = this.#byPayload.keys();
    if (this.#byPayload.size >= schemasMax && oldest !== undefined) this.#byPayload.delete(oldest);
    this.#byPayload.set(key, schema);
    return schema;
  }

  #forVersion(event: Struct, payloadSchema: Schema, route: string, version: number | null): Schema {
    let schema = this.#byVersion.get(version);
    if (schema === undefined) {
      schema = this.#make(event.schema, payloadSchema, route, version);
      if (this.#byVersion.size >= schemasMax) this.#byVersion.clear();
      this.#byVersion.set(version, schema);
    }
    const expected = schema.fields[0]?.schema;
    if (expected !== payloadSchema && expected !== undefined && schemaText(expected) !== schemaText(payloadSchema))
      throw new Error(`a payload of another schema came before under version ${version} (table.field.event.schema.version)`);
    return schema;
  }

  #make(event: Schema, payloadSchema: Schema, route: string, version: number | null): Schema {
    const fields: NamedSchema[] = [['payload', payloadSchema]];
    for (const { field, alias } of this.#columns) {
      const column = event.field(field);
      if (column !== undefined) fields.push([alias, column.schema]);
      else if (!this.#skipsMissing) throw new Error(`the outbox table has no column '${field}' (table.fields.additional.placement)`);
    }
    return structWith(fields, { name: schemaName(event, route), version });
  }
}
