import { type SinkRecord, SluiceError } from '../../src/contract/index.ts';
import { type Fields, fieldOf, RecordChanges } from '../sql/record-change.ts';
import type { ReducedRow } from '../sql/reduced-rows.ts';
import { RowReader } from '../sql/row-reader.ts';
import { UnwritableValue } from '../sql/temporal-text.ts';
import type { TableDefinition } from './definition.ts';

/** What one record does to a table. */
export type RowChange = { readonly row: ReducedRow } | { readonly truncate: SinkRecord };

/** Reads the records of one table's topic. */
export class ChangedRows {
  readonly table: TableDefinition;
  readonly #changes = new RecordChanges();
  readonly #rows: RowReader;
  readonly #keys: RowReader;
  /** Where the key's columns are among all. */
  readonly keyAt: readonly number[];

  constructor(table: TableDefinition, unavailable: string) {
    this.table = table;
    const columns = table.columns.map(({ name, type }) => ({ field: name, type }));
    this.keyAt = table.key.map(name => table.columns.findIndex(column => column.name === name));
    this.#rows = new RowReader(columns, unavailable);
    this.#keys = new RowReader(
      this.keyAt.map(at => columns[at]!),
      unavailable,
    );
  }

  /** Null where the record is of no row. Throws RECORD_REFUSED. */
  read(record: SinkRecord): RowChange | null {
    const change = this.#changes.read(record);
    try {
      switch (change.kind) {
        case 'none':
          return null;
        case 'truncate':
          return { truncate: record };
        case 'upsert':
          return { row: this.#upserted(change.row!, change.key, record.version) };
        case 'delete':
          return { row: this.#deleted(change.key ?? change.before, record.version) };
      }
    } catch (error) {
      if (!(error instanceof UnwritableValue)) throw error;
      const { topic, partition, offset } = record.place;
      throw new SluiceError(
        'RECORD_REFUSED',
        `The record at ${topic}-${partition}, offset ${offset} does not fit table ${this.table.name}: ${error.message}.`,
      );
    }
  }

  #upserted(fields: Fields, key: Fields | null, version: bigint): ReducedRow {
    const values = this.#rows.read(fields);
    // The record's key says which row it is: a transform may have left its columns out of the value.
    for (const [at, name] of this.table.key.entries()) {
      const index = this.keyAt[at]!;
      if (values[index] !== null && values[index] !== undefined) continue;
      if (key === null || fieldOf(key, name) === undefined) throw new UnwritableValue(`it has no value for the key column ${name}`);
      values[index] = this.#keys.read(key)[at];
    }
    return this.#checked({ values, deleted: false, version });
  }

  #deleted(key: Fields | null, version: bigint): ReducedRow {
    if (key === null) throw new UnwritableValue('its key is not made of fields');
    const values = new Array<null>(this.table.columns.length).fill(null) as ReducedRow['values'];
    for (const [at, value] of this.#keys.read(key).entries()) values[this.keyAt[at]!] = value;
    return this.#checked({ values, deleted: true, version });
  }

  #checked(row: ReducedRow): ReducedRow {
    for (const [at, name] of this.table.key.entries()) {
      const value = row.values[this.keyAt[at]!];
      if (value === null || value === undefined) throw new UnwritableValue(`it has no value for the key column ${name}`);
    }
    return row;
  }
}
