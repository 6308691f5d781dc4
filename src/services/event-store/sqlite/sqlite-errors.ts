import { type ErrorCode, SluiceError } from '../../../contract/index.ts';

/** SQLite's primary result codes that heal when somebody makes room, gives a right back, or ends another user of the file. */
const unavailable: ReadonlySet<number> = new Set([5, 6, 7, 8, 10, 13, 14]);

function errcode(thrown: unknown): number | null {
  return thrown instanceof Error && 'errcode' in thrown && typeof thrown.errcode === 'number' ? thrown.errcode & 0xff : null;
}

/** Whether another connection holds the file. */
export function isLocked(thrown: unknown): boolean {
  const code = errcode(thrown);
  return code === 5 || code === 6;
}

/** What an operation on the store's file ended in. `doing` completes `The event store could not ...`. */
export function storeError(doing: string, thrown: unknown): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const sqlite = errcode(thrown);
  const system = thrown instanceof Error && 'syscall' in thrown;
  const code: ErrorCode = system || (sqlite !== null && unavailable.has(sqlite)) ? 'STORE_UNAVAILABLE' : 'STORE_FAILED';
  return new SluiceError(code, `The event store could not ${doing}: ${reason}`, { cause: thrown });
}
