import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { type Logger, SluiceError } from '../contract/index.ts';
import type { Supervisor } from '../engine/supervisor.ts';
import type { LogLevels } from '../observe/log-levels.ts';
import { type Answer, errorAnswer, plainError } from './answer.ts';
import { connectorPluginRoutes } from './connector-plugins.ts';
import { connectorRoutes } from './connectors.ts';
import { handedOnHeader, handOn, workerFor } from './forwarding.ts';
import { loggerRoutes } from './loggers.ts';
import { metricsRoutes } from './metrics.ts';
import { readBody } from './request-body.ts';
import { type RootSettings, rootRoutes } from './root.ts';
import { Router } from './router.ts';
import { sluiceRoutes } from './sluice.ts';

/** How long a request waits for a worker that is starting before it is answered 503. */
const readyWaitMsMax = 5_000;
/** Sockets open at once; more are closed as they come. */
const connectionsMax = 256;
/** A request must be there in full after so long. */
const requestMsMax = 30_000;
/** How long a client may go on sending a body that was refused. */
const unreadBodyMsMax = 2_000;

export type RestSettings = RootSettings & {
  readonly supervisor: Supervisor;
  readonly levels: LogLevels;
  readonly logger: Logger;
  readonly listeners: readonly { readonly host: string; readonly port: number }[];
  /** Host and port in worker_id and Location where they differ from the first listener's. */
  readonly advertised: { readonly host: string | null; readonly port: number | null };
  readonly responseHeaders: readonly { readonly name: string; readonly value: string; readonly mode: 'set' | 'add' }[];
  readonly cors: { readonly origins: string; readonly methods: string };
  readonly topicTracking: boolean;
  readonly topicTrackingReset: boolean;
  /** Resolves when the supervisor is ready; rejects where that takes too long. */
  whenReady(waitMsMax: number): Promise<void>;
};

/** The REST interface: Connect's API and ours, on all listeners. Owns its sockets; closing ends them. */
export class RestServer implements AsyncDisposable {
  readonly #settings: RestSettings;
  readonly #router: Router;
  #servers: readonly Server[] = [];

  constructor(settings: RestSettings) {
    this.#settings = settings;
    const { supervisor, levels, topicTracking, topicTrackingReset } = settings;
    this.#router = new Router([
      ...rootRoutes(supervisor, settings),
      ...connectorRoutes(supervisor, { topicTracking, topicTrackingReset, url: () => this.url }),
      ...connectorPluginRoutes(supervisor),
      ...loggerRoutes(levels),
      ...sluiceRoutes(supervisor, () => this.workerId),
      ...metricsRoutes(supervisor, settings.version),
    ]);
  }

  /** Binds all listeners. Rejects with SluiceError LISTEN_FAILED where one cannot be had; then none is. */
  async listen(): Promise<void> {
    const servers: Server[] = [];
    this.#servers = servers;
    try {
      for (const { host, port } of this.#settings.listeners) {
        const server = createServer({ requestTimeout: requestMsMax, headersTimeout: requestMsMax }, (request, response) => {
          void this.#answer(request, response);
        });
        server.maxConnections = connectionsMax;
        servers.push(server);
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

  /** Where the first listener is reached. */
  get url(): string {
    return `http://${this.workerId}`;
  }

  /** `host:port`, as others reach it. */
  get workerId(): string {
    const { advertised, listeners } = this.#settings;
    const bound = this.#servers[0]?.address() as AddressInfo | null | undefined;
    const listened = listeners[0]?.host ?? '127.0.0.1';
    // All interfaces is no address.
    const host = advertised.host ?? (listened === '0.0.0.0' || listened === '::' ? hostname() : listened);
    return `${host.includes(':') ? `[${host}]` : host}:${advertised.port ?? bound?.port ?? listeners[0]?.port ?? 0}`;
  }

  /** Stops listening; requests under way are answered, at most for `waitMsMax`. */
  async close(waitMsMax: number): Promise<void> {
    await Promise.all(
      this.#servers.map(
        server =>
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
    this.#servers = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close(0);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { logger } = this.#settings;
    const method = request.method ?? 'GET';
    let answer: Answer;
    try {
      answer = await this.#handle(method, request);
    } catch (thrown) {
      const { error, ...shown } = errorAnswer(thrown);
      // The path may hold a connector's name, never a secret; the query is left out.
      if (error !== null) logger.error({ method, path: request.url?.split('?')[0], code: error.code, err: error }, 'A request failed.');
      answer = shown;
    }
    this.#send(request, response, answer);
    logger.debug({ method, path: request.url?.split('?')[0], status: answer.status }, 'A request was answered.');
  }

  async #handle(method: string, request: IncomingMessage): Promise<Answer> {
    const { pathname, searchParams } = parseTarget(request.url ?? '/');
    const { route, handler, parameters } = this.#router.find(method, pathname);
    const body = await readBody(request);
    if (route.whenReady && !this.#settings.supervisor.ready) await this.#settings.whenReady(readyWaitMsMax);
    const { supervisor } = this.#settings;
    const handedOn = request.headers[handedOnHeader] !== undefined;
    const { group } = supervisor;
    const worker = group === null ? null : await workerFor(group, route, method, parameters['connector'], handedOn);
    if (worker === null) return handler({ method, parameters, query: searchParams, body, handedOn });
    const target = pathname + (searchParams.size > 0 ? `?${searchParams}` : '');
    const answer = await handOn(worker, { method, target, body }, this.workerId);
    // So that this worker's next answer knows of what was changed.
    if (method !== 'GET') await supervisor.refresh();
    return answer;
  }

  #send(request: IncomingMessage, response: ServerResponse, { status, body, headers }: Answer): void {
    if (response.destroyed) return;
    // The list of methods that OPTIONS answers, and /metrics.
    const isText = typeof body === 'string';
    const text = body === undefined ? '' : isText ? body : JSON.stringify(body);
    response.statusCode = status;
    for (const { name, value, mode } of this.#settings.responseHeaders) {
      if (mode === 'set') response.setHeader(name, value);
      else response.appendHeader(name, value);
    }
    if (body !== undefined) response.setHeader('content-type', isText ? 'text/plain' : 'application/json');
    for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
    this.#allowOrigin(request, response);
    if (status !== 204) response.setHeader('content-length', Buffer.byteLength(text));
    const shown = request.method === 'HEAD' ? '' : text;
    if (request.complete) {
      response.end(shown);
      return;
    }
    // What is left of a body that was not read would be taken for the next request: the connection ends. Not before the client has sent it,
    // though, since a connection that is closed with unread bytes takes the answer with it; but for no longer than this.
    response.setHeader('connection', 'close');
    response.write(shown);
    const timer = setTimeout(() => response.end(), unreadBodyMsMax);
    request.once('close', () => {
      clearTimeout(timer);
      response.end();
    });
    request.once('end', () => response.end());
    request.resume();
  }

  /** Connect's access.control.allow.*: which pages a browser lets call this API. */
  #allowOrigin(request: IncomingMessage, response: ServerResponse): void {
    const { origins, methods } = this.#settings.cors;
    const { origin } = request.headers;
    if (origins === '' || origin === undefined) return;
    const allowed = origins.split(',').map(part => part.trim());
    if (!allowed.includes('*') && !allowed.includes(origin)) return;
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('vary', 'origin');
    if (request.method !== 'OPTIONS') return;
    response.setHeader('access-control-allow-methods', methods === '' ? 'GET,POST,HEAD' : methods);
    response.setHeader('access-control-allow-headers', 'content-type,accept');
  }
}

/** Path (still encoded) and query of a request line, which may also name the server, as proxies ask (RFC 9112, 3.2.2). Throws 400. */
function parseTarget(url: string): { readonly pathname: string; readonly searchParams: URLSearchParams } {
  const [path = '/', query = ''] = url.replace(/^https?:\/\/[^/?]*(?=\/)/i, '').split(/\?(.*)/s);
  if (!path.startsWith('/')) throw plainError(400);
  return { pathname: path, searchParams: new URLSearchParams(query) };
}
