import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
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

/** Below those that systems give to connections: while whoever is to have it is away, nobody is given it by chance. */
const [portMin, portMax] = [10_000, 32_767];
const portsTried = 200;

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < portsTried; attempt++) {
    const port = randomInt(portMin, portMax + 1);
    if (await isFree(port)) return port;
  }
  throw new Error(`No port from ${portMin} to ${portMax} is free.`);
}
