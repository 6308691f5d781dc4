import { type ErrorCode, SluiceError } from '../../../contract/index.ts';

/** SQLSTATEs (appendix "PostgreSQL Error Codes"), whole or their class, that heal without anybody acting. */
const unavailable = ['08', '53', '57P', '40', '55P03', '25006'];
/** Errors of the socket below pg's client, and what it says of a connection that is no more. */
const socketCodes = /^(ECONN(REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND)$/;
const lostConnection = /Connection terminated|timeout exceeded|timeout expired|connect timeout|connection error|not queryable/i;

type Reported = { readonly code?: unknown; readonly message?: unknown };

const stateOf = (error: unknown): string => {
  const { code } = error as Reported;
  return typeof code === 'string' ? code : '';
};

/** Whether the connection is gone, or the server: what was under way may have been done or not. */
export function isConnectionError(error: unknown): boolean {
  const code = stateOf(error);
  return /^(08|57P)/.test(code) || socketCodes.test(code) || lostConnection.test(String((error as Reported).message));
}

/** Two transactions that cannot both be: tried again, one of them finds what the other has done. */
export function isRace(error: unknown): boolean {
  return ['23505', '40001', '40P01'].includes(stateOf(error));
}

/** The lock of a stream was not had in time. */
export function isLockTimeout(error: unknown): boolean {
  return stateOf(error) === '55P03';
}

/** What PostgreSQL or its client reports, as an error of the catalogue. A text that quotes values (class 22, "data exception", and 23) is not shown. */
export function storeError(error: unknown, doing: string): SluiceError {
  if (error instanceof SluiceError) return error;
  const code = stateOf(error);
  const message = String((error as Reported).message);
  const heals = isConnectionError(error) || unavailable.some(state => code.startsWith(state));
  const kind: ErrorCode = heals ? 'STORE_UNAVAILABLE' : 'STORE_FAILED';
  const shown = /^2[23]/.test(code) ? `the server refuses it (SQLSTATE ${code}); its own log has the message` : message;
  return new SluiceError(kind, `${doing}: ${shown}`, { cause: error });
}
