import { SluiceError } from '../../src/contract/index.ts';

/** SQLSTATEs that may heal by themselves, as whole codes or classes (appendix "PostgreSQL Error Codes"). */
const unavailable = /^(08|53|57P|40|55P03|58030|25006|XX000$)/;
/** Those that blame a value: data exceptions and broken constraints. */
const ofRecord = /^(22|23|54)/;
const socketCodes = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND|ECONNABORTED)$/;
const clientTexts =
  /Connection terminated|timeout expired|connect timeout|connection error|Client was closed|not queryable|server closed the connection/i;

/** SQLite's result codes, by their lower byte: busy, locked, I/O, full, cannot open may pass. */
const sqliteUnavailable = new Set([5, 6, 10, 13, 14]);
/** Constraint, mismatch, too big. */
const sqliteOfRecord = new Set([18, 19, 20]);

type Reported = {
  readonly code?: string;
  readonly message: string;
  readonly errcode?: number;
  readonly constraint?: string;
  readonly column?: string;
};

/**
 * Anything that pg's client, the server or SQLite reports, as an error of the catalogue: TARGET_UNAVAILABLE, RECORD_REFUSED where a value is
 * to blame, TARGET_REFUSED for the rest. `doing` says what was tried. Texts that may quote a value are left out (invariant 8).
 */
export function targetError(thrown: unknown, doing: string): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const reported = thrown as Reported;
  const { code = '', message } = reported;
  if (code === 'ERR_SQLITE_ERROR') return sqliteError(reported, doing);
  const options = { cause: thrown };
  if (socketCodes.test(code) || clientTexts.test(message)) return new SluiceError('TARGET_UNAVAILABLE', `${doing}: ${message}`, options);
  if (!/^[0-9A-Z]{5}$/.test(code)) {
    if (thrown instanceof TypeError || thrown instanceof RangeError) return new SluiceError('INTERNAL', `${doing}: ${message}`, options);
    return new SluiceError('TARGET_REFUSED', `${doing}: ${message}`, options);
  }
  if (unavailable.test(code)) return new SluiceError('TARGET_UNAVAILABLE', `${doing}: ${message}`, options);
  if (ofRecord.test(code)) return new SluiceError('RECORD_REFUSED', `${doing}: ${withoutValue(reported)}`, options);
  return new SluiceError('TARGET_REFUSED', `${doing}: ${message} (SQLSTATE ${code})`, options);
}

/** What the server blames, by its SQLSTATE and names: its own text would quote the value. */
function withoutValue({ code, constraint, column }: Reported): string {
  const what = constraint
    ? `constraint ${constraint} is broken`
    : column
      ? `column ${column} does not take the value`
      : 'a value is not taken';
  return `${what} (SQLSTATE ${code})`;
}

function sqliteError({ errcode = 1, message }: Reported, doing: string): SluiceError {
  const kind = errcode & 0xff;
  if (sqliteUnavailable.has(kind)) return new SluiceError('TARGET_UNAVAILABLE', `${doing}: ${message}`);
  if (sqliteOfRecord.has(kind)) return new SluiceError('RECORD_REFUSED', `${doing}: ${message}`);
  return new SluiceError('TARGET_REFUSED', `${doing}: ${message}`);
}

/** What a write ends with when its task is told to stop in the middle of it: nothing of it has been done. */
export function stopped(doing: string): SluiceError {
  return new SluiceError('TARGET_UNAVAILABLE', `${doing} was given up: the task is being stopped.`);
}
