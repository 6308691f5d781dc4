import { type ErrorCode, SluiceError } from '../../src/contract/index.ts';

/** What an error of the server carries: its number ("Server Error Message Reference") and its text. */
export type ServerError = { readonly errno: number; readonly message: string };

/** Numbers whose meaning here is sure. */
const codes: Readonly<Record<number, ErrorCode>> = {
  1040: 'DATABASE_UNAVAILABLE', // too many connections
  1044: 'PRIVILEGE_MISSING', // no access to that database
  1045: 'LOGIN_REFUSED',
  1049: 'DATABASE_FAILED', // unknown database
  1053: 'DATABASE_UNAVAILABLE', // shutting down
  1129: 'DATABASE_UNAVAILABLE', // host blocked after too many errors
  1130: 'LOGIN_REFUSED', // host not allowed
  1142: 'PRIVILEGE_MISSING',
  1143: 'PRIVILEGE_MISSING',
  1203: 'DATABASE_UNAVAILABLE', // too many connections of this user
  1205: 'DATABASE_UNAVAILABLE', // lock wait timeout
  1213: 'DATABASE_UNAVAILABLE', // deadlock
  1226: 'DATABASE_UNAVAILABLE', // a limit of this user is reached
  1227: 'PRIVILEGE_MISSING',
  1317: 'DATABASE_UNAVAILABLE', // somebody ended the statement (KILL QUERY): what was read stays, and the rest is read again
  1370: 'PRIVILEGE_MISSING',
  1373: 'POSITION_LOST', // MariaDB: no such binlog
  1698: 'LOGIN_REFUSED',
  1789: 'POSITION_LOST', // the replica needs transactions that the source has purged
  1862: 'LOGIN_REFUSED', // password expired
  1927: 'DATABASE_UNAVAILABLE', // MariaDB: connection killed
  1955: 'POSITION_LOST', // MariaDB: the GTID is not in the binlog
  3118: 'LOGIN_REFUSED', // account locked
  3159: 'TLS_FAILED', // the server wants TLS
  4151: 'LOGIN_REFUSED', // MariaDB: account locked
};

/** ER_MASTER_FATAL_ERROR_READING_BINLOG stands for many causes: only its text tells them apart, always in English. */
const fatalBinlogError = 1236;
const lostPosition =
  /could not find first log file|could not find GTID state requested|slave state is too old|has been purged|purged binary logs|purged required binary logs|not in the master's binlog|start replicating from GTID|impossible position|requested GTID|larger than|ahead of the last|bogus data|client requested master to start replication/i;

/** Errors of the socket below mysql2's connection, and of mysql2 itself where the server has gone. */
const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ECONNABORTED',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
]);

/** What becomes of a TLS handshake whose server goes away in its middle; mysql2 gives it the code of a failed handshake. */
const lostInHandshake = /\b(ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT)\b|disconnected before secure TLS connection/;

function isTlsError(code: string, message: string): boolean {
  if (lostInHandshake.test(message)) return false;
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT' || code === 'HANDSHAKE_SSL_ERROR') return true;
  return /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code) || /certificate|SSL routines/i.test(message);
}

function codeOf(errno: number, code: string, message: string): ErrorCode {
  if (errno === fatalBinlogError) return lostPosition.test(message) ? 'POSITION_LOST' : 'DATABASE_FAILED';
  const known = codes[errno];
  if (known) return known;
  if (isTlsError(code, message)) return 'TLS_FAILED';
  if (socketCodes.has(code) || lostInHandshake.test(message) || /closed state|Connection lost|ETIMEDOUT/i.test(message))
    return 'DATABASE_UNAVAILABLE';
  return 'DATABASE_FAILED';
}

/** Anything that mysql2 or the server reports, as an error of the catalogue; `doing` says what was tried. */
export function databaseError(error: unknown, doing?: string): SluiceError {
  if (error instanceof SluiceError) return error;
  const { errno = 0, code = '', message = String(error) } = error as { errno?: number; code?: string; message?: string };
  const cause = error instanceof Error ? error : Object.assign(new Error(message), { errno });
  return new SluiceError(codeOf(errno, code, message), doing ? `${doing}: ${message}` : message, { cause });
}

/** A table whose definition is newer than the transaction's view. */
const newerDefinition = 1412;
/** The same; a column, or a table, that is not there. */
const changedTableNumbers: ReadonlySet<number> = new Set([1054, 1146, newerDefinition]);

/** Whether the server refused a statement because a table is not as it was when the statement was made. */
export function isOfChangedTable(error: unknown): boolean {
  return isOfNumber(error, number => changedTableNumbers.has(number));
}

/** The same of a statement that may have named what never was there. */
export function isOfNewerDefinition(error: unknown): boolean {
  return isOfNumber(error, number => number === newerDefinition);
}

/** A lock was not to be had in time. */
export function isLockTimeout(error: unknown): boolean {
  return isOfNumber(error, number => number === 1205);
}

function isOfNumber(error: unknown, matches: (errno: number) => boolean): boolean {
  if (!(error instanceof Error)) return false;
  const { errno, cause } = error as { readonly errno?: number; readonly cause?: unknown };
  return (errno !== undefined && matches(errno)) || isOfNumber(cause, matches);
}

/** What is told of a table that somebody changed between the snapshot's beginning and its turn. */
export function changedTable(id: { readonly catalog: string; readonly table: string }, cause: unknown): SluiceError {
  return new SluiceError('TABLE_CHANGED', `Table ${id.catalog}.${id.table} is not as it was when the snapshot began.`, { cause });
}

/** The same for what may be a bug of ours as well: what neither the server nor a socket reported stays as it is. */
export function databaseFailure(thrown: unknown, doing: string): unknown {
  const { errno, code } = thrown as { errno?: unknown; code?: unknown };
  const reported = typeof errno === 'number' || (typeof code === 'string' && socketCodes.has(code));
  return thrown instanceof SluiceError || !reported ? thrown : databaseError(thrown, doing);
}
