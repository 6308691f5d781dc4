import { type ErrorCode, SluiceError } from '../../src/contract/index.ts';
import { isTlsError } from './tls.ts';

/** What an error of the server carries: its SQLSTATE (appendix "PostgreSQL Error Codes") and its text. */
export type ServerError = { readonly code: string; readonly message: string };

/** SQLSTATEs whose meaning here is sure. Classes (two letters) come after whole codes. */
const codes: Readonly<Record<string, ErrorCode>> = {
  '28P01': 'LOGIN_REFUSED',
  '28000': 'LOGIN_REFUSED',
  '3D000': 'LOGIN_REFUSED',
  '42501': 'PRIVILEGE_MISSING',
  '55006': 'SLOT_IN_USE',
  '53': 'DATABASE_UNAVAILABLE', // insufficient resources, too many connections
  '57P': 'DATABASE_UNAVAILABLE', // shutting down, starting up
  '08': 'DATABASE_UNAVAILABLE',
  '40': 'DATABASE_UNAVAILABLE', // serialization failure, deadlock
};

/** What the code of the catalogue is too general for. */
const remedies: Readonly<Record<string, string>> = {
  '3D000': 'Check database.dbname: there is no such database on this server.',
};

/** Errors of the socket below pg's client. */
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
]);

/**
 * The server's text, unless it quotes a row's value (invariant 8): those of class 22, "data exception", do (`invalid input syntax for type
 * integer: "..."`), all but the one of a wrong parameter.
 */
function shownText(code: string, message: string): string {
  if (!code.startsWith('22') || code === '22023') return message;
  return `the server cannot compute with a value that a row holds (SQLSTATE ${code}); its own log has the message`;
}

/** pg's client on a statement behind the loss of its connection: that the client "is not queryable" says nothing to an operator. */
const lostBefore = /^Client has encountered a connection error/;

/** Anything that pg's client or the server reports, as an error of the catalogue; `doing` says what was tried. */
export function databaseError(error: unknown, doing?: string): SluiceError {
  if (error instanceof SluiceError) return error;
  const { code = '', message } = error as { code?: string; message: string };
  const lost = lostBefore.test(message);
  const shown = lost ? 'the connection to the database was lost' : shownText(code, message);
  const text = doing ? `${doing}: ${shown}` : shown;
  const cause = error instanceof Error ? error : undefined;
  // The server has no SQLSTATE of its own for it; the parameter's name is the same in every language.
  const walLevel = code === '55000' && /\bwal_level\b/.test(message);
  const known = walLevel ? 'WAL_LEVEL' : (codes[code] ?? codes[code.slice(0, 3)] ?? codes[code.slice(0, 2)]);
  const remedy = remedies[code];
  if (known) return new SluiceError(known, text, { cause, ...(remedy !== undefined && { remedy }) });
  if (isTlsError(code) || /does not support SSL|error establishing an SSL connection/.test(message))
    return new SluiceError('TLS_FAILED', text, { cause });
  // pg's client gives up before the server does: it was asked for a password and has none, or one that cannot be.
  if (message.startsWith('SASL:')) return new SluiceError('LOGIN_REFUSED', text, { cause });
  if (lost || socketCodes.has(code) || /Connection terminated|timeout expired|connect timeout/i.test(message)) {
    return new SluiceError('DATABASE_UNAVAILABLE', text, { cause });
  }
  return new SluiceError('DATABASE_FAILED', text, { cause });
}

/**
 * What any step of work with the database failed with: what the server or its client reports as an error of the catalogue, so that a
 * connection lost at whatever moment is tried again; anything else, a fault of ours, as it is.
 */
export function databaseFailure(thrown: unknown, doing: string): unknown {
  const found = databaseError(thrown, doing);
  const { code } = thrown as { code?: unknown };
  const reported = found.code !== 'DATABASE_FAILED' || (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code));
  return reported ? found : thrown;
}
