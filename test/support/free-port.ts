import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that systems give to connections and to servers that take any (Linux: from 32768, others from 49152): while a server is
 * stopped, or not yet started, nobody is given its port by chance.
 */
const [portMin, portMax] = [10_000, 32_767];
const attemptsMax = 200;

/** Holds a port's number for as long as this process lives, against all others that ask here: UDP has ports of its own, which no server of ours uses. */
async function claimed(port: number): Promise<boolean> {
  const claim = createSocket('udp4');
  try {
    claim.bind({ port, address: '127.0.0.1', exclusive: true });
    await once(claim, 'listening');
    claim.unref();
    return true;
  } catch {
    claim.close();
    return false;
  }
}

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

/** A port of 127.0.0.1 that nobody listens on now, and that no other test is given while this process lives. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const port = randomInt(portMin, portMax + 1);
    if ((await claimed(port)) && (await isFree(port))) return port;
  }
  throw new Error(`No port from ${portMin} to ${portMax} is free.`);
}
