import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import { type Logger, SluiceError } from '../contract/index.ts';
import { FileWatch, fileWatchEveryMs } from './access/file-watch.ts';
import type { CallTls } from './http-call.ts';
import { clientTls, readTls, type TlsSettings, tlsFiles } from './tls-material.ts';

/** Sockets open at once, of each listener; more are closed as they come. */
const connectionsMax = 256;
/** A request must be there in full after so long, its headers earlier, and a TLS handshake be done. */
const requestMsMax = 30_000;
const headersMsMax = 10_000;
const handshakeMsMax = 10_000;
/** How often connections are looked at for these. */
const timesCheckEveryMs = 2_000;

/** Which paths a listener answers: all, or `/admin` on listeners of its own. */
export type Serves = 'all' | 'regular' | 'admin';

/** An address to listen on. Port 0 is any free one; `protocol` left out: http. */
export type ListenerSettings = { readonly protocol?: 'http' | 'https'; readonly host: string; readonly port: number };

export type ListenersSettings = {
  readonly listeners: readonly (ListenerSettings & { readonly serves: Serves })[];
  readonly tls: TlsSettings | null;
  /** Of listeners that serve `admin`. */
  readonly adminTls: TlsSettings | null;
  readonly logger: Logger;
  readonly watchEveryMs?: number;
};

export type Answering = (request: IncomingMessage, response: ServerResponse, serves: Serves) => void;

type Bound = { readonly settings: ListenerSettings & { readonly serves: Serves }; readonly server: Server };

/** The sockets that REST listens on, and their certificates. Closing ends them all. */
export class Listeners implements AsyncDisposable {
  readonly #settings: ListenersSettings;
  readonly #watches: FileWatch[] = [];
  #bound: readonly Bound[] = [];
  /** How other workers are called by https. */
  #calls: CallTls = {};

  constructor(settings: ListenersSettings) {
    this.#settings = settings;
  }

  get calls(): CallTls {
    return this.#calls;
  }

  /** Binds all of them. Rejects with CONFIG_INVALID for certificates that cannot be used, LISTEN_FAILED where an address cannot be had; then none is. */
  async listen(answer: Answering): Promise<void> {
    const bound: Bound[] = [];
    this.#bound = bound;
    try {
      for (const settings of this.#settings.listeners) {
        const { host, port, protocol = 'http', serves } = settings;
        const server = protocol === 'https' ? await this.#tlsServer(serves) : createServer(times);
        server.on('request', (request, response) => answer(request, response, serves));
        server.maxConnections = connectionsMax;
        bound.push({ settings, server });
        // Once it listens, such as a connection that could not be accepted for want of file descriptors.
        server.on('error', error => this.#settings.logger.warn({ host, port, err: error }, `REST: ${error.message}`));
        await new Promise<void>((resolve, reject) => {
          server.once('error', (error: NodeJS.ErrnoException) => {
            const why = error.code === 'EADDRINUSE' ? 'another process has the address' : error.message;
            reject(new SluiceError('LISTEN_FAILED', `Cannot listen on ${host}:${port}: ${why}.`, { cause: error }));
          });
          server.listen({ host, port }, resolve);
        });
      }
    } catch (error) {
      await this.close(0);
      throw error;
    }
  }

  async #tlsServer(serves: Serves): Promise<Server> {
    const tls = serves === 'admin' ? this.#settings.adminTls : this.#settings.tls;
    if (tls === null) throw new SluiceError('CONFIG_INVALID', 'An https listener needs listeners.https.ssl.keystore.location.');
    const { logger, watchEveryMs = fileWatchEveryMs } = this.#settings;
    const use = (material: SecureContextOptions) => {
      if (serves !== 'admin') this.#calls = clientTls(tls, material);
      return material;
    };
    let server: ReturnType<typeof createTlsServer> | null = null;
    const reload = async () => {
      try {
        server?.setSecureContext(use(readTls(tls)));
        logger.info({ files: tlsFiles(tls) }, 'The certificates of the REST listener were read again.');
      } catch (error) {
        logger.error({ err: error }, 'The certificates of the REST listener could not be read again; those that were read before stay.');
      }
    };
    this.#watches.push(await FileWatch.start(tlsFiles(tls), watchEveryMs, reload));
    server = createTlsServer({
      ...times,
      ...use(readTls(tls)),
      handshakeTimeout: handshakeMsMax,
      requestCert: tls.clientAuth !== 'none',
      rejectUnauthorized: tls.clientAuth === 'required',
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      // `requested`: a client may come without a certificate, but not with one that is not trusted.
      if (tls.clientAuth === 'requested' && !socket.authorized && Object.keys(socket.getPeerCertificate()).length > 0) socket.destroy();
    });
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) =>
      logger.debug({ from: socket.remoteAddress, reason: error.code ?? error.message }, 'A TLS handshake failed.'),
    );
    return server;
  }

  /** The port of the first listener of a protocol that does not serve `admin` alone; null where there is none, or it is not bound. */
  address(protocol: 'http' | 'https'): { readonly host: string; readonly port: number } | null {
    const listening = this.#bound.length > 0 ? this.#bound : this.#settings.listeners.map(settings => ({ settings, server: null }));
    const found = listening.find(({ settings }) => settings.serves !== 'admin' && (settings.protocol ?? 'http') === protocol);
    if (found === undefined) return null;
    const bound = found.server?.address() as AddressInfo | null | undefined;
    return { host: found.settings.host, port: bound?.port ?? found.settings.port };
  }

  /** The port of the first listener of `/admin` alone; null where there is none. */
  get adminPort(): number | null {
    const found = this.#bound.find(({ settings }) => settings.serves === 'admin');
    return (found?.server.address() as AddressInfo | null | undefined)?.port ?? null;
  }

  /** Stops listening; requests under way are answered, at most for `waitMsMax`. */
  async close(waitMsMax: number): Promise<void> {
    for (const watch of this.#watches.splice(0)) watch[Symbol.dispose]();
    await Promise.all(
      this.#bound.map(
        ({ server }) =>
          new Promise<void>(resolve => {
            const timer = setTimeout(() => server.closeAllConnections(), waitMsMax);
            server.close(() => {
              clearTimeout(timer);
              resolve();
            });
            server.closeIdleConnections();
          }),
      ),
    );
    this.#bound = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close(0);
  }
}

const times = { requestTimeout: requestMsMax, headersTimeout: headersMsMax, connectionsCheckingInterval: timesCheckEveryMs };
