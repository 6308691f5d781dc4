import { type Schema, type SinkRecord, SluiceError, Struct, type Value } from '../../src/contract/index.ts';
import { type RecordChange, RecordChanges } from '../sql/record-change.ts';
import type { ReducedRow } from '../sql/reduced-rows.ts';
import { type ColumnValues, isUnavailable } from '../sql/row-reader.ts';
import { targetType } from '../sql/target-type.ts';
import { UnwritableValue } from '../sql/temporal-text.ts';
import { type ColumnValue, type ColumnWriter, columnWriter } from '../sql/value-text.ts';
import type { JdbcConfig } from './options.ts';
import { type RowShape, ShapelessRecord, shapeOf, sourceValue } from './row-shape.ts';
import type { TableName } from './table-name.ts';
import { tableName } from './table-name.ts';
import type { FoundTable } from './tables.ts';

/** What one record asks for: a row written or deleted, or its table emptied. Its values are read when the table is known. */
export type RecordAction = {
  readonly index: number;
  readonly record: SinkRecord;
  readonly change: RecordChange;
  readonly kind: 'write' | 'delete' | 'truncate';
  readonly table: TableName;
  readonly shape: RowShape;
};

/** How a shape's rows are read for a table: where its columns are in structs of these schemas (-1: elsewhere), and how they are written. */
type Layout = {
  readonly row: Schema | null;
  readonly key: Schema | null;
  readonly columns: readonly { readonly inRow: number; readonly inKey: number; readonly write: ColumnWriter }[];
};

type ShapeOfValue = { readonly value: Schema | null; readonly topic: string; readonly shape: RowShape };

/** Reads records into actions; shapes are found once a pair of schemas. */
export class RecordRows {
  readonly #config: JdbcConfig;
  readonly #changes = new RecordChanges();
  /** By topic, where the topic alone decides. */
  readonly #names = new Map<string, TableName>();
  readonly #shapes = new WeakMap<Schema, ShapeOfValue[]>();
  readonly #layouts = new WeakMap<FoundTable, WeakMap<RowShape, Layout>>();

  constructor(config: JdbcConfig) {
    this.#config = config;
  }

  /** Null where the record asks for nothing. Throws RECORD_REFUSED. */
  action(record: SinkRecord, index: number): RecordAction | null {
    const change = this.#changes.read(record);
    const { deleteEnabled, truncateEnabled } = this.#config;
    const kind = change.kind === 'upsert' ? 'write' : change.kind;
    if (kind === 'none' || (kind === 'delete' && !deleteEnabled) || (kind === 'truncate' && !truncateEnabled)) return null;
    try {
      const table = this.#nameOf(record);
      return { index, record, change, kind, table, shape: kind === 'truncate' ? { columns: [], keys: 0 } : this.#shape(record, change) };
    } catch (error) {
      if (!(error instanceof ShapelessRecord)) throw error;
      throw refused(record, error.message);
    }
  }

  #nameOf(record: SinkRecord): TableName {
    const { collectionNameFormat: format } = this.#config;
    const known = this.#names.get(record.topic);
    if (known !== undefined) return known;
    const name = tableName(record, this.#config);
    if (!format.includes('source.') && this.#names.size < namesMax) this.#names.set(record.topic, name);
    return name;
  }

  #shape(record: SinkRecord, change: RecordChange): RowShape {
    const row = change.row instanceof Struct ? change.row.schema : null;
    const anchor = row ?? (change.key instanceof Struct ? change.key.schema : null);
    // Headers are no part of a schema, and records without one have none to be known by.
    if (anchor === null || this.#config.keyMode === 'record_header' || (row === null && change.row !== null))
      return shapeOf(record, change, this.#config);
    const known = this.#shapes.get(anchor) ?? [];
    let found = known.find(({ value, topic }) => value === record.keySchema && topic === record.topic);
    if (found === undefined) {
      found = { value: record.keySchema, topic: record.topic, shape: shapeOf(record, change, this.#config) };
      if (known.length >= shapesMax) known.shift();
      this.#shapes.set(anchor, [...known, found]);
    }
    return found.shape;
  }

  /** The row of an action as the table's columns take it. Throws RECORD_REFUSED. */
  row(action: RecordAction, table: FoundTable): ReducedRow {
    const { record, change, shape, kind } = action;
    const layout = this.#layoutOf(table, action);
    const inRow = change.row instanceof Struct && change.row.schema === layout.row ? change.row.values : null;
    const inKey = change.key instanceof Struct && change.key.schema === layout.key ? change.key.values : null;
    const count = shape.columns.length;
    const values: ColumnValues = new Array(count);
    for (let at = 0; at < count; at++) {
      const column = layout.columns[at]!;
      const value =
        inRow !== null && column.inRow >= 0
          ? inRow[column.inRow]!
          : inKey !== null && column.inKey >= 0
            ? inKey[column.inKey]!
            : sourceValue(record, change, shape.columns[at]!.source);
      values[at] = value === null ? null : this.#written(action, at, value, column.write);
      if (value === null && shape.columns[at]!.isKey) throw refused(record, `its key column ${shape.columns[at]!.name} is null`);
    }
    return { values, deleted: kind === 'delete', version: record.version };
  }

  /** Undefined where the database did not send the value. */
  #written({ record, shape }: RecordAction, at: number, value: Exclude<Value, null>, write: ColumnWriter): ColumnValue | undefined {
    if (isUnavailable(value, this.#config.unavailable)) return undefined;
    try {
      return write(value);
    } catch (error) {
      const { name } = shape.columns[at]!;
      if (error instanceof UnwritableValue) throw refused(record, `column ${name}: ${error.message}`);
      throw refused(record, `the value of column ${name} does not fit its schema`);
    }
  }

  #layoutOf(table: FoundTable, { shape, change }: RecordAction): Layout {
    let ofTable = this.#layouts.get(table);
    if (ofTable === undefined) {
      ofTable = new WeakMap();
      this.#layouts.set(table, ofTable);
    }
    let layout = ofTable.get(shape);
    if (layout === undefined) {
      const row = change.row instanceof Struct ? change.row.schema : null;
      const key = change.key instanceof Struct ? change.key.schema : null;
      const columns = shape.columns.map(({ name, schema, source }) => ({
        inRow: source.of === 'row' ? (row?.indexOf(source.field) ?? -1) : -1,
        inKey: source.of === 'key' ? (key?.indexOf(source.field) ?? -1) : -1,
        write: columnWriter(schema, table.columns.get(name) ?? targetType('text')),
      }));
      layout = { row, key, columns };
      ofTable.set(shape, layout);
    }
    return layout;
  }
}

const namesMax = 10_000;
/** Shapes of one row schema: by its topics and key schemas. */
const shapesMax = 100;

export function refused(record: SinkRecord, why: string): SluiceError {
  const { topic, partition, offset } = record.place;
  return new SluiceError('RECORD_REFUSED', `The record at ${topic}-${partition}, offset ${offset} cannot be written: ${why}.`);
}
