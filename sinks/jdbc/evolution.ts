import { SluiceError } from '../../src/contract/index.ts';
import { columnTypeOf } from '../sql/column-types.ts';
import { targetType } from '../sql/target-type.ts';
import type { JdbcConfig } from './options.ts';
import type { RecordAction } from './record-rows.ts';
import { schemaOfValue, sourceValue } from './row-shape.ts';
import type { TableName } from './table-name.ts';
import type { FoundTable, TableColumn, Tables } from './tables.ts';

/** The tables written so far, and how they come to fit the records: made and widened with schema.evolution=basic, refused otherwise. */
export class KnownTables {
  readonly #tables: Tables;
  readonly #config: JdbcConfig;
  #known = new Map<string, FoundTable>();

  constructor(tables: Tables, config: JdbcConfig) {
    this.#tables = tables;
    this.#config = config;
  }

  /** What was looked up in a transaction that failed may not be so. */
  forget(): void {
    this.#known = new Map();
  }

  /** The table of a record, with a column for each of its fields; null where it is to be emptied or deleted from and is not there. Part of a transaction. */
  async fitting(action: RecordAction): Promise<FoundTable | null> {
    const id = JSON.stringify(action.table);
    const table = this.#known.get(id) ?? (await this.#tables.find(action.table));
    if (table === null) {
      if (action.kind !== 'write') return null;
      await this.#create(action);
    } else {
      const missing = this.#missing(action, table);
      if (missing.length === 0) {
        this.#known.set(id, table);
        return table;
      }
      await this.#widen(action.table, missing);
    }
    const found = await this.#tables.find(action.table);
    if (found === null) throw new SluiceError('TARGET_REFUSED', `Table ${shown(action.table)} is not there although it was made.`);
    this.#known.set(id, found);
    return found;
  }

  #missing({ shape, record, change }: RecordAction, table: FoundTable): TableColumn[] {
    return shape.columns.flatMap(({ name, schema, source }) => {
      if (table.columns.has(name)) return [];
      if (table.generated.has(name))
        throw new SluiceError('TARGET_REFUSED', `Column ${name} of table ${shown(table.name)} is computed: exclude the field.`);
      const found = schema ?? schemaOfValue(sourceValue(record, change, source));
      return [{ name, type: targetType(found === null ? 'text' : columnTypeOf(found, this.#tables.dialect)) }];
    });
  }

  async #create({ table, shape, record, change }: RecordAction): Promise<void> {
    if (this.#config.schemaEvolution === 'none')
      throw new SluiceError('TARGET_REFUSED', `There is no table ${shown(table)}.`, {
        remedy: 'Make the table, or set schema.evolution=basic; then restart the task.',
      });
    const columns = shape.columns.map(({ name, schema, source, isKey }) => {
      const found = schema ?? schemaOfValue(sourceValue(record, change, source));
      return { name, isKey, type: targetType(found === null ? 'text' : columnTypeOf(found, this.#tables.dialect)) };
    });
    await this.#tables.create(table, columns);
  }

  async #widen(table: TableName, columns: readonly TableColumn[]): Promise<void> {
    if (this.#config.schemaEvolution === 'none') {
      const names = columns.map(({ name }) => name).join(', ');
      throw new SluiceError('TARGET_REFUSED', `Table ${shown(table)} has no column ${names}.`, {
        remedy: 'Add the column, leave the field out by field.exclude.list, or set schema.evolution=basic; then restart the task.',
      });
    }
    await this.#tables.addColumns(table, columns);
  }
}

export function shown({ schema, table }: TableName): string {
  return schema === null ? table : `${schema}.${table}`;
}
