import { createHash } from 'node:crypto';
import { qualified, quoted } from '../sql/identifiers.ts';
import type { Route, TableDefinition, ViewDefinition } from './definition.ts';

/** The sink's own columns of a base row. */
export const versionColumn = '_sluice_version';
export const deletedColumn = '_sluice_deleted';
/** When a row was deleted here, in milliseconds since 1970; null of one that is there. */
export const deletedAtColumn = '_sluice_deleted_ms';

/** Columns as a list for SQL. */
export function list(columns: readonly string[], prefix = ''): string {
  return columns.map(column => `${prefix}${quoted(column)}`).join(', ');
}

/** The table of a topic's base rows; the view named as in the file shows those that are not deleted. */
export function rowsTable(schema: string | null, table: string): string {
  return qualified(schema, `_rows_${table}`);
}

/** Makes a table of base rows with its view. Without a schema it is SQLite's. */
export function createTable(schema: string | null, table: TableDefinition): string {
  const rows = rowsTable(schema, table.name);
  const columns = table.columns.map(({ name, type }) => `${quoted(name)} ${type.name}`);
  return [
    `create table if not exists ${rows} (${columns.join(', ')}, ${versionColumn} bigint not null, ${deletedColumn} boolean not null, ${deletedAtColumn} bigint, ` +
      `primary key (${list(table.key)}))${schema === null ? ' without rowid' : ''}`,
    createDeletedIndex(schema, table.name),
    createRowsView(schema, table),
  ].join(';\n');
}

/** Finds rows that were deleted long ago; no other row is in it. */
export function createDeletedIndex(schema: string | null, table: string): string {
  const name = quoted(`_deleted_${digestOf(table)}`);
  return `create index if not exists ${name} on ${rowsTable(schema, table)} (${deletedAtColumn}) where ${deletedColumn}`;
}

/** Deletes so many rows that were deleted before a moment ($1, $2); answers their keys. */
export function pruneRows(schema: string | null, { name, key }: TableDefinition): string {
  const rows = rowsTable(schema, name);
  const expired = `select ${list(key)} from ${rows} where ${deletedColumn} and ${deletedAtColumn} < $1 limit $2`;
  return `delete from ${rows} where (${list(key)}) in (${expired}) returning ${list(key)}`;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The live rows, under the name that selects use. It has only the columns of the file, in its order. */
export function createRowsView(schema: string | null, table: TableDefinition): string {
  const live = qualified(schema, table.name);
  const columns = list(table.columns.map(({ name }) => name));
  return `create view ${live} as select ${columns} from ${rowsTable(schema, table.name)} where not ${deletedColumn}`;
}

const constant = /^(?:'(?:[^']|'')*'|-?\d+(?:\.\d+)?|null|true|false)$/i;

/** An index for each way from a table to a key, and for each step through another table. Its name tells what it is on, by a digest. */
export function createIndexes(schema: string | null, view: ViewDefinition): readonly { readonly sql: string; readonly route: Route }[] {
  const made: { sql: string; route: Route }[] = [];
  for (const [table, route] of view.routes) {
    const add = (on: string, columns: string) => {
      const digest = digestOf(`${on}(${columns})`);
      made.push({ sql: `create index if not exists ${quoted(`_by_${digest}`)} on ${rowsTable(schema, on)} (${columns})`, route });
    };
    if (route.kind === 'direct') {
      // A key column that is the same for all rows is nothing to search by.
      const searched = route.expressions.map(({ text }) => text.trim()).filter(text => !constant.test(text));
      if (searched.length > 0) add(table, searched.map(text => `(${text})`).join(', '));
    } else {
      add(table, list(route.on.map(({ ours }) => ours)));
      add(route.table, list(route.on.map(({ theirs }) => theirs)));
    }
  }
  return made;
}

/** A select as a relation of its own. Errors of the database count characters from `selectAt` on. */
export function subselect(view: ViewDefinition): string {
  return `(\n${view.select.text.replace(/;\s*$/, '')}\n)`;
}

/** Where the select's own text begins in `subselect`. */
export const selectAt = 2;
