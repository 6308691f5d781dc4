import { type Schema, type SinkRecord, SluiceError, Struct, type Value } from '../../src/contract/index.ts';
import { type RecordChange, recordChange } from '../sql/record-change.ts';
import type { ReducedRow } from '../sql/reduced-rows.ts';
import { type ColumnValues, isUnavailable } from '../sql/row-reader.ts';
import { targetType } from '../sql/target-type.ts';
import { UnwritableValue } from '../sql/temporal-text.ts';
import { type ColumnWriter, columnWriter } from '../sql/value-text.ts';
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

type ShapeOfValue = { readonly value: Schema | null; readonly topic: string; readonly shape: RowShape };

/** Reads records into actions; shapes are found once a pair of schemas. */
export class RecordRows {
  readonly #config: JdbcConfig;
  /** By topic, where the topic alone decides. */
  readonly #names = new Map<string, TableName>();
  readonly #shapes = new WeakMap<Schema, ShapeOfValue[]>();
  readonly #writers = new WeakMap<FoundTable, WeakMap<RowShape, readonly ColumnWriter[]>>();

  constructor(config: JdbcConfig) {
    this.#config = config;
  }

  /** Null where the record asks for nothing. Throws RECORD_REFUSED. */
  action(record: SinkRecord, index: number): RecordAction | null {
    const change = recordChange(record);
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
  row({ record, change, shape, kind }: RecordAction, table: FoundTable): ReducedRow {
    const writers = this.#writersOf(table, shape);
    const values: ColumnValues = new Array(shape.columns.length);
    const { row } = change;
    for (const [at, column] of shape.columns.entries()) {
      const { source } = column;
      const value: Value = source.of === 'row' && row !== null ? (row.get(source.field) ?? null) : sourceValue(record, change, source);
      if (value === null) {
        if (column.isKey) throw refused(record, `its key column ${column.name} is null`);
        values[at] = null;
        continue;
      }
      if (isUnavailable(value, this.#config.unavailable)) {
        values[at] = undefined;
        continue;
      }
      try {
        values[at] = writers[at]!(value);
      } catch (error) {
        if (error instanceof UnwritableValue) throw refused(record, `column ${column.name}: ${error.message}`);
        throw refused(record, `the value of column ${column.name} does not fit its schema`);
      }
    }
    return { values, deleted: kind === 'delete', version: record.version };
  }

  #writersOf(table: FoundTable, shape: RowShape): readonly ColumnWriter[] {
    let ofTable = this.#writers.get(table);
    if (ofTable === undefined) {
      ofTable = new WeakMap();
      this.#writers.set(table, ofTable);
    }
    let writers = ofTable.get(shape);
    if (writers === undefined) {
      writers = shape.columns.map(({ name, schema }) => columnWriter(schema, table.columns.get(name) ?? targetType('text')));
      ofTable.set(shape, writers);
    }
    return writers;
  }
}

const namesMax = 10_000;
/** Shapes of one row schema: by its topics and key schemas. */
const shapesMax = 100;

export function refused(record: SinkRecord, why: string): SluiceError {
  const { topic, partition, offset } = record.place;
  return new SluiceError('RECORD_REFUSED', `The record at ${topic}-${partition}, offset ${offset} cannot be written: ${why}.`);
}
