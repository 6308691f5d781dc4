import type { TableId } from '../../debezium/table.ts';
import { type ColumnModel, jdbcTypes, type TableModel } from '../table-model.ts';
import type { ColumnDefinition, KeyDefinition, Place } from './statement.ts';

const withCharset = new Set<number>([jdbcTypes.CHAR, jdbcTypes.VARCHAR, jdbcTypes.NCHAR, jdbcTypes.NVARCHAR]);

/** Column names are compared without regard to case, as MySQL does. */
function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Changes a table, step by step, as one statement does it. Follows Debezium's TableEditor and its listeners. */
export class TableEditor {
  id: TableId;
  defaultCharsetName: string | null;
  comment: string | null;
  #columns: ColumnModel[];
  #keyNames: readonly string[];
  readonly #includeComments: boolean;

  constructor(id: TableId, from: TableModel | null, includeComments: boolean) {
    this.id = id;
    this.defaultCharsetName = from?.defaultCharsetName ?? null;
    this.comment = from?.comment ?? null;
    this.#columns = [...(from?.columns ?? [])];
    this.#keyNames = from?.primaryKeyColumnNames ?? [];
    this.#includeComments = includeComments;
  }

  /** The table as it is now. Columns without a character set of their own get the table's. */
  table(): TableModel {
    const { id, defaultCharsetName, comment } = this;
    const columns = this.#columns.map((column, index) => {
      const charsetName = withCharset.has(column.jdbcType) && isDefault(column.charsetName) ? defaultCharsetName : column.charsetName;
      const position = index + 1;
      return column.position === position && column.charsetName === charsetName ? column : { ...column, position, charsetName };
    });
    const keyNames = this.#keyNames.map(name => columns.find(column => sameName(column.name, name))?.name ?? null);
    const primaryKeyColumnNames = keyNames.filter(name => name !== null);
    return { id, defaultCharsetName, primaryKeyColumnNames, columns, comment };
  }

  get empty(): boolean {
    return this.#columns.length === 0;
  }

  /** In lower case. */
  names(): readonly string[] {
    return this.#columns.map(({ name }) => name.toLowerCase());
  }

  has(name: string): boolean {
    return this.#columns.some(column => sameName(column.name, name));
  }

  /** A column of CREATE TABLE: a unique one is the key where there is none, even if it may be NULL. */
  createColumn(definition: ColumnDefinition): void {
    this.#put(this.#model(definition, null));
    if (definition.primaryKey || (definition.unique && this.#keyNames.length === 0)) this.#keyNames = [definition.name];
  }

  addColumn(definition: ColumnDefinition, place: Place): void {
    this.#put(this.#model(definition, null));
    if (definition.primaryKey) this.#keyNames = [definition.name];
    this.#move(definition.name, place);
  }

  /**
   * Changes columns where they are, all at once: by the names they have before, in lower case, to what a change makes of each; null: gone.
   * The key follows.
   */
  changeColumns(changes: ReadonlyMap<string, (column: ColumnModel) => ColumnModel | null>): void {
    const names = new Map<string, string | null>();
    this.#columns = this.#columns.flatMap(column => {
      const change = changes.get(column.name.toLowerCase());
      const changed = change === undefined ? column : change(column);
      names.set(column.name.toLowerCase(), changed?.name ?? null);
      return changed ?? [];
    });
    this.#keyNames = this.#keyNames.flatMap(name => names.get(name.toLowerCase()) ?? []);
  }

  /** What CHANGE (`old`: what Debezium keeps of it where the new definition does not say) or MODIFY makes of a column. */
  redefined(definition: ColumnDefinition, old: ColumnModel | null): ColumnModel {
    return this.#model(definition, old);
  }

  /** Where a column that is there goes, and whether it is the key from now on. */
  place(definition: ColumnDefinition, place: Place): void {
    if (definition.primaryKey) this.#keyNames = [definition.name];
    this.#move(definition.name, place);
  }

  dropKey(): void {
    this.#keyNames = [];
  }

  /** A primary key makes its columns NOT NULL; a unique one is a key where there is none and no part may be NULL or is an expression. */
  addKey({ kind, columns }: KeyDefinition): void {
    const names = columns.filter(name => name !== null);
    if (kind === 'primary') {
      for (const name of names) this.#replace(name, required);
      this.#keyNames = names;
      return;
    }
    if (this.#keyNames.length > 0 || names.length < columns.length) return;
    const found = names.map(name => this.#columns.find(column => sameName(column.name, name)));
    if (found.every(column => column !== undefined && !column.optional)) this.#keyNames = names;
  }

  /** CONVERT TO: every column that has a character set gets this one. */
  convertTo(charsetName: string): void {
    this.defaultCharsetName = charsetName;
    this.#columns = this.#columns.map(column => (column.charsetName === null ? column : { ...column, charsetName }));
  }

  #index(name: string): number {
    return this.#columns.findIndex(column => sameName(column.name, name));
  }

  #replace(name: string, change: (column: ColumnModel) => ColumnModel): void {
    this.#columns = this.#columns.map(column => (sameName(column.name, name) ? change(column) : column));
  }

  #put(column: ColumnModel): void {
    const index = this.#index(column.name);
    if (index < 0) this.#columns.push(column);
    else this.#columns[index] = column;
  }

  #move(name: string, place: Place): void {
    if (place === null) return;
    const [column] = this.#columns.splice(this.#index(name), 1);
    const behind = place === 'first' ? -1 : this.#index(place.after);
    // Behind a column that is not there: the model misses it, so the place is not known.
    if (place !== 'first' && behind < 0) this.#columns.push(column!);
    else this.#columns.splice(behind + 1, 0, column!);
  }

  #model(definition: ColumnDefinition, kept: ColumnModel | null): ColumnModel {
    const { name, type, nullable, autoIncremented } = definition;
    const counted = autoIncremented || (kept?.autoIncremented ?? false);
    const optional = nullable ?? true;
    const comment = this.#includeComments ? definition.comment : null;
    return {
      name,
      jdbcType: type.jdbcType,
      nativeType: null,
      typeName: type.typeName,
      typeExpression: type.typeName,
      charsetName: type.charsetName,
      length: type.length,
      scale: type.scale,
      // Set by `table()`.
      position: 0,
      optional,
      autoIncremented: counted,
      generated: counted,
      comment: comment ?? kept?.comment ?? null,
      hasDefaultValue: optional || definition.default !== null,
      defaultValueExpression: definition.default?.expression ?? null,
      enumValues: type.enumValues ?? kept?.enumValues ?? null,
    };
  }
}

function isDefault(charsetName: string | null): boolean {
  return charsetName === null || charsetName.toUpperCase() === 'DEFAULT';
}

function required(column: ColumnModel): ColumnModel {
  const hasDefaultValue = column.hasDefaultValue && (!column.optional || column.defaultValueExpression !== null);
  return { ...column, optional: false, hasDefaultValue };
}
