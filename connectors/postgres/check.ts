import type pg from 'pg';
import { type CheckResult, type ErrorCode, type SluiceError, toSluiceError } from '../../src/contract/index.ts';
import type { Filters } from '../debezium/filters.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import { Catalog, type CatalogTable } from './catalog.ts';
import { connect, replicationRemedy } from './connection.ts';
import { disconnect } from './disconnect.ts';
import { findPublication, publicationWarnings } from './publication.ts';
import type { PostgresSettings } from './settings.ts';
import { findSlot, slotFault } from './slot.ts';
import { unmatchedPatterns } from './unmatched.ts';

/** The oldest server that is supported: older ones lack what exactly-once needs (pg_current_snapshot). */
const oldestServerVersion = 130_000;

/** What blames the server as a whole stands under this option, as with Debezium. */
const serverOption = 'database.hostname';

const ok = (subject: string, message: string): CheckResult => ({
  subject,
  status: 'ok',
  code: null,
  option: null,
  message,
  remedy: null,
});
const warning = (subject: string, message: string, remedy: string, option: string | null = null): CheckResult => ({
  subject,
  status: 'warning',
  code: null,
  option,
  message,
  remedy,
});
const fault = (subject: string, code: ErrorCode, option: string, message: string, remedy: string): CheckResult => ({
  subject,
  status: 'fault',
  code,
  option,
  message,
  remedy,
});
const faultOf = (subject: string, { code, message, remedy }: SluiceError, option = serverOption): CheckResult =>
  fault(subject, code, option, message, remedy);

/** Everything a start needs, looked at without changing anything; all faults at once. */
export async function checkDatabase(settings: PostgresSettings, filters: Filters, abort: AbortSignal): Promise<readonly CheckResult[]> {
  let client: pg.Client;
  try {
    client = await connect(settings.connection, false, abort);
  } catch (error) {
    return [faultOf('login', toSluiceError(error))];
  }
  const end = () => void disconnect(client);
  abort.addEventListener('abort', end);
  if (abort.aborted) end();
  try {
    const { hostname, port, user, database } = settings.connection;
    const catalog = new Catalog(client, database);
    const listed = await catalog.names();
    const tables = await catalog.tables(listed.filter(({ id }) => filters.includesTable(id)).map(({ oid }) => oid));
    return [
      ok('login', `"${user}" can log in to "${database}" at ${hostname}:${port}`),
      ...(await checkServer(client, settings.streams)),
      await checkReplicationRight(client, user),
      ...(settings.streams ? [await checkPublication(client, settings, tables), await checkSlot(client, settings)] : []),
      ...(await unmatchedPatterns(catalog, filters)).map(({ option, message }) =>
        warning(option, message, 'Correct the pattern: Java regular expressions that fit whole names, separated by commas.', option),
      ),
      ...(await checkTables(client, tables)),
    ];
  } catch (error) {
    return [faultOf('database', toSluiceError(error))];
  } finally {
    abort.removeEventListener('abort', end);
    await disconnect(client);
  }
}

async function checkServer(client: pg.Client, streams: boolean): Promise<readonly CheckResult[]> {
  const { rows } = await client.query(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS shown, current_setting('wal_level') AS wal`,
  );
  const { version, shown, wal } = rows[0];
  return [
    version >= oldestServerVersion
      ? ok('server version', `PostgreSQL ${shown}`)
      : fault(
          'server version',
          'DATABASE_FAILED',
          serverOption,
          `PostgreSQL ${shown} is older than 13`,
          'Upgrade the server to PostgreSQL 13 or newer.',
        ),
    wal === 'logical' || !streams
      ? ok('wal_level', `wal_level is ${wal}`)
      : fault(
          'wal_level',
          'WAL_LEVEL',
          serverOption,
          `wal_level is ${wal}, and logical decoding needs logical`,
          'Set wal_level = logical in postgresql.conf and restart the server.',
        ),
  ];
}

async function checkReplicationRight(client: pg.Client, user: string): Promise<CheckResult> {
  const { rows } = await client.query(
    `SELECT rolsuper OR rolreplication
         OR EXISTS (SELECT FROM pg_catalog.pg_roles m WHERE m.rolname IN ('rds_replication', 'rdsadmin', 'cloudsqlreplica') AND pg_catalog.pg_has_role(current_user, m.oid, 'MEMBER')) AS may
       FROM pg_catalog.pg_roles WHERE rolname = current_user`,
  );
  return rows[0]?.may
    ? ok('replication right', `"${user}" may replicate`)
    : fault(
        'replication right',
        'PRIVILEGE_MISSING',
        serverOption,
        `"${user}" may not use replication connections`,
        replicationRemedy(user),
      );
}

async function checkPublication(
  client: pg.Client,
  { publication }: PostgresSettings,
  tables: readonly CatalogTable[],
): Promise<CheckResult> {
  const subject = `publication "${publication.name}"`;
  const existing = await findPublication(client, publication.name);
  if (!existing) {
    if (publication.autocreateMode === 'disabled') {
      return fault(
        subject,
        'PUBLICATION_MISSING',
        'publication.name',
        'It does not exist, and publication.autocreate.mode=disabled',
        'Create it, or choose another publication.autocreate.mode.',
      );
    }
    const { rows } = await client.query(
      `SELECT rolsuper AS super, pg_catalog.has_database_privilege(current_database(), 'CREATE') AS creates FROM pg_catalog.pg_roles WHERE rolname = current_user`,
    );
    const { super: superuser, creates } = rows[0];
    if (publication.autocreateMode === 'all_tables' && !superuser) {
      return fault(
        subject,
        'PUBLICATION_MISSING',
        'publication.name',
        'It does not exist, and only a superuser can create one for all tables',
        'Create it as a superuser, or set publication.autocreate.mode=filtered.',
      );
    }
    if (!creates)
      return fault(
        subject,
        'PUBLICATION_MISSING',
        'publication.name',
        'It does not exist, and this user may not create it',
        'Create it as another user, or grant CREATE on the database.',
      );
    return ok(subject, `It does not exist yet and will be created (publication.autocreate.mode=${publication.autocreateMode})`);
  }
  const followed = publication.autocreateMode === 'filtered' ? [] : tables.map(({ id }) => id);
  const warnings = publicationWarnings(publication, existing, followed);
  if (warnings.length > 0)
    return warning(subject, warnings.join(' '), 'Change the publication: ALTER PUBLICATION ... ADD TABLE, or SET (publish = ...).');
  return ok(subject, 'It exists');
}

async function checkSlot(client: pg.Client, { slot, connection }: PostgresSettings): Promise<CheckResult> {
  const subject = `replication slot "${slot.name}"`;
  const existing = await findSlot(client, slot.name);
  if (existing) {
    const error = slotFault(slot.name, existing, connection.database);
    return error ? faultOf(subject, error, 'slot.name') : ok(subject, 'It exists and is free');
  }
  const { rows } = await client.query(
    `SELECT count(*)::int AS used, current_setting('max_replication_slots')::int AS most FROM pg_catalog.pg_replication_slots`,
  );
  const { used, most } = rows[0];
  return used < most
    ? ok(subject, 'It does not exist yet and will be created')
    : fault(
        subject,
        'DATABASE_UNAVAILABLE',
        'slot.name',
        `It does not exist, and all ${most} slots of the server are taken`,
        'Drop a slot that nobody uses, or raise max_replication_slots.',
      );
}

async function checkTables(client: pg.Client, tables: readonly CatalogTable[]): Promise<readonly CheckResult[]> {
  if (tables.length === 0) {
    return [
      fault(
        'tables',
        'NO_TABLES',
        'table.include.list',
        'No table matches the include and exclude lists',
        'Correct table.include.list and the other lists, or create the tables.',
      ),
    ];
  }
  const { rows } = await client.query(
    `SELECT oid::int8 AS oid, pg_catalog.has_table_privilege(oid, 'SELECT') AND pg_catalog.has_schema_privilege(relnamespace, 'USAGE') AS readable
       FROM pg_catalog.pg_class WHERE oid = ANY($1::oid[])`,
    [tables.map(({ oid }) => oid)],
  );
  const readable = new Map(rows.map(row => [Number(row.oid), row.readable as boolean]));
  return tables.map(table => {
    const name = qualifiedName(table.id);
    const subject = `table ${name}`;
    if (!readable.get(table.oid))
      return fault(
        subject,
        'TABLE_UNREADABLE',
        'table.include.list',
        'It may not be read by this user',
        `Run: GRANT SELECT ON ${name} (and USAGE on its schema).`,
      );
    if (table.keyColumns.length === 0) {
      const identity =
        table.replicaIdentity === 'full'
          ? 'its records have no key'
          : 'its records have no key, and the server refuses updates and deletes of it once it is published';
      return warning(
        subject,
        `It has no primary key: ${identity}`,
        'Add a primary key, or set REPLICA IDENTITY FULL and name a key with message.key.columns.',
      );
    }
    if (table.replicaIdentity === 'nothing') {
      return warning(
        subject,
        'REPLICA IDENTITY NOTHING: the server refuses updates and deletes of it once it is published',
        `Run: ALTER TABLE ${name} REPLICA IDENTITY DEFAULT`,
      );
    }
    return ok(subject, `replica identity ${table.replicaIdentity}, key ${table.keyColumns.join(', ')}`);
  });
}
