import { MongoError, MongoNetworkError, MongoServerError, MongoServerSelectionError } from 'mongodb';
import { type ErrorCode, SluiceError } from '../../src/contract/index.ts';

/** What the server's error codes mean here (mongo's error_codes.yml). */
const codes: Readonly<Record<number, ErrorCode>> = {
  11: 'LOGIN_REFUSED', // UserNotFound
  13: 'PRIVILEGE_MISSING', // Unauthorized
  18: 'LOGIN_REFUSED', // AuthenticationFailed
  136: 'POSITION_LOST', // CappedPositionLost
  260: 'POSITION_LOST', // InvalidResumeToken
  280: 'POSITION_LOST', // ChangeStreamFatalError
  286: 'POSITION_LOST', // ChangeStreamHistoryLost
  // A server that steps down, shuts down or is not (yet) the primary.
  6: 'DATABASE_UNAVAILABLE',
  7: 'DATABASE_UNAVAILABLE',
  43: 'DATABASE_UNAVAILABLE', // CursorNotFound: the member that had it is gone
  50: 'DATABASE_UNAVAILABLE',
  89: 'DATABASE_UNAVAILABLE',
  91: 'DATABASE_UNAVAILABLE',
  133: 'DATABASE_UNAVAILABLE',
  134: 'DATABASE_UNAVAILABLE',
  189: 'DATABASE_UNAVAILABLE',
  234: 'DATABASE_UNAVAILABLE',
  262: 'DATABASE_UNAVAILABLE',
  10107: 'DATABASE_UNAVAILABLE',
  11600: 'DATABASE_UNAVAILABLE',
  11602: 'DATABASE_UNAVAILABLE',
  13435: 'DATABASE_UNAVAILABLE',
  13436: 'DATABASE_UNAVAILABLE',
};

const lostRemedy =
  'Take a new snapshot (snapshot.mode=when_needed does it by itself). Give the oplog more room (replSetResizeOplog) if the connector may be stopped for so long.';

/** What the catalogue's own remedy is too general for. */
const remedies: Readonly<Record<number, string>> = {
  11: 'Check mongodb.user, mongodb.password, mongodb.authsource and the credentials in mongodb.connection.string.',
  13: 'Grant the user the roles `read` on what is captured (readAnyDatabase for capture.scope=deployment) and the action changeStream.',
  18: 'Check mongodb.user, mongodb.password, mongodb.authsource and the credentials in mongodb.connection.string.',
  136: lostRemedy,
  260: lostRemedy,
  280: lostRemedy,
  286: lostRemedy,
  10334: 'A change event is larger than 16 MB: set cursor.oversize.handling.mode to split or skip.',
  40573: 'Change streams need a replica set or a sharded cluster: start the server with --replSet and initiate it.',
};

/** Codes of faults in a pipeline or filter of the user's, found before any document is looked at. */
const tellsOfConfig = new Set([2, 9, 14, 40324, 40573, 59]);

/** The server's text where it cannot hold a value of a document (invariant 8). */
function shownText({ code, codeName, message }: MongoServerError): string {
  if (typeof code === 'number' && (code in codes || code in remedies || tellsOfConfig.has(code))) return message;
  return `the server answered with error ${code ?? '?'}${codeName ? ` (${codeName})` : ''}; its own log has the message`;
}

/** What becomes of a TLS handshake whose server goes away in its middle. */
const lostInHandshake = /disconnected before secure TLS connection/;

/** Anything that the driver or the server reports, as an error of the catalogue; `doing` says what was tried. */
export function databaseError(error: unknown, doing: string): SluiceError {
  if (error instanceof SluiceError) return error;
  const cause = error instanceof Error ? error : undefined;
  if (error instanceof MongoServerError) {
    const { code } = error;
    const known = typeof code === 'number' ? codes[code] : undefined;
    const remedy = typeof code === 'number' ? remedies[code] : undefined;
    const resumable = error.hasErrorLabel('ResumableChangeStreamError') || error.hasErrorLabel('RetryableWriteError');
    const found = known ?? (resumable ? 'DATABASE_UNAVAILABLE' : 'DATABASE_FAILED');
    return new SluiceError(found, `${doing}: ${shownText(error)}`, { cause, ...(remedy !== undefined && { remedy }) });
  }
  const { message } = error as Error;
  const text = `${doing}: ${message}`;
  if (/certificate|self-signed|SSL|TLS|ERR_TLS/.test(message) && !lostInHandshake.test(message))
    return new SluiceError('TLS_FAILED', text, {
      cause,
      remedy: 'Check the server’s certificate against the tls options of mongodb.connection.string (tlsCAFile, tlsCertificateKeyFile).',
    });
  if (error instanceof MongoNetworkError || error instanceof MongoServerSelectionError)
    return new SluiceError('DATABASE_UNAVAILABLE', text, { cause });
  if (error instanceof MongoError && error.name === 'MongoTopologyClosedError')
    return new SluiceError('DATABASE_UNAVAILABLE', text, { cause });
  return new SluiceError(error instanceof MongoError ? 'DATABASE_FAILED' : 'INTERNAL', text, { cause });
}

/** The same of a stream that is to go on at a stored token: one that the server cannot make sense of is lost as well. */
export function resumeError(error: unknown, doing: string): SluiceError {
  const found = databaseError(error, doing);
  if (found.code === 'POSITION_LOST' || !(error instanceof MongoServerError) || !/resume token/i.test(error.message)) return found;
  return new SluiceError('POSITION_LOST', `${doing}: ${error.message}`, { cause: error, remedy: lostRemedy });
}
