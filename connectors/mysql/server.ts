import type { Connection } from 'mysql2';
import { SluiceError } from '../../src/contract/index.ts';
import type { TableId } from '../debezium/table.ts';
import type { MysqlFlavor } from './binlog/dump.ts';
import { collationQueries, textReading } from './collations.ts';
import { promptAnswerMsMax, query, quoteTable, type ResultRow } from './connection.ts';
import type { BinlogPosition } from './position.ts';
import type { TextReading } from './reconcile.ts';
import { isSystemDatabase } from './system-tables.ts';

/** What of a server does not change while it runs. */
export type ServerFacts = {
  readonly version: string;
  readonly major: number;
  readonly gtids: boolean;
  readonly sqlMode: string;
  /** `lower_case_table_names` is 1 or 2. */
  readonly lowerCaseNames: boolean;
  readonly reading: TextReading;
};

function text(value: ResultRow[string] | undefined): string {
  return value === undefined || value === null ? '' : String(value);
}

/** What a server answers, or what there is instead where it refuses the statement. One that does not answer refuses nothing: that is thrown. */
async function unlessRefused<T>(answer: Promise<T>, instead: () => T | Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof SluiceError && error.retry === 'backoff') throw error;
    return instead();
  }
}

const products = {
  mysql: { name: 'MySQL', connector: 'MySqlConnector' },
  mariadb: { name: 'MariaDB', connector: 'MariaDbConnector' },
} as const;

/** Throws DATABASE_FAILED where the server is of the other kind, before it is asked what only the right one knows. */
async function assertFlavor(client: Connection, flavor: MysqlFlavor): Promise<void> {
  const [row] = await query(client, 'SELECT version() AS version, @@version_comment AS comment');
  const version = text(row?.['version']);
  const found = /mariadb/i.test(`${version} ${text(row?.['comment'])}`) ? 'mariadb' : 'mysql';
  if (found === flavor) return;
  const message = `The server is no ${products[flavor].name}: it says that its version is ${version}.`;
  throw new SluiceError('DATABASE_FAILED', message, { remedy: `Use the connector class ${products[found].connector}.` });
}

/** Asks the server what it is. Throws DATABASE_FAILED where it is of the other kind, or a code of `databaseError`. */
export async function readServer(client: Connection, flavor: MysqlFlavor): Promise<ServerFacts> {
  await assertFlavor(client, flavor);
  const gtids = flavor === 'mysql' ? '@@global.gtid_mode' : "'ON'";
  const [row] = await query(
    client,
    `SELECT version() AS version, ${gtids} AS gtids, @@global.sql_mode AS sqlMode, @@lower_case_table_names AS lowerCase`,
  );
  const version = text(row?.['version']);
  const collations = [...(await query(client, collationQueries.always))];
  // Only newer servers of MariaDB have it.
  if (flavor === 'mariadb') collations.push(...(await unlessRefused(query(client, collationQueries.mariadb), () => [])));
  return {
    version,
    major: Number.parseInt(version, 10),
    gtids: text(row?.['gtids']) === 'ON',
    sqlMode: text(row?.['sqlMode']),
    lowerCaseNames: Number(row?.['lowerCase']) > 0,
    reading: textReading(collations.map(({ id, charset }) => ({ id: Number(id), charset: text(charset) }))),
  };
}

/** MySQL 8.2 has another word for it, and 8.4 no more the old one. */
async function binlogStatus(client: Connection): Promise<ResultRow | undefined> {
  const rows = await unlessRefused(query(client, 'SHOW MASTER STATUS'), () => query(client, 'SHOW BINARY LOG STATUS'));
  return rows[0];
}

/** Where the binlog ends now. Throws DATABASE_FAILED where there is none. */
export async function currentPosition(client: Connection, flavor: MysqlFlavor, { gtids }: ServerFacts): Promise<BinlogPosition> {
  const row = await binlogStatus(client);
  if (row === undefined)
    throw new SluiceError('DATABASE_FAILED', 'The server writes no binlog.', {
      remedy: 'Start the server with log_bin (and binlog_format=ROW, binlog_row_image=FULL), then restart the task.',
    });
  const file = text(row['File']);
  const position = Number(row['Position']);
  const known = flavor === 'mysql' ? text(row['Executed_Gtid_Set']) : await mariadbGtids(client, file, position);
  return {
    file,
    position,
    gtids: gtids ? known.replaceAll(/\s/g, '') : null,
    partial: null,
    serverId: 0,
    timestampSeconds: null,
  };
}

/** The GTIDs before a place of the binlog. */
export async function mariadbGtids(client: Connection, file: string, position: number): Promise<string> {
  const [row] = await query(client, 'SELECT BINLOG_GTID_POS(?, ?) AS gtids', [file, position]);
  return text(row?.['gtids']);
}

/** The GTIDs the server has purged from its binlog, or has in all. */
export async function mysqlGtids(client: Connection): Promise<{ readonly purged: string; readonly executed: string }> {
  const [row] = await query(client, 'SELECT @@global.gtid_purged AS purged, @@global.gtid_executed AS executed');
  return { purged: text(row?.['purged']).replaceAll(/\s/g, ''), executed: text(row?.['executed']).replaceAll(/\s/g, '') };
}

/** The binlog files that are still there, with their sizes. */
export async function binlogFiles(client: Connection): Promise<ReadonlyMap<string, number>> {
  const rows = await query(client, 'SHOW BINARY LOGS');
  return new Map(rows.map(row => [text(row['Log_name']), Number(row['File_size'])]));
}

/** A table as the catalog lists it now. */
export type CatalogTable = {
  readonly id: TableId;
  /** By the server's statistics; -1: unknown. */
  readonly rowsEstimated: number;
  readonly sizeBytes: number;
};

/** All tables outside the server's own databases, by name. No views. */
export async function listTables(client: Connection): Promise<readonly CatalogTable[]> {
  // MySQL 8 keeps statistics for a day unless told otherwise.
  await unlessRefused(query(client, 'SET SESSION information_schema_stats_expiry = 0', [], promptAnswerMsMax), () => []);
  const rows = await query(
    client,
    "SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name, TABLE_ROWS AS estimate, DATA_LENGTH AS size FROM information_schema.TABLES WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')",
  );
  return rows
    .map(({ db, name, estimate, size }) => ({
      id: { catalog: text(db), schema: '', table: text(name) },
      rowsEstimated: estimate === null || estimate === undefined ? -1 : Number(estimate),
      sizeBytes: Number(size ?? 0),
    }))
    .filter(({ id }) => !isSystemDatabase(id.catalog));
}

/** Whether a table has more rows than that now; looks at no more of them. A table that is not there, or may not be read, has none. */
export async function hasMoreRows(client: Connection, id: TableId, rows: number): Promise<boolean> {
  // Whoever reads it next meets the same, and says it.
  const found = await unlessRefused(query(client, `SELECT 1 FROM ${quoteTable(id)} LIMIT 1 OFFSET ${rows}`), () => []);
  return found.length > 0;
}
