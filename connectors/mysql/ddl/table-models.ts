/**
 * What the connector knows of the server's tables, as the statements read so far left them.
 *
 *     const models = new TableModels({ server: 'mysql', includeComments, lowerCaseNames });
 *     models.setSqlMode(...)                            the server's @@global.sql_mode, before the first statement
 *     models.apply(ddl, defaultDatabase, sqlMode)       a statement of the snapshot or the binlog, in the server's order
 *     models.table(id)                                  the table at this point; the same object until it changes
 *     models.reconcile(id, tableMap, reading)           the same, corrected by what the binlog says of the table's rows
 *
 * `apply` never throws: a statement that cannot be read leaves its table in doubt, and `reconcile` settles that.
 */
import type { TableId } from '../../debezium/table.ts';
import { reconcileTable, type TableShape, type TextReading } from '../reconcile.ts';
import type { TableChange } from '../table-change.ts';
import type { TableModel } from '../table-model.ts';
import { applyAlterActions } from './alter-actions.ts';
import type { DdlChange, DdlOutcome, UnreadableStatement } from './changes.ts';
import type { WrittenName } from './cursor.ts';
import { type DdlDialect, ddlDialect, dialectOfMode } from './dialect.ts';
import { InheritedCharsets } from './inherited-charsets.ts';
import { parseDdl } from './parser.ts';
import type { DdlAction, DdlStatement } from './statement.ts';
import { TableEditor } from './table-editor.ts';

export type TableModelsSettings = {
  readonly server: DdlDialect['server'];
  /** `include.schema.comments`. */
  readonly includeComments: boolean;
  /** The server's `lower_case_table_names` is 1 or 2: names of tables are the same in any case. */
  readonly lowerCaseNames: boolean;
};

/** See the head of this file. */
export class TableModels {
  readonly #settings: TableModelsSettings;
  readonly #tables = new Map<string, TableModel>();
  readonly #charsets = new InheritedCharsets();
  /** Tables that a statement which cannot be read was about, with the reason. */
  readonly #doubtful = new Map<string, string>();
  #dialect: DdlDialect;

  constructor(settings: TableModelsSettings) {
    this.#settings = settings;
    this.#dialect = ddlDialect(settings.server, null);
  }

  /** The server's sql_mode: whether double quotes hold names. */
  setSqlMode(sqlMode: string): void {
    this.#dialect = ddlDialect(this.#settings.server, sqlMode);
  }

  /** The table as it is at this point; null: not known. */
  table(id: TableId): TableModel | null {
    return this.#tables.get(this.#key(id)) ?? null;
  }

  /** All tables, in the order in which they became known. */
  tables(): readonly TableModel[] {
    return [...this.#tables.values()];
  }

  /**
   * The table as it is at this point, corrected by what the binlog itself says of its rows, which is right whatever the statements said. The
   * corrected table is kept. Throws SluiceError SCHEMA_UNKNOWN where that does not suffice.
   */
  reconcile(id: TableId, shape: TableShape, reading: TextReading): TableModel {
    const key = this.#key(id);
    const known = this.#tables.get(key) ?? null;
    const table = reconcileTable(id, known, shape, reading, this.#doubtful.get(key) ?? null);
    if (table !== known) this.#tables.set(key, table);
    this.#doubtful.delete(key);
    return table;
  }

  get size(): number {
    return this.#tables.size;
  }

  /** Forgets all tables and what they inherit; not the sql_mode, which is the server's. */
  clear(): void {
    this.#tables.clear();
    this.#charsets.clear();
    this.#doubtful.clear();
  }

  /** Applies what was recorded of a table (a schema history's `tableChanges`). */
  applyChange(change: TableChange): void {
    if (change.previousId !== null) this.#remove(change.previousId);
    if (change.type === 'DROP' || change.table === null) this.#remove(change.id);
    else this.#put(change.table);
  }

  /** The character sets that databases and the server give to new tables, as statements that set them again: for a compact history. */
  inherited(): readonly { readonly database: string; readonly ddl: string }[] {
    return this.#charsets.statements();
  }

  /**
   * Applies one or several statements. `defaultDatabase`: the one they were run in; empty or null: none. `sqlMode`: their session's, as the
   * binlog has it; null: the server's.
   */
  apply(sql: string, defaultDatabase: string | null, sqlMode: bigint | null = null): DdlOutcome {
    const dialect = sqlMode === null ? this.#dialect : dialectOfMode(this.#dialect, sqlMode);
    let database = defaultDatabase;
    const changes: DdlChange[] = [];
    const unreadable: UnreadableStatement[] = [];
    for (const statement of parseDdl(sql, dialect)) {
      const { action } = statement;
      if (action.kind === 'use') database = action.database;
      if (action.kind === 'unreadable') {
        const id = action.table === null ? null : this.#id(action.table, database);
        // It may have been about any of them.
        const doubtful = id === null ? [...this.#tables.keys()] : [this.#key(id)];
        for (const key of doubtful) this.#doubtful.set(key, action.reason);
        unreadable.push({ table: id, reason: action.reason });
      } else changes.push(...this.#apply(action, statement, database));
    }
    return { changes, unreadable };
  }

  #apply(action: DdlAction, { ddl }: DdlStatement, database: string | null): readonly DdlChange[] {
    switch (action.kind) {
      case 'create table':
        return this.#createTable(action, ddl, database);
      case 'alter table':
        return this.#alterTable(action, ddl, database);
      case 'drop table':
        return action.tables.map(written => {
          const id = this.#id(written, database);
          this.#remove(id);
          return tableChange('DROP', id, null, `${action.prefix}${quoted(id)}${action.suffix}`);
        });
      case 'rename table':
        return action.pairs.map(pair => this.#renameTable(pair.from, pair.to, pair.ddl, database));
      case 'truncate': {
        const id = this.#id(action.table, database);
        return [tableChange('TRUNCATE', id, this.table(id), ddl)];
      }
      case 'create unique index':
        return this.#createUniqueIndex(action, ddl, database);
      case 'create database':
      case 'alter database':
        return this.#setDatabase(action, ddl, database);
      case 'drop database':
        for (const { id } of this.tables()) if (this.#sameDatabase(id.catalog, action.database)) this.#remove(id);
        this.#charsets.dropDatabase(action.database);
        return [{ kind: 'database', database: action.database, ddl }];
      case 'use':
        this.#charsets.use(action.database);
        return [{ kind: 'database', database: action.database, ddl }];
      case 'set':
        for (const variable of action.variables) this.#charsets.set(variable, database);
        return [{ kind: 'set', database: database ?? '', ddl }];
      default:
        return [];
    }
  }

  #createTable(action: Extract<DdlAction, { kind: 'create table' }>, ddl: string, database: string | null): readonly DdlChange[] {
    const id = this.#id(action.table, database);
    if (action.ifNotExists && this.table(id) !== null) return [];
    const original = action.like === null ? null : this.table(this.#id(action.like, database));
    if (action.like !== null && original === null) {
      this.#remove(id);
      this.#doubtful.set(this.#key(id), `CREATE TABLE LIKE ${action.like.table}: that table is not known`);
      return [];
    }
    // Debezium copies no comment.
    const editor = new TableEditor(id, original === null ? null : { ...original, comment: null }, this.#settings.includeComments);
    for (const element of action.elements) {
      if ('column' in element) editor.createColumn(element.column);
      else editor.addKey(element.key);
    }
    // A key may be written before its columns.
    for (const element of action.elements) if ('key' in element && element.key.kind === 'primary') editor.addKey(element.key);
    if (original === null) editor.defaultCharsetName = this.#charsets.of(action.options.charsetName, id.catalog);
    if (this.#settings.includeComments) editor.comment = action.options.comment;
    if (action.select) this.#doubtful.set(this.#key(id), 'CREATE TABLE ... SELECT: its columns come from a query');
    if (editor.empty) {
      this.#tables.delete(this.#key(id));
      return [];
    }
    return [tableChange('CREATE', id, this.#put(editor.table()), ddl)];
  }

  #alterTable(action: Extract<DdlAction, { kind: 'alter table' }>, ddl: string, database: string | null): readonly DdlChange[] {
    const id = this.#id(action.table, database);
    const table = this.table(id);
    if (table === null) return [];
    const editor = new TableEditor(id, table, this.#settings.includeComments);
    applyAlterActions(editor, action.actions, this.#charsets, this.#settings.includeComments);
    for (const item of action.actions) if (item.kind === 'rename') editor.id = this.#id(item.to, database);
    if (editor.id !== id) this.#remove(id);
    return [tableChange('ALTER', editor.id, this.#put(editor.table()), ddl, editor.id === id ? null : id)];
  }

  #renameTable(from: WrittenName, to: WrittenName, ddl: string, database: string | null): DdlChange {
    const oldId = this.#id(from, database);
    const newId = this.#id(to, database);
    const table = this.table(oldId);
    const doubt = this.#doubtful.get(this.#key(oldId));
    this.#remove(oldId);
    if (doubt !== undefined) this.#doubtful.set(this.#key(newId), doubt);
    return tableChange('ALTER', newId, table === null ? null : this.#put({ ...table, id: newId }), ddl, oldId);
  }

  #createUniqueIndex(
    action: Extract<DdlAction, { kind: 'create unique index' }>,
    ddl: string,
    database: string | null,
  ): readonly DdlChange[] {
    const id = this.#id(action.table, database);
    const table = this.table(id);
    if (table === null || table.primaryKeyColumnNames.length > 0) return [];
    // Over expressions, or columns that are not known, it changes nothing, and nothing is said of it.
    if (action.columns.some(name => name === null || !new TableEditor(id, table, false).has(name))) return [];
    const editor = new TableEditor(id, table, this.#settings.includeComments);
    editor.addKey({ kind: 'unique', columns: action.columns });
    return [{ ...tableChange('ALTER', id, this.#put(editor.table()), ddl), index: true }];
  }

  #setDatabase(
    action: Extract<DdlAction, { kind: 'create database' | 'alter database' }>,
    ddl: string,
    current: string | null,
  ): readonly DdlChange[] {
    const database = action.database ?? current ?? '';
    if (action.charsetName !== null) this.#charsets.setDatabase(database, action.charsetName);
    // Debezium tells of a changed database as of a statement that it knows nothing about.
    return action.kind === 'create database' ? [{ kind: 'database', database, ddl }] : [];
  }

  #id({ database, table }: WrittenName, current: string | null): TableId {
    return { catalog: database ?? current ?? '', schema: '', table };
  }

  #put(table: TableModel): TableModel {
    const key = this.#key(table.id);
    this.#tables.set(key, table);
    return table;
  }

  #remove(id: TableId): void {
    this.#tables.delete(this.#key(id));
    this.#doubtful.delete(this.#key(id));
  }

  #key({ catalog, table }: TableId): string {
    const key = `${catalog}\u0000${table}`;
    return this.#settings.lowerCaseNames ? key.toLowerCase() : key;
  }

  #sameDatabase(a: string, b: string): boolean {
    return a === b || (this.#settings.lowerCaseNames && a.toLowerCase() === b.toLowerCase());
  }
}

function tableChange(
  type: 'CREATE' | 'ALTER' | 'DROP' | 'TRUNCATE',
  id: TableId,
  table: TableModel | null,
  ddl: string,
  previousId: TableId | null = null,
): Extract<DdlChange, { kind: 'table' }> {
  return { kind: 'table', type, id, previousId, table, ddl, index: false };
}

function quoted({ catalog, table }: TableId): string {
  const quote = (name: string) => `\`${name.replaceAll('`', '``')}\``;
  return catalog === '' ? quote(table) : `${quote(catalog)}.${quote(table)}`;
}
