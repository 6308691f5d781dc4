import type { Socket } from 'node:net';
import type pg from 'pg';

/** What of pg's client is used: its socket, which its types do not name. */
type ClientWithSocket = pg.Client & { readonly connection: { readonly stream: Socket } };

/** So long a server may take to answer the goodbye, or a statement that is under way when the task is told to stop. */
const goodbyeMsMax = 1_000;

/** Closes the socket without a word: what waits for the server is refused with `reason`, where one is given. */
export function breakOff(client: pg.Client, reason?: Error): void {
  (client as ClientWithSocket).connection.stream.destroy(reason);
}

/** Until it is disposed of: a client that still waits for its server a moment after the abort is broken off. */
export function breakOffAfter(abort: AbortSignal, client: pg.Client): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    timer = setTimeout(() => breakOff(client), goodbyeMsMax);
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

/** Ends a connection: politely, and where the server has fallen silent by closing the socket. Never rejects. */
export async function disconnect(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => breakOff(client), goodbyeMsMax);
  await client.end().catch(() => {});
  clearTimeout(timer);
}
