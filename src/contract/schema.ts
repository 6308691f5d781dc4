import type { Value } from './value.ts';

/** The types of a Kafka Connect schema (org.apache.kafka.connect.data.Schema.Type), as the JSON converter writes them. */
export type SchemaType =
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float32'
  | 'float64'
  | 'boolean'
  | 'string'
  | 'bytes'
  | 'array'
  | 'map'
  | 'struct';

/** One field of a struct schema; `index` is its place in `Schema.fields` and in `Struct.values`. */
export type Field = { readonly name: string; readonly index: number; readonly schema: Schema };

/** What `schemaOf` takes: everything but the type may be left out. */
export type SchemaOptions = {
  optional?: boolean;
  /** `undefined`: no default. A default of null is no default either, as in Connect. */
  default?: Value | undefined;
  name?: string | null;
  version?: number | null;
  doc?: string | null;
  parameters?: Readonly<Record<string, string>> | null;
};

/**
 * A Kafka Connect schema. Immutable, and one object a table version: transforms and converters cache what they compile
 * by its identity, so never build a schema per record.
 */
export class Schema {
  readonly type: SchemaType;
  readonly optional: boolean;
  readonly default: Value | undefined;
  /** The logical name, such as `io.debezium.time.Date`; null when there is none. */
  readonly name: string | null;
  readonly version: number | null;
  readonly doc: string | null;
  readonly parameters: Readonly<Record<string, string>> | null;
  /** Of a struct; empty for every other type. */
  readonly fields: readonly Field[];
  /** Of a map. */
  readonly keySchema: Schema | null;
  /** Of a map and of an array (its items). */
  readonly valueSchema: Schema | null;
  readonly #indexByName: ReadonlyMap<string, number>;

  constructor(
    type: SchemaType,
    options: SchemaOptions & { fields?: readonly Field[]; keySchema?: Schema | null; valueSchema?: Schema | null } = {},
  ) {
    this.type = type;
    this.optional = options.optional ?? false;
    this.default = options.default ?? undefined;
    this.name = options.name ?? null;
    this.version = options.version ?? null;
    this.doc = options.doc ?? null;
    this.parameters = options.parameters ?? null;
    this.fields = options.fields ?? [];
    this.keySchema = options.keySchema ?? null;
    this.valueSchema = options.valueSchema ?? null;
    this.#indexByName = new Map(this.fields.map(field => [field.name, field.index]));
  }

  /** The field of that name, or undefined. */
  field(name: string): Field | undefined {
    const index = this.#indexByName.get(name);
    return index === undefined ? undefined : this.fields[index];
  }

  /** The place of that field in `Struct.values`, -1 where there is none. */
  indexOf(name: string): number {
    return this.#indexByName.get(name) ?? -1;
  }

  /** The same schema with some attributes replaced. */
  with(changes: SchemaOptions & { fields?: readonly Field[] }): Schema {
    return new Schema(this.type, {
      optional: this.optional,
      default: this.default,
      name: this.name,
      version: this.version,
      doc: this.doc,
      parameters: this.parameters,
      fields: this.fields,
      keySchema: this.keySchema,
      valueSchema: this.valueSchema,
      ...changes,
    });
  }
}

/** A schema of a type without parts. */
export function schemaOf(type: Exclude<SchemaType, 'array' | 'map' | 'struct'>, options?: SchemaOptions): Schema {
  return new Schema(type, options);
}

/** An array schema with items of one schema. */
export function arraySchema(items: Schema, options: SchemaOptions = {}): Schema {
  return new Schema('array', { ...options, valueSchema: items });
}

/** A map schema. */
export function mapSchema(keys: Schema, values: Schema, options: SchemaOptions = {}): Schema {
  return new Schema('map', { ...options, keySchema: keys, valueSchema: values });
}

/** A struct schema with its fields in the order given. */
export function structSchema(fields: readonly (readonly [name: string, schema: Schema])[], options: SchemaOptions = {}): Schema {
  return new Schema('struct', { ...options, fields: fields.map(([name, schema], index) => ({ name, index, schema })) });
}

/** Schemas without attributes, shared. */
export const int8 = schemaOf('int8');
export const int16 = schemaOf('int16');
export const int32 = schemaOf('int32');
export const int64 = schemaOf('int64');
export const float32 = schemaOf('float32');
export const float64 = schemaOf('float64');
export const boolean = schemaOf('boolean');
export const string = schemaOf('string');
export const bytes = schemaOf('bytes');
export const optionalInt8 = schemaOf('int8', { optional: true });
export const optionalInt16 = schemaOf('int16', { optional: true });
export const optionalInt32 = schemaOf('int32', { optional: true });
export const optionalInt64 = schemaOf('int64', { optional: true });
export const optionalFloat32 = schemaOf('float32', { optional: true });
export const optionalFloat64 = schemaOf('float64', { optional: true });
export const optionalBoolean = schemaOf('boolean', { optional: true });
export const optionalString = schemaOf('string', { optional: true });
export const optionalBytes = schemaOf('bytes', { optional: true });

/** Logical names of Kafka Connect's own types (org.apache.kafka.connect.data). */
export const connectDecimal = 'org.apache.kafka.connect.data.Decimal';
export const connectDate = 'org.apache.kafka.connect.data.Date';
export const connectTime = 'org.apache.kafka.connect.data.Time';
export const connectTimestamp = 'org.apache.kafka.connect.data.Timestamp';
