import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a PostgreSQL that can lose its answer to a commit: the commit is made, and nobody hears of it. */
export type AnswerLosingProxy = AsyncDisposable & {
  /** The database's URL, by this way. */
  readonly url: string;
  /** How many answers were lost. */
  readonly lost: number;
  loseNextCommit(): void;
};

/** CommandComplete of a commit (protocol page "Message Formats"). */
const committed = Buffer.from('COMMIT\0');

export async function answerLosingProxy(database: string): Promise<AnswerLosingProxy> {
  const target = new URL(database);
  const sockets = new Set<Socket>();
  let armed = false;
  let lost = 0;
  const server = createServer(client => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on('data', bytes => {
      if (armed && bytes.includes(committed)) {
        armed = false;
        lost++;
        client.destroy();
      } else client.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(database);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    get lost() {
      return lost;
    },
    loseNextCommit() {
      armed = true;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
