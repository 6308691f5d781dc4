import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Between two attempts. */
const attemptEveryMs = 50;

/** A fault that no further attempt mends. */
export class Hopeless extends Error {}

/** Tries until it works. Rejects with the last attempt's error when the time is up, or at once when it is hopeless or `abort` says so. */
export async function eventually<T>(timeoutMs: number, abort: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    abort.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof Hopeless || performance.now() > deadlineMs) throw error;
    }
    await pause(attemptEveryMs, undefined, { signal: abort });
  }
}

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
