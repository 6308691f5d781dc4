/**
 * What a statement means to the world: the schema changes that are recorded and published, as Debezium tells them
 * (BinlogDatabaseSchema.parseDdl and what follows it).
 */
import type { TableId } from '../debezium/table.ts';
import type { DdlChange, DdlOutcome } from './ddl/changes.ts';
import { inHashSetOrder } from './hash-set-order.ts';
import type { TableChange } from './table-change.ts';

/** Which schema changes count. */
export type SchemaChangeRules = {
  /** `schema.history.internal.store.only.captured.tables.ddl`. */
  readonly onlyCapturedTables: boolean;
  /** `schema.history.internal.store.only.captured.databases.ddl`. */
  readonly onlyCapturedDatabases: boolean;
  includesTable(id: TableId): boolean;
  includesDatabase(database: string): boolean;
};

/** A statement, or its part about one table. */
export type SchemaChange = {
  /** TRUNCATE is no schema change: it becomes an event of the table, or nothing (`skipped.operations`). */
  readonly type: 'CREATE' | 'ALTER' | 'DROP' | 'TRUNCATE' | 'DATABASE';
  /** Empty: the server itself. */
  readonly database: string;
  readonly ddl: string;
  readonly tableChanges: readonly TableChange[];
  /** The table it is about; null: a database, or nothing in particular. */
  readonly id: TableId | null;
  /** `db` and `table` of the source block. */
  readonly source: { readonly db: string; readonly table: string | null };
  /** Belongs into the schema history. */
  readonly recorded: boolean;
};

/**
 * What became of a statement (`sql` as the server sent it) that was run in `database`. In order; none where the rules leave it out. A
 * statement that changed nothing the model knows is told of as one of its database.
 */
export function schemaChanges(sql: string, database: string, outcome: DdlOutcome, rules: SchemaChangeRules): readonly SchemaChange[] {
  const { changes } = outcome;
  const setsVariable = database === '' && /^SET /i.test(sql);
  // What could not be read may have changed a captured table.
  const unread = outcome.unreadable.some(({ table }) => table === null || rules.includesTable(table));
  if (rules.onlyCapturedTables && !setsVariable && !unread && !changes.some(change => concernsCaptured(change, rules))) return [];
  const told =
    changes.length === 0
      ? [databaseChange(database, sql, { db: database, table: '' }, rules)]
      : byDatabase(changes).flatMap(group => groupChanges(group, rules));
  return told.filter(change => isTold(change, rules));
}

function concernsCaptured(change: DdlChange, rules: SchemaChangeRules): boolean {
  if (change.kind === 'table') return !change.index && rules.includesTable(change.id);
  return (change.kind === 'set' && change.database === '') || rules.includesDatabase(change.database);
}

function databaseOf(change: DdlChange): string {
  return change.kind === 'table' ? change.id.catalog : change.database;
}

/** Changes that follow each other in one database are told together. */
function byDatabase(changes: readonly DdlChange[]): readonly (readonly DdlChange[])[] {
  const groups: DdlChange[][] = [];
  for (const change of changes) {
    const group = groups.at(-1);
    if (group !== undefined && databaseOf(group[0]!) === databaseOf(change)) group.push(change);
    else groups.push([change]);
  }
  return groups;
}

function groupChanges(group: readonly DdlChange[], rules: SchemaChangeRules): readonly SchemaChange[] {
  const database = databaseOf(group[0]!);
  if (rules.onlyCapturedTables && database !== '' && !rules.includesDatabase(database)) return [];
  const ids = group.flatMap(change => (change.kind === 'table' ? [change.id] : []));
  const names = inHashSetOrder(ids.map(({ catalog, table }) => ({ text: catalog === '' ? table : `${catalog}.${table}`, table })));
  const source = { db: database, table: ids.length === 0 ? null : names.map(({ table }) => table).join(',') };
  return group.map(change =>
    change.kind === 'table' ? tableChange(change, source, rules) : databaseChange(change.database, change.ddl, source, rules),
  );
}

function tableChange(
  { type, id, previousId, table, ddl }: Extract<DdlChange, { kind: 'table' }>,
  source: SchemaChange['source'],
  rules: SchemaChangeRules,
): SchemaChange {
  if (type === 'TRUNCATE') return { type, database: id.catalog, ddl, tableChanges: [], id, source, recorded: false };
  const known = type === 'DROP' || table !== null;
  const tableChanges: readonly TableChange[] = known ? [{ type, id, previousId, table }] : [];
  const captured = [id, ...(previousId === null ? [] : [previousId])].some(each => rules.includesTable(each));
  const recorded = !rules.onlyCapturedTables || captured;
  return { type, database: id.catalog, ddl, tableChanges, id: known ? id : null, source, recorded };
}

function databaseChange(database: string, ddl: string, source: SchemaChange['source'], rules: SchemaChangeRules): SchemaChange {
  const recorded = !rules.onlyCapturedTables || database === '' || rules.includesDatabase(database);
  return { type: 'DATABASE', database, ddl, tableChanges: [], id: null, source, recorded };
}

/** The filters that Debezium applies one after the other once it has parsed (skipSchemaChangeEvent, EventDispatcher). */
function isTold({ type, database, id }: SchemaChange, rules: SchemaChangeRules): boolean {
  if (rules.onlyCapturedDatabases && database !== '' && !rules.includesDatabase(database)) return false;
  return id === null || rules.includesTable(id) || (!rules.onlyCapturedTables && type !== 'TRUNCATE');
}
