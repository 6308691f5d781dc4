import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between a client and a server on 127.0.0.1, and may change what the server says or hold it back. */
export class TcpProxy implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  /** Changes bytes on their way to the client, where they lie. */
  change: (bytes: Buffer) => void = () => {};
  #held = false;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.port = (server.address() as AddressInfo).port;
  }

  /** Listens on a free port and forwards to that one. */
  static async start(serverPort: number): Promise<TcpProxy> {
    const sockets = new Set<Socket>();
    const server = createServer(client => proxy.#forward(client, serverPort));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new TcpProxy(server, sockets);
    return proxy;
  }

  #forward(client: Socket, serverPort: number): void {
    const server = connect(serverPort, '127.0.0.1');
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      if (this.#held) socket.pause();
    }
    client.on('data', bytes => server.write(bytes));
    server.on('data', bytes => {
      this.change(bytes as Buffer);
      client.write(bytes);
    });
  }

  /** Forwards nothing more, as a network that has died without a word. */
  hold(): void {
    this.#held = true;
    for (const socket of this.#sockets) socket.pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
