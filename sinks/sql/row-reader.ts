import { type Schema, Struct, type Value } from '../../src/contract/index.ts';
import type { Fields } from './record-change.ts';
import type { TargetType } from './target-type.ts';
import { UnwritableValue } from './temporal-text.ts';
import { type ColumnValue, type ColumnWriter, columnWriter } from './value-text.ts';

/** A row's values in the order of its table's columns; undefined where the record does not say: the column keeps what it holds. */
export type ColumnValues = (ColumnValue | undefined)[];

export type ReadColumn = {
  /** The field's name in records. */
  readonly field: string;
  readonly type: TargetType;
};

/** How a row of one schema is read: where its fields are, and how each is written. */
type Layout = { readonly indices: readonly number[]; readonly writers: readonly ColumnWriter[] };

/** Reads rows into column values. Layouts are compiled once a schema. */
export class RowReader {
  readonly #columns: readonly ReadColumn[];
  readonly #unavailable: string;
  readonly #layouts = new WeakMap<Schema, Layout>();
  readonly #schemaless: readonly ColumnWriter[];

  /** `unavailable`: the source's placeholder of values that the database did not send. */
  constructor(columns: readonly ReadColumn[], unavailable: string) {
    this.#columns = columns;
    this.#unavailable = unavailable;
    this.#schemaless = columns.map(({ type }) => columnWriter(null, type));
  }

  /** Fields that the row lacks are null. Throws UnwritableValue with the column's name. */
  read(fields: Fields): ColumnValues {
    const values: ColumnValues = new Array(this.#columns.length);
    if (fields instanceof Struct) {
      const { indices, writers } = this.#layoutOf(fields.schema);
      for (let at = 0; at < values.length; at++) {
        const index = indices[at]!;
        values[at] = this.#write(index < 0 ? null : fields.values[index]!, writers[at]!, at);
      }
      return values;
    }
    for (let at = 0; at < values.length; at++)
      values[at] = this.#write(fields.get(this.#columns[at]!.field) ?? null, this.#schemaless[at]!, at);
    return values;
  }

  #write(value: Value, writer: ColumnWriter, at: number): ColumnValue | undefined {
    if (value === null) return null;
    if (isUnavailable(value, this.#unavailable)) return undefined;
    try {
      return writer(value);
    } catch (error) {
      const why = error instanceof UnwritableValue ? error.message : 'its value does not fit its schema';
      throw new UnwritableValue(`column ${this.#columns[at]!.field} cannot be written: ${why}`);
    }
  }

  #layoutOf(schema: Schema): Layout {
    let layout = this.#layouts.get(schema);
    if (layout === undefined) {
      const fields = this.#columns.map(({ field }) => schema.field(field));
      layout = {
        indices: fields.map(field => field?.index ?? -1),
        writers: fields.map((field, at) => columnWriter(field?.schema ?? null, this.#columns[at]!.type)),
      };
      this.#layouts.set(schema, layout);
    }
    return layout;
  }
}

/** Whether a value is the source's placeholder: a text, its bytes, or an array of it. */
export function isUnavailable(value: Value, unavailable: string): boolean {
  if (typeof value === 'string') return value.length === unavailable.length && value === unavailable;
  if (typeof value !== 'object') return false;
  if (value instanceof Uint8Array) return value.length === unavailable.length && Buffer.from(unavailable).equals(value);
  return Array.isArray(value) && value.length === 1 && isUnavailable(value[0] as Value, unavailable);
}
