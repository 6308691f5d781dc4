import type pg from 'pg';
import { type Logger, SluiceError } from '../../src/contract/index.ts';
import type { TableId } from '../debezium/table.ts';
import { quoteIdentifier } from './connection.ts';
import { databaseError } from './database-error.ts';

export type PublicationAutocreateMode = 'all_tables' | 'disabled' | 'filtered' | 'no_tables';

export type PublicationSettings = {
  readonly name: string;
  readonly autocreateMode: PublicationAutocreateMode;
  readonly publishViaPartitionRoot: boolean;
};

type Publication = { readonly allTables: boolean; readonly tables: ReadonlySet<string> };

const qualified = ({ schema, table }: { schema: string; table: string }) => `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;

/** The publication of that name with the tables it names, or null. */
export async function findPublication(client: pg.Client, name: string): Promise<Publication | null> {
  const { rows } = await client.query('SELECT puballtables FROM pg_catalog.pg_publication WHERE pubname = $1', [name]);
  if (rows.length === 0) return null;
  const tables = await client.query(
    'SELECT schemaname AS schema, tablename AS table FROM pg_catalog.pg_publication_tables WHERE pubname = $1',
    [name],
  );
  return { allTables: rows[0].puballtables, tables: new Set(tables.rows.map(qualified)) };
}

/**
 * Makes or updates the publication as `publication.autocreate.mode` says. Must come before the slot: a publication made later does not
 * exist in the slot's past. Throws PUBLICATION_MISSING, NO_TABLES, or the database's refusal.
 */
export async function preparePublication(
  client: pg.Client,
  settings: PublicationSettings,
  captured: readonly TableId[],
  logger: Logger,
): Promise<void> {
  const { name, autocreateMode } = settings;
  const existing = await findPublication(client, name);
  const statement = existing ? updateStatement(settings, existing, captured) : createStatement(settings, captured);
  if (statement === null) return;
  logger.info(
    { publication: name },
    `${existing ? 'Changing' : 'Creating'} the publication "${name}" (publication.autocreate.mode=${autocreateMode})`,
  );
  try {
    await client.query(statement);
  } catch (error) {
    throw databaseError(error, `Cannot ${existing ? 'change' : 'create'} the publication "${name}"`);
  }
}

function createStatement({ name, autocreateMode, publishViaPartitionRoot }: PublicationSettings, captured: readonly TableId[]): string {
  const root = publishViaPartitionRoot ? ' WITH (publish_via_partition_root = true)' : '';
  switch (autocreateMode) {
    case 'disabled':
      throw new SluiceError('PUBLICATION_MISSING', `The publication "${name}" does not exist, and publication.autocreate.mode=disabled.`);
    case 'all_tables':
      return `CREATE PUBLICATION ${quoteIdentifier(name)} FOR ALL TABLES${root}`;
    case 'no_tables':
      return `CREATE PUBLICATION ${quoteIdentifier(name)}${root}`;
    case 'filtered':
      return `CREATE PUBLICATION ${quoteIdentifier(name)} FOR TABLE ${tableList(name, captured)}${root}`;
  }
}

function updateStatement(
  { name, autocreateMode }: PublicationSettings,
  existing: Publication,
  captured: readonly TableId[],
): string | null {
  if (autocreateMode !== 'filtered') return null;
  if (existing.allTables) {
    throw new SluiceError(
      'CONFIG_INVALID',
      `The publication "${name}" is for all tables and cannot be narrowed (publication.autocreate.mode=filtered).`,
      {
        remedy: 'Drop the publication so that it is made anew, or set publication.autocreate.mode=all_tables.',
      },
    );
  }
  const same = captured.length === existing.tables.size && captured.every(id => existing.tables.has(qualified(id)));
  return same ? null : `ALTER PUBLICATION ${quoteIdentifier(name)} SET TABLE ${tableList(name, captured)}`;
}

function tableList(publication: string, captured: readonly TableId[]): string {
  if (captured.length === 0)
    throw new SluiceError(
      'NO_TABLES',
      `No table matches the include and exclude lists, so the publication "${publication}" would be empty.`,
    );
  return captured.map(qualified).join(', ');
}
