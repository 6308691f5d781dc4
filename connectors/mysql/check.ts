import type { Connection } from 'mysql2';
import { type CheckResult, type ErrorCode, SluiceError, toSluiceError } from '../../src/contract/index.ts';
import type { Filters } from '../debezium/filters.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import { unmatchedPatterns } from '../debezium/unmatched.ts';
import { connect, disconnect, query, quoteTable } from './connection.ts';
import { breakOffAfter } from './disconnect.ts';
import { type CatalogTable, listTables, readServer } from './server.ts';
import type { MysqlSettings } from './settings.ts';

/** What blames the server as a whole stands under this option, as with Debezium. */
const serverOption = 'database.hostname';
const oldestMajor = { mysql: 8, mariadb: 10 } as const;

const ok = (subject: string, message: string): CheckResult => ({ subject, status: 'ok', code: null, option: null, message, remedy: null });
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
const faultOf = (subject: string, { code, message, remedy }: SluiceError): CheckResult =>
  fault(subject, code, serverOption, message, remedy);

/** Everything a start needs, looked at without changing anything; all faults at once. */
export async function checkDatabase(settings: MysqlSettings, filters: Filters, abort: AbortSignal): Promise<readonly CheckResult[]> {
  let client: Connection;
  try {
    client = await connect(await settings.connection());
  } catch (error) {
    return [faultOf('login', toSluiceError(error))];
  }
  using _ = breakOffAfter(abort, client);
  try {
    const listed = await listTables(client);
    const ids = listed.map(({ id }) => id);
    const captured = listed.filter(({ id }) => filters.includesTable(id));
    return [
      ok('login', `"${settings.user}" can log in at ${settings.address}`),
      ...(await checkServer(client, settings)),
      await checkRights(client, settings),
      ...unmatchedPatterns(filters, ids, null, 'shop.orders').map(({ option, message }) =>
        warning(option, message, 'Correct the pattern: Java regular expressions that fit whole names, separated by commas.', option),
      ),
      ...(await checkTables(client, captured)),
    ];
  } catch (error) {
    return [faultOf('database', toSluiceError(error))];
  } finally {
    await disconnect(client);
  }
}

async function checkServer(client: Connection, { flavor, streams }: MysqlSettings): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  const found = await readServer(client, flavor).catch((error: unknown) => toSluiceError(error));
  if (found instanceof SluiceError) return [faultOf('server', found)];
  const { version, major } = found;
  if (major < oldestMajor[flavor])
    results.push(warning('server version', `${version} is older than what is tested`, 'Upgrade the server.', serverOption));
  else results.push(ok('server version', version));
  const [row] = await query(
    client,
    'SELECT @@global.log_bin AS log, @@global.binlog_format AS format, @@global.binlog_row_image AS image, @@global.binlog_row_metadata AS metadata',
  );
  const set = (name: string, wanted: string) => `Set ${name}=${wanted} on the server.`;
  if (Number(row?.['log']) !== 1)
    results.push(fault('log_bin', 'DATABASE_FAILED', serverOption, 'The server writes no binlog', 'Start the server with log_bin.'));
  // A snapshot alone asks for its place in the binlog, and no more.
  if (!streams) return results;
  if (row?.['format'] !== 'ROW')
    results.push(
      fault('binlog_format', 'DATABASE_FAILED', serverOption, `binlog_format is ${row?.['format']}`, set('binlog_format', 'ROW')),
    );
  else results.push(ok('binlog_format', 'binlog_format is ROW'));
  if (row?.['image'] !== 'FULL')
    results.push(
      warning(
        'binlog_row_image',
        `binlog_row_image is ${row?.['image']}: columns that it leaves out show unavailable.value.placeholder`,
        set('binlog_row_image', 'FULL'),
      ),
    );
  if (row?.['metadata'] !== 'FULL')
    results.push(
      warning(
        'binlog_row_metadata',
        `binlog_row_metadata is ${row?.['metadata']}: a statement that cannot be read may stop the task`,
        set('binlog_row_metadata', 'FULL'),
      ),
    );
  return results;
}

/** By the grants as the server shows them; roles' own are not among them, so what is missing is no more than a warning. */
async function checkRights(client: Connection, { user, streams }: MysqlSettings): Promise<CheckResult> {
  const rows = await query(client, 'SHOW GRANTS');
  const grants = rows.map(row => String(Object.values(row)[0]).toUpperCase()).join('\n');
  const has = (...names: readonly string[]) => /ALL PRIVILEGES ON \*\.\*/.test(grants) || names.some(name => grants.includes(name));
  const missing = [
    ...(streams && !has('REPLICATION SLAVE', 'REPLICATION_SLAVE') ? ['REPLICATION SLAVE'] : []),
    ...(!has('REPLICATION CLIENT', 'BINLOG MONITOR', 'SUPER') ? ['REPLICATION CLIENT'] : []),
    ...(has('RELOAD', 'FLUSH_TABLES', 'LOCK TABLES') ? [] : ['RELOAD (or LOCK TABLES on the captured tables, for a snapshot)']),
  ];
  if (missing.length === 0) return ok('rights', `"${user}" may read the binlog and lock tables`);
  const message = `The grants of "${user}" do not name ${missing.join(', ')}`;
  return warning(
    'rights',
    message,
    `Run: GRANT ${missing.map(name => name.split(' (')[0]).join(', ')} ON *.* TO the user.`,
    'database.user',
  );
}

async function checkTables(client: Connection, tables: readonly CatalogTable[]): Promise<readonly CheckResult[]> {
  if (tables.length === 0) {
    const message = 'No table matches the include and exclude lists, or the user sees none';
    const remedy = 'Correct table.include.list and the other lists, create the tables, or grant SELECT on them.';
    return [fault('tables', 'NO_TABLES', 'table.include.list', message, remedy)];
  }
  const results: CheckResult[] = [];
  for (const { id } of tables) {
    const subject = `table ${qualifiedName(id)}`;
    const unreadable = await query(client, `SELECT 1 FROM ${quoteTable(id)} LIMIT 0`).then(
      () => null,
      error => toSluiceError(error),
    );
    if (unreadable?.code === 'PRIVILEGE_MISSING') {
      const remedy = `Run: GRANT SELECT ON ${quoteTable(id)} TO the user.`;
      results.push(fault(subject, 'TABLE_UNREADABLE', 'table.include.list', 'It may not be read by this user', remedy));
    } else if (unreadable !== null) throw unreadable;
    else results.push(ok(subject, 'It can be read'));
  }
  return results;
}
