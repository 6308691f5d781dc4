import { type Schema, type SinkRecord, SluiceError, Struct } from '../../src/contract/index.ts';
import { binaryColumn, type ColumnForm, keyColumn, textColumn } from '../sql/column-form.ts';
import { type RecordChange, RecordChanges } from '../sql/record-change.ts';
import type { ReducedRow } from '../sql/reduced-rows.ts';
import { type ColumnValues, isUnavailable } from '../sql/row-reader.ts';
import { targetType } from '../sql/target-type.ts';
import { UnwritableValue } from '../sql/temporal-text.ts';
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

/** A column of a layout: where it is in structs of the layout's schemas (-1: elsewhere), how it is written, and how that crosses. */
type LayoutColumn = ColumnForm & { readonly inRow: number; readonly inKey: number; readonly mayBeUnavailable: boolean };

/** How a shape's rows are read for a table. */
export type Layout = {
  readonly shape: RowShape;
  readonly table: FoundTable;
  readonly row: Schema | null;
  readonly key: Schema | null;
  readonly columns: readonly LayoutColumn[];
};

type ShapeOfValue = { readonly value: Schema | null; readonly topic: string; readonly shape: RowShape };

/** Reads records into actions; shapes are found once a pair of schemas. */
export class RecordRows {
  readonly #config: JdbcConfig;
  readonly #crossing: 'text' | 'binary';
  readonly #changes = new RecordChanges();
  /** By topic, where the topic alone decides. */
  readonly #names = new Map<string, TableName>();
  readonly #shapes = new WeakMap<Schema, ShapeOfValue[]>();
  readonly #shapesByNames = new Map<string, RowShape>();
  readonly #layouts = new WeakMap<FoundTable, WeakMap<RowShape, Layout>>();

  /** `crossing`: the values of rows are texts as SQL has them, or what Postgres takes in binary form where it can. */
  constructor(config: JdbcConfig, crossing: 'text' | 'binary') {
    this.#config = config;
    this.#crossing = crossing;
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
    // Headers are no part of a schema.
    if (this.#config.keyMode === 'record_header') return shapeOf(record, change, this.#config);
    if (record.keySchema === null && record.valueSchema === null) return this.#shapeByNames(record, change);
    if (anchor === null || (row === null && change.row !== null)) return shapeOf(record, change, this.#config);
    const known = this.#shapes.get(anchor) ?? [];
    let found = known.find(({ value, topic }) => value === record.keySchema && topic === record.topic);
    if (found === undefined) {
      found = { value: record.keySchema, topic: record.topic, shape: shapeOf(record, change, this.#config) };
      if (known.length >= shapesMax) known.shift();
      this.#shapes.set(anchor, [...known, found]);
    }
    return found.shape;
  }

  /** Without schemas the names of the fields are all there is. */
  #shapeByNames(record: SinkRecord, change: RecordChange): RowShape {
    const { key, row } = change;
    if (key instanceof Struct || row instanceof Struct) return shapeOf(record, change, this.#config);
    const ofKey = key === null ? String(record.key === null) : namesOf(key);
    const id = `${record.topic}\u0000${ofKey}\u0001${row === null ? '' : namesOf(row)}`;
    let shape = this.#shapesByNames.get(id);
    if (shape === undefined) {
      shape = shapeOf(record, change, this.#config);
      if (this.#shapesByNames.size >= namesMax) this.#shapesByNames.clear();
      this.#shapesByNames.set(id, shape);
    }
    return shape;
  }

  /** The row of an action as the columns of its layout take it. Throws RECORD_REFUSED. */
  row(action: RecordAction, layout: Layout): ReducedRow {
    const { record, change, shape, kind } = action;
    const { columns } = layout;
    const row = change.row instanceof Struct && change.row.schema === layout.row ? change.row : null;
    const key = change.key instanceof Struct && change.key.schema === layout.key ? change.key : null;
    const values: ColumnValues = new Array(columns.length);
    let at = 0;
    try {
      for (; at < columns.length; at++) {
        const column = columns[at]!;
        const value =
          row !== null && column.inRow >= 0
            ? row.value(column.inRow)
            : key !== null && column.inKey >= 0
              ? key.value(column.inKey)
              : sourceValue(record, change, shape.columns[at]!.source);
        if (value === null) {
          if (at < shape.keys) throw refused(record, `its key column ${shape.columns[at]!.name} is null`);
          values[at] = null;
        } else if (column.mayBeUnavailable && isUnavailable(value, this.#config.unavailable)) values[at] = undefined;
        else values[at] = column.write(value);
      }
    } catch (error) {
      if (error instanceof SluiceError) throw error;
      const { name } = shape.columns[at]!;
      if (error instanceof UnwritableValue) throw refused(record, `column ${name}: ${error.message}`);
      throw refused(record, `the value of column ${name} does not fit its schema`);
    }
    return { values, deleted: kind === 'delete', version: record.version };
  }

  /** How rows like that of an action are read. The same object for the same table and shape. */
  layout({ shape, change }: RecordAction, table: FoundTable): Layout {
    let ofTable = this.#layouts.get(table);
    if (ofTable === undefined) {
      ofTable = new WeakMap();
      this.#layouts.set(table, ofTable);
    }
    let layout = ofTable.get(shape);
    if (layout === undefined) {
      const row = change.row instanceof Struct ? change.row.schema : null;
      const key = change.key instanceof Struct ? change.key.schema : null;
      const columns = shape.columns.map(({ name, schema, source, isKey }): LayoutColumn => {
        const type = table.columns.get(name) ?? targetType('text');
        const form = this.#crossing === 'text' ? textColumn : isKey ? keyColumn : binaryColumn;
        return {
          ...form(schema, type),
          inRow: source.of === 'row' ? (row?.indexOf(source.field) ?? -1) : -1,
          inKey: source.of === 'key' ? (key?.indexOf(source.field) ?? -1) : -1,
          mayBeUnavailable: schema === null || !neverUnavailable.test(schema.type),
        };
      });
      layout = { shape, table, row, key, columns };
      ofTable.set(shape, layout);
    }
    return layout;
  }
}

/** Types whose values cannot be a source's placeholder: a text, its bytes, or an array of it. */
const neverUnavailable = /^(int|float|boolean)/;
function namesOf(fields: ReadonlyMap<string, unknown>): string {
  return [...fields.keys()].join('\u0000');
}

const namesMax = 10_000;
/** Shapes of one row schema: by its topics and key schemas. */
const shapesMax = 100;

export function refused(record: SinkRecord, why: string): SluiceError {
  const { topic, partition, offset } = record.place;
  return new SluiceError('RECORD_REFUSED', `The record at ${topic}-${partition}, offset ${offset} cannot be written: ${why}.`);
}
