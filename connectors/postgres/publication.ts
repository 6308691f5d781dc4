import type pg from 'pg';
import { type Logger, SluiceError } from '../../src/contract/index.ts';
import type { TableId } from '../debezium/table.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import { quoteIdentifier, quoteTable } from './connection.ts';
import { databaseError } from './database-error.ts';

export type PublicationAutocreateMode = 'all_tables' | 'disabled' | 'filtered' | 'no_tables';

/** What a publication may tell of (its `publish` parameter). */
export type PublishedOperation = 'insert' | 'update' | 'delete' | 'truncate';

export type PublicationSettings = {
  readonly name: string;
  readonly autocreateMode: PublicationAutocreateMode;
  readonly publishViaPartitionRoot: boolean;
  /** What records are made of: all that `skipped.operations` leaves. */
  readonly operations: readonly PublishedOperation[];
  /** A publication made here tells of these only; null: of everything. Debezium 3.6 narrows it where `skipped.operations` is given. */
  readonly publish: readonly PublishedOperation[] | null;
};

type Publication = {
  readonly allTables: boolean;
  readonly tables: ReadonlySet<string>;
  readonly operations: readonly PublishedOperation[];
};

/** The publication of that name with the tables it names, or null. */
export async function findPublication(client: pg.Client, name: string): Promise<Publication | null> {
  const { rows } = await client.query(
    `SELECT puballtables, pg_catalog.array_remove(ARRAY[CASE WHEN pubinsert THEN 'insert' END, CASE WHEN pubupdate THEN 'update' END,
            CASE WHEN pubdelete THEN 'delete' END, CASE WHEN pubtruncate THEN 'truncate' END], NULL) AS operations
       FROM pg_catalog.pg_publication WHERE pubname = $1`,
    [name],
  );
  if (rows.length === 0) return null;
  const tables = await client.query(
    'SELECT schemaname AS schema, tablename AS table FROM pg_catalog.pg_publication_tables WHERE pubname = $1',
    [name],
  );
  return { allTables: rows[0].puballtables, tables: new Set(tables.rows.map(quoteTable)), operations: rows[0].operations };
}

/** Operations that records are made of and the publication does not tell of: their changes would not be seen. */
export function unpublished({ operations }: PublicationSettings, existing: Publication): readonly PublishedOperation[] {
  return operations.filter(operation => !existing.operations.includes(operation));
}

/**
 * Makes or updates the publication as `publication.autocreate.mode` says. Must come before the slot: a publication made later does not
 * exist in the slot's past. Answers what there is to warn of. Throws PUBLICATION_MISSING, NO_TABLES, or the database's refusal.
 */
export async function preparePublication(
  client: pg.Client,
  settings: PublicationSettings,
  captured: readonly TableId[],
  logger: Logger,
): Promise<readonly string[]> {
  const { name, autocreateMode } = settings;
  const existing = await findPublication(client, name);
  const statements = existing ? updateStatements(settings, existing, captured) : [createStatement(settings, captured)];
  for (const statement of statements) {
    logger.info(
      { publication: name },
      `${existing ? 'Changing' : 'Creating'} the publication "${name}" (publication.autocreate.mode=${autocreateMode}): ${statement}`,
    );
    try {
      await client.query(statement);
    } catch (error) {
      throw databaseError(error, `Cannot ${existing ? 'change' : 'create'} the publication "${name}"`);
    }
  }
  const now = existing && statements.length > 0 ? await findPublication(client, name) : existing;
  return now === null ? [] : publicationWarnings(settings, now, captured);
}

/** What of the captured tables and operations a publication leaves out. */
export function publicationWarnings(settings: PublicationSettings, existing: Publication, captured: readonly TableId[]): readonly string[] {
  const missing = captured.filter(id => !existing.allTables && !existing.tables.has(quoteTable(id))).map(qualifiedName);
  const silent = unpublished(settings, existing);
  const subject = `The publication "${settings.name}" does not publish`;
  return [
    ...(missing.length > 0 ? [`${subject} ${missing.join(', ')}, whose changes will not be seen.`] : []),
    ...(silent.length > 0 ? [`${subject} the operations ${silent.join(', ')}, which will not be seen; ${publishStatement(settings)}`] : []),
  ];
}

/** How an existing publication comes to tell of what is captured. */
export function publishStatement({ name, operations }: PublicationSettings): string {
  return `run: ALTER PUBLICATION ${quoteIdentifier(name)} SET (publish = '${operations.join(', ')}')`;
}

function createStatement(settings: PublicationSettings, captured: readonly TableId[]): string {
  const { name, autocreateMode, publishViaPartitionRoot, publish } = settings;
  const parameters = [
    ...(publishViaPartitionRoot ? ['publish_via_partition_root = true'] : []),
    ...(publish !== null ? [`publish = '${publish.join(', ')}'`] : []),
  ];
  const root = parameters.length > 0 ? ` WITH (${parameters.join(', ')})` : '';
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

function updateStatements(
  { name, autocreateMode, publish }: PublicationSettings,
  existing: Publication,
  captured: readonly TableId[],
): readonly string[] {
  if (autocreateMode !== 'filtered') return [];
  if (existing.allTables) {
    throw new SluiceError(
      'CONFIG_INVALID',
      `The publication "${name}" is for all tables and cannot be narrowed (publication.autocreate.mode=filtered).`,
      {
        remedy: 'Drop the publication so that it is made anew, or set publication.autocreate.mode=all_tables.',
      },
    );
  }
  const same = captured.length === existing.tables.size && captured.every(id => existing.tables.has(quoteTable(id)));
  const alter = `ALTER PUBLICATION ${quoteIdentifier(name)} SET`;
  return [
    ...(same ? [] : [`${alter} TABLE ${tableList(name, captured)}`]),
    ...(publish === null || publish.join() === existing.operations.join() ? [] : [`${alter} (publish = '${publish.join(', ')}')`]),
  ];
}

function tableList(publication: string, captured: readonly TableId[]): string {
  if (captured.length === 0)
    throw new SluiceError(
      'NO_TABLES',
      `No table matches the include and exclude lists, so the publication "${publication}" would be empty.`,
    );
  return captured.map(quoteTable).join(', ');
}
