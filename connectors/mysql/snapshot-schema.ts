import type { Connection } from 'mysql2';
import type { ConnectRecord, InternalRecord } from '../../src/contract/index.ts';
import type { TableId } from '../debezium/table.ts';
import { query, quoteTable } from './connection.ts';
import { changedTable, databaseError, isOfChangedTable } from './database-error.ts';
import type { DatabaseSchema, StatementPlace } from './database-schema.ts';
import type { CatalogTable } from './server.ts';
import { type SnapshotSchema, type SnapshotStatement, snapshotStatements } from './snapshot-statements.ts';

/** What makes the tables as they are now: to be read under the snapshot's lock. */
export async function readSnapshotSchema(client: Connection, tables: readonly CatalogTable[]): Promise<readonly SnapshotStatement[]> {
  const variables = await query(client, "SHOW VARIABLES WHERE Variable_name IN ('character_set_server', 'collation_server')");
  const schemata = await query(
    client,
    'SELECT SCHEMA_NAME AS name, DEFAULT_CHARACTER_SET_NAME AS charset, DEFAULT_COLLATION_NAME AS collation FROM information_schema.SCHEMATA',
  );
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  const read: { id: TableId; createTable: string }[] = [];
  for (const { id } of tables) {
    const [row] = await query(client, `SHOW CREATE TABLE ${quoteTable(id)}`).catch(error => {
      throw isOfChangedTable(error) ? changedTable(id, error) : databaseError(error, `Reading the structure of ${quoteTable(id)}`);
    });
    const createTable = text(row?.['Create Table']);
    if (createTable !== null) read.push({ id, createTable });
  }
  const schema: SnapshotSchema = {
    variables: Object.fromEntries(variables.map(row => [String(row['Variable_name']), String(row['Value'])])),
    tables: read,
    locales: new Map(
      schemata.map(({ name, charset, collation }) => [String(name), { charset: text(charset), collation: text(collation) }]),
    ),
  };
  return snapshotStatements(schema);
}

/** Applies them: what is published and recorded of the schema at a snapshot's beginning. */
export function applySnapshotSchema(
  schema: DatabaseSchema,
  statements: readonly SnapshotStatement[],
  place: () => StatementPlace,
): { readonly records: readonly ConnectRecord[]; readonly internal: readonly InternalRecord[] } {
  const effects = statements.map(({ database, ddl }) => schema.apply(ddl, database, place()));
  return { records: effects.flatMap(({ records }) => records), internal: effects.flatMap(({ internal }) => internal) };
}
