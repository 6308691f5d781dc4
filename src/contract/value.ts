import type { Schema } from './schema.ts';

/**
 * A value of a record. Which JavaScript type stands for which schema type is fixed, so that no dialects grow:
 * int8, int16, int32, float32, float64: number; int64: always bigint; boolean; string; bytes: Uint8Array;
 * array: array; map, and an object without schema: Map (keys strings where there is no schema); struct: Struct.
 * Logical types keep the type below them: Decimal is its unscaled two's complement as Uint8Array (big-endian),
 * Connect's Date and Time are numbers (days, milliseconds of the day), its Timestamp is a bigint (milliseconds since 1970).
 * A value without schema (schemaSchema null) has number for both integers and floats, bigint for integers beyond 2^53.
 */
export type Value = null | boolean | number | bigint | string | Uint8Array | readonly Value[] | ReadonlyMap<Value, Value> | Struct;

/**
 * A struct's values in the order of its schema's fields; every field has one (null where unset). Treat it as immutable:
 * `before`, `after` and whole records may be shared, so a transform makes a new struct.
 */
export class Struct {
  readonly schema: Schema;
  protected readonly given: readonly Value[];

  constructor(schema: Schema, values: readonly Value[]) {
    this.schema = schema;
    this.given = values;
  }

  /** By the schema's fields. `UnreadStruct` makes them when they are asked for. */
  get values(): readonly Value[] {
    return this.given;
  }

  /** The value of one field, by its index, as it stands. `UnreadStruct` makes it for the caller alone. */
  value(field: number): Value {
    return this.given[field]!;
  }

  /** The value as it stands, without the default; undefined where the schema has no such field. */
  get(name: string): Value | undefined {
    const index = this.schema.indexOf(name);
    return index < 0 ? undefined : this.values[index];
  }

  /** As Connect's `Struct.get`: the field's default in place of null; undefined where the schema has no such field. */
  getOrDefault(name: string): Value | undefined {
    const field = this.schema.field(name);
    return field && (this.values[field.index] ?? field.schema.default ?? null);
  }
}
