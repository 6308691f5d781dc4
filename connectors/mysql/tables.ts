import type { Logger } from '../../src/contract/index.ts';
import { type CapturedTable, compileTable } from '../debezium/captured-table.ts';
import { withConversionFailures } from '../debezium/conversion-failures.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import type { ColumnReader } from './column.ts';
import type { RecordMakers } from './settings.ts';
import type { TableModel } from './table-model.ts';
import { createColumnReader } from './values/column-reader.ts';

/** One version of a table: how to read its rows and what records to make of them. */
export type ReadableTable = {
  readonly model: TableModel;
  readonly captured: CapturedTable;
  /** By the model's columns; null: a column of a type without a schema, left out. */
  readonly readers: readonly (ColumnReader | null)[];
  /** Whether any record shows the column. */
  isNeeded(reader: ColumnReader): boolean;
};

/** Compiles tables, one object a version: a model is another object once it has changed. */
export class Tables {
  readonly #makers: RecordMakers;
  readonly #logger: Logger;
  readonly #compiled = new WeakMap<TableModel, ReadableTable>();

  constructor(makers: RecordMakers, logger: Logger) {
    this.#makers = makers;
    this.#logger = logger;
  }

  compile(model: TableModel): ReadableTable {
    const known = this.#compiled.get(model);
    if (known !== undefined) return known;
    const { valueOptions, recordOptions } = this.#makers;
    const { id, columns, primaryKeyColumnNames } = model;
    const name = qualifiedName(id);
    const readers = columns.map(column => {
      const reader = createColumnReader(column, valueOptions);
      if (reader === null) {
        const about = { table: name, column: column.name, type: column.typeName };
        this.#logger.info(about, 'A column of a type that Debezium has no schema for is left out');
        return null;
      }
      return withConversionFailures(reader, name, valueOptions.conversionFailureMode, this.#logger);
    });
    const shown = readers.filter(reader => reader !== null);
    const captured = compileTable({ id, columns: shown, primaryKey: primaryKeyColumnNames }, recordOptions);
    for (const warning of captured.warnings) this.#logger.warn({ table: name }, warning);
    const needed = new Set(shown.filter((_, index) => captured.neededColumns[index]));
    const table: ReadableTable = { model, captured, readers, isNeeded: reader => needed.has(reader) };
    this.#compiled.set(model, table);
    return table;
  }
}
