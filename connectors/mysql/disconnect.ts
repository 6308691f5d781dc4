import type { Connection } from 'mysql2';
import { socketOf } from './packet-channel.ts';

/** So long a server may take to end a statement that is under way when the task is told to stop. */
const goodbyeMsMax = 1_000;

/** Closes the socket: what waits for the server is refused with that reason, as one of a lost connection (`databaseError`). */
export function breakOff(connection: Connection, reason: Error): void {
  socketOf(connection).destroy(Object.assign(reason, { code: 'ETIMEDOUT' }));
}

/** Until it is disposed of: a connection that still waits for its server a moment after the abort is closed. */
export function breakOffAfter(abort: AbortSignal, connection: Connection): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    timer = setTimeout(() => connection.destroy(), goodbyeMsMax);
  };
  if (abort.aborted) begin();
  else abort.addEventListener('abort', begin, { once: true });
  return {
    [Symbol.dispose]() {
      abort.removeEventListener('abort', begin);
      clearTimeout(timer);
    },
  };
}
