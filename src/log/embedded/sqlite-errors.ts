import { type ErrorCode, SluiceError } from '../../contract/index.ts';

/** SQLite's primary result codes that mean something of their own here. */
const codes: ReadonlyMap<number, ErrorCode> = new Map([
  [11, 'LOG_CORRUPT'],
  [13, 'LOG_FULL'],
  [18, 'RECORD_TOO_LARGE'],
  [26, 'LOG_CORRUPT'],
]);

/** SQLITE_IOERR with the parts that running out of space may come as: SQLITE_IOERR_WRITE and SQLITE_IOERR_SHMSIZE. */
const outOfSpace: ReadonlySet<number> = new Set([10 | (3 << 8), 10 | (19 << 8)]);

/** Whether the error came out of node:sqlite, with SQLite's extended result code. */
export function sqliteCode(thrown: unknown): number | null {
  if (!(thrown instanceof Error) || !('errcode' in thrown)) return null;
  return typeof thrown.errcode === 'number' ? thrown.errcode : null;
}

/** What an operation on the log's file ended in, as an error of the catalogue. `doing` completes `The embedded log could not ...`. */
export function logError(doing: string, thrown: unknown): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const code = sqliteCode(thrown);
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const message = `The embedded log could not ${doing}: ${reason}`;
  if (code !== null) {
    if (outOfSpace.has(code)) return new SluiceError('LOG_FULL', message, { cause: thrown });
    return new SluiceError(codes.get(code & 0xff) ?? 'LOG_UNAVAILABLE', message, { cause: thrown });
  }
  const system = thrown instanceof Error && 'code' in thrown ? thrown.code : null;
  if (system === 'ENOSPC' || system === 'EDQUOT') return new SluiceError('LOG_FULL', message, { cause: thrown });
  return new SluiceError(typeof system === 'string' && system.startsWith('E') ? 'LOG_UNAVAILABLE' : 'INTERNAL', message, { cause: thrown });
}
