import mysql from 'mysql2';
import { SluiceError } from '../../src/contract/index.ts';
import { nothingCameFor } from '../debezium/liveness.ts';
import { databaseError } from './database-error.ts';
import { breakOff } from './disconnect.ts';

/** TLS by `database.ssl.mode`; the material as PEM (mysql2 takes no other form). */
export type TlsSettings = {
  readonly mode: 'disabled' | 'preferred' | 'required' | 'verify_ca' | 'verify_identity';
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  readonly passphrase: string | null;
};

export const noTls: TlsSettings = { mode: 'disabled', ca: null, cert: null, key: null, passphrase: null };

/** How to reach the database. */
export type ConnectionSettings = {
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | null;
  readonly tls: TlsSettings;
  /** `connect.timeout.ms`: bound on the login. */
  readonly connectTimeoutMs: number;
  readonly tcpKeepAlive: boolean;
  /** SQL run on each ordinary connection after login (`database.initial.statements`). */
  readonly initialStatements: readonly string[];
};

/** So long a server may take to answer the goodbye. */
const goodbyeMsMax = 1_000;
const keepAliveMs = 60_000;

/** So long a server may take to answer what reads no table: a SET, a comparison, a registration. Behind it the network is taken for dead. */
export const promptAnswerMsMax = 20_000;

/**
 * What the value readers count on, whatever the server's defaults are: text in UTF-8, TIMESTAMP in UTC, and no rewriting of names. And a connection that
 * has nothing to do while another one reads is kept for as long as MySQL does by itself, also where `wait_timeout` is shorter.
 */
const sessionSettings =
  "SET SESSION time_zone = '+00:00', character_set_results = utf8mb4, sql_mode = '', net_write_timeout = 3600, wait_timeout = CAST(GREATEST(@@session.wait_timeout, 28800) AS UNSIGNED), sql_quote_show_create = 1";

function sslOptions({ mode, ca, cert, key, passphrase }: TlsSettings): mysql.SslOptions {
  return {
    rejectUnauthorized: mode === 'verify_ca' || mode === 'verify_identity',
    verifyIdentity: mode === 'verify_identity',
    ...(ca !== null && { ca }),
    ...(cert !== null && { cert }),
    ...(key !== null && { key }),
    ...(passphrase !== null && { passphrase }),
  };
}

function attempt(settings: ConnectionSettings, tls: boolean): Promise<mysql.Connection> {
  const connection = mysql.createConnection({
    host: settings.hostname,
    port: settings.port,
    user: settings.user,
    ...(settings.password !== null && { password: settings.password }),
    connectTimeout: settings.connectTimeoutMs,
    enableKeepAlive: settings.tcpKeepAlive,
    keepAliveInitialDelay: keepAliveMs,
    charset: 'utf8mb4',
    supportBigNumbers: true,
    dateStrings: true,
    // `TextRows` sends queries itself, in the form without attributes; files of ours are nobody's business.
    flags: ['-CLIENT_QUERY_ATTRIBUTES', '-SESSION_TRACK', '-LOCAL_FILES'],
    ...(tls && { ssl: sslOptions(settings.tls) }),
  });
  return new Promise((resolve, reject) => {
    connection.once('error', reject);
    connection.once('connect', () => {
      connection.removeListener('error', reject);
      // A connection lost between two statements is reported by the statement that follows.
      connection.on('error', () => {});
      resolve(connection);
    });
  });
}

/**
 * A logged-in connection whose text results the value readers understand. Its owner ends it with `disconnect`. Throws DATABASE_UNAVAILABLE,
 * LOGIN_REFUSED, TLS_FAILED or another code of `databaseError`.
 */
export async function connect(settings: ConnectionSettings): Promise<mysql.Connection> {
  const where = `Cannot log in to the database server at ${settings.hostname}:${settings.port} as "${settings.user}"`;
  const { mode } = settings.tls;
  let connection: mysql.Connection;
  try {
    connection = await attempt(settings, mode !== 'disabled').catch(error => {
      if (mode === 'preferred' && (error as { code?: string }).code === 'HANDSHAKE_NO_SSL_SUPPORT') return attempt(settings, false);
      throw error;
    });
  } catch (error) {
    throw databaseError(error, where);
  }
  try {
    await query(connection, sessionSettings, [], promptAnswerMsMax);
    for (const statement of settings.initialStatements) await query(connection, statement);
    return connection;
  } catch (error) {
    await disconnect(connection);
    throw error;
  }
}

/** A row of a result by its columns' names; numbers beyond 2^53 and times are text, binary columns are buffers. */
export type ResultRow = Readonly<Record<string, string | number | Buffer | null>>;

/** So long a server may take to begin its answer to a statement that waits for nobody. */
const answerMsMax = 45_000;

/**
 * Runs a statement and answers its rows. For small results: large ones go by `TextRows`. Throws a code of `databaseError`:
 * DATABASE_UNAVAILABLE where no answer comes within `timeoutMs` (null: however long it takes, for what waits for locks). The connection is closed
 * then: what came behind it would wait for that answer, and its own time would not even begin.
 */
export function query(
  connection: mysql.Connection,
  statement: string,
  values: readonly (string | number)[] = [],
  timeoutMs: number | null = answerMsMax,
): Promise<readonly ResultRow[]> {
  const options = { sql: statement, values: [...values], ...(timeoutMs !== null && { timeout: timeoutMs }) };
  return new Promise((resolve, reject) => {
    connection.query(options, (error, rows) => {
      if (error?.code === 'PROTOCOL_SEQUENCE_TIMEOUT') {
        reject(silentServer(timeoutMs ?? 0));
        breakOff(connection, new Error(nothingCameFor(timeoutMs ?? 0)));
      } else if (error) reject(databaseError(error, statement.slice(0, 60)));
      else resolve(Array.isArray(rows) ? (rows as ResultRow[]) : []);
    });
  });
}

function silentServer(waitedMs: number): SluiceError {
  return new SluiceError('DATABASE_UNAVAILABLE', `The connection to the database is lost: ${nothingCameFor(waitedMs)}.`);
}

/** Ends a connection: politely, and where the server has fallen silent by closing the socket. Never rejects. */
export async function disconnect(connection: mysql.Connection): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    connection.destroy();
    ended.resolve();
  }, goodbyeMsMax);
  connection.end(() => ended.resolve());
  await ended.promise;
  clearTimeout(timer);
}

/** An identifier quoted for SQL. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** A table's name quoted for SQL, with its database. */
export function quoteTable({ catalog, table }: { readonly catalog: string; readonly table: string }): string {
  return `${quoteIdentifier(catalog)}.${quoteIdentifier(table)}`;
}

/** A text literal quoted for SQL (sql_mode '', as `connect` sets it: a backslash escapes). */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
