import type { IncomingMessage, ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { type Logger, writeExactIntegers } from '../contract/index.ts';
import type { ConnectorChanges } from '../engine/changes/connector-changes.ts';
import type { Supervisor } from '../engine/supervisor/supervisor.ts';
import type { LogLevels } from '../observe/log-levels.ts';
import { AccessControl } from './access/access-control.ts';
import { type Client, clientOf, Trail } from './access/client.ts';
import { type CorsSettings, CrossOrigin } from './access/cross-origin.ts';
import { type AccessSettings, openAccess } from './access/settings.ts';
import { type Answer, errorAnswer, plainError, RequestError } from './answer.ts';
import { changeRoutes } from './changes.ts';
import { connectorPluginRoutes } from './connector-plugins.ts';
import { connectorRoutes } from './connectors.ts';
import { type Asker, handedOnHeader, handOn, workerFor } from './forwarding.ts';
import { type ListenerSettings, Listeners, type Serves } from './listeners.ts';
import { loggerRoutes } from './loggers.ts';
import { metricsRoutes } from './metrics.ts';
import { replayRoutes } from './replays.ts';
import { readBody } from './request-body.ts';
import { type RootSettings, rootRoutes } from './root.ts';
import { type Route, Router } from './router.ts';
import { eventStoreRoutes } from './services/event-store.ts';
import { sendEvents } from './services/event-stream.ts';
import { sagaRoutes } from './services/sagas.ts';
import { type HostedServices, noServices, serviceRoutes } from './services/services.ts';
import { sluiceRoutes } from './sluice.ts';
import { snapshotRoutes } from './snapshots.ts';
import type { TlsSettings } from './tls-material.ts';
import { verificationRoutes } from './verifications.ts';

/** How long a request waits for a worker that is starting before it is answered 503. */
const readyWaitMsMax = 5_000;
/** How long a client may go on sending a body that was refused. */
const unreadBodyMsMax = 2_000;

export type RestSettings = RootSettings & {
  readonly supervisor: Supervisor;
  readonly changes: ConnectorChanges;
  readonly levels: LogLevels;
  readonly logger: Logger;
  /** Of who changed what; without it, `logger`. */
  readonly auditLogger?: Logger;
  readonly listeners: readonly ListenerSettings[];
  /** Where `/admin` is answered, and nothing else; null: on `listeners` too; empty: nowhere. */
  readonly adminListeners?: readonly ListenerSettings[] | null;
  readonly tls?: TlsSettings | null;
  readonly adminTls?: TlsSettings | null;
  /** Without it, everybody may call everything. */
  readonly access?: AccessSettings;
  /** How often files (certificates, users) are looked at. */
  readonly watchEveryMs?: number;
  /** Host, port and protocol in worker_id and Location where they differ from the first listener's. */
  readonly advertised: { readonly host: string | null; readonly port: number | null; readonly protocol?: 'http' | 'https' | null };
  readonly responseHeaders: readonly { readonly name: string; readonly value: string; readonly mode: 'set' | 'add' }[];
  readonly cors: CorsSettings;
  readonly topicTracking: boolean;
  readonly topicTrackingReset: boolean;
  /** What the worker's file has it run beside its connectors; without it, nothing. */
  readonly services?: HostedServices;
  /** Resolves when the supervisor is ready; rejects where that takes too long. */
  whenReady(waitMsMax: number): Promise<void>;
};

/** The REST interface: Connect's API and ours, on all listeners. Owns its sockets; closing ends them. */
export class RestServer implements AsyncDisposable {
  readonly #settings: RestSettings;
  /** All that it answers, for the test that each has a role. */
  readonly routes: readonly Route[];
  readonly #routers: Readonly<Record<Serves, Router>>;
  readonly #listeners: Listeners;
  readonly #crossOrigin: CrossOrigin;
  readonly #closing = new AbortController();
  readonly #streams = new Set<Promise<unknown>>();
  #access: AccessControl | null = null;

  constructor(settings: RestSettings) {
    this.#settings = settings;
    const { supervisor, changes, levels, topicTracking, topicTrackingReset, services = noServices } = settings;
    this.routes = [
      ...rootRoutes(supervisor, services, settings),
      ...connectorRoutes(supervisor, { topicTracking, topicTrackingReset, url: () => this.url }),
      ...connectorPluginRoutes(supervisor),
      ...loggerRoutes(levels),
      ...changeRoutes(changes),
      ...sluiceRoutes(supervisor),
      ...snapshotRoutes(supervisor),
      ...replayRoutes(supervisor),
      ...verificationRoutes(supervisor),
      ...serviceRoutes(services),
      ...eventStoreRoutes(services.eventStore),
      ...sagaRoutes(services.sagas),
      ...metricsRoutes(supervisor, services, settings),
    ];
    const isAdmin = ({ path }: Route) => path.startsWith('/admin/');
    const regular = new Router(this.routes.filter(route => !isAdmin(route)));
    this.#routers = { all: new Router(this.routes), regular, admin: new Router(this.routes.filter(isAdmin)) };
    const { adminListeners = null, tls = null, adminTls = null, logger } = settings;
    const serves: Serves = adminListeners === null ? 'all' : 'regular';
    this.#listeners = new Listeners({
      listeners: [
        ...settings.listeners.map(listener => ({ ...listener, serves })),
        ...(adminListeners ?? []).map(listener => ({ ...listener, serves: 'admin' as const })),
      ],
      tls,
      adminTls,
      logger,
      ...(settings.watchEveryMs !== undefined && { watchEveryMs: settings.watchEveryMs }),
    });
    this.#crossOrigin = new CrossOrigin(settings.cors);
  }

  /**
   * Binds all listeners. Rejects with SluiceError LISTEN_FAILED where one cannot be had, CONFIG_INVALID or CONFIG_FILE_UNREADABLE where
   * certificates or users cannot; then none is.
   */
  async listen(): Promise<void> {
    const { access = openAccess, logger, auditLogger = logger, watchEveryMs } = this.#settings;
    const opened = await AccessControl.open(access, {
      logger,
      auditLogger,
      nowMs: Date.now,
      ...(watchEveryMs !== undefined && { watchEveryMs }),
    });
    this.#access = opened;
    try {
      await this.#listeners.listen((request, response, serves) => void this.#answer(opened, request, response, serves));
    } catch (error) {
      await opened[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** `http` where a listener speaks it, unless told otherwise, as Connect decides. */
  get #protocol(): 'http' | 'https' {
    const { advertised, listeners } = this.#settings;
    return advertised.protocol ?? (listeners.some(({ protocol = 'http' }) => protocol === 'http') ? 'http' : 'https');
  }

  /** Where others reach it. */
  get url(): string {
    return `${this.#protocol}://${this.workerId}`;
  }

  /** Where /admin is reached, if it has a listener of its own. */
  get adminPort(): number | null {
    return this.#listeners.adminPort;
  }

  /** `host:port`, as others reach it. */
  get workerId(): string {
    const { advertised } = this.#settings;
    const bound = this.#listeners.address(this.#protocol);
    const listened = bound?.host ?? '127.0.0.1';
    // All interfaces is no address.
    const host = advertised.host ?? (listened === '0.0.0.0' || listened === '::' ? hostname() : listened);
    return `${host.includes(':') ? `[${host}]` : host}:${advertised.port ?? bound?.port ?? 0}`;
  }

  /** Stops listening; requests under way are answered, at most for `waitMsMax`. */
  async close(waitMsMax: number): Promise<void> {
    // Streams end by themselves only when they are told to.
    this.#closing.abort();
    await Promise.all([this.#listeners.close(waitMsMax), ...this.#streams]);
    await this.#access?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close(0);
  }

  async #answer(access: AccessControl, request: IncomingMessage, response: ServerResponse, serves: Serves): Promise<void> {
    const { logger } = this.#settings;
    const trail = new Trail(request);
    let answer: Answer;
    let reason: string | null = null;
    try {
      answer = await this.#handle(access, request, trail, serves);
    } catch (thrown) {
      const { error, message, ...shown } = errorAnswer(thrown);
      // The path may hold a connector's name, never a secret; the query is left out.
      if (error !== null) logger.error({ method: trail.method, path: trail.path, code: error.code, err: error }, 'A request failed.');
      answer = shown;
      reason = message;
    }
    // Before the answer: who has it can rely on the line being there.
    trail.tell(access.audit, answer, reason);
    if (answer.streaming !== undefined) await this.#stream(request, response, answer, trail);
    else this.#send(request, response, answer);
    logger.debug({ method: trail.method, path: trail.path, status: answer.status }, 'A request was answered.');
  }

  async #handle(access: AccessControl, request: IncomingMessage, trail: Trail, serves: Serves): Promise<Answer> {
    const { method } = trail;
    const client = clientOf(request);
    access.countRequest(client);
    if (this.#crossOrigin.forged(request)) {
      const origin = 'A page of another origin may change nothing here; access.control.allow.origin names those that may.';
      throw new RequestError(403, origin);
    }
    const { pathname, searchParams } = parseTarget(request.url ?? '/');
    const { route, handler, parameters } = await this.#admit(access, client, trail, () => this.#routers[serves].find(method, pathname));
    const body = await readBody(request, access.bodyBytesMax);
    if (route.whenReady && !this.#settings.supervisor.ready) await this.#settings.whenReady(readyWaitMsMax);
    const { supervisor } = this.#settings;
    const handedOn = request.headers[handedOnHeader] !== undefined;
    const { group } = supervisor;
    const worker = group === null ? null : await workerFor(group, route, method, parameters['connector'], handedOn);
    const asker: Asker = { workerId: this.workerId, authorization: client.authorization, tls: this.#listeners.calls };
    const header = (name: string) => headerOf(request, name);
    if (worker === null)
      return handler({ method, parameters, query: searchParams, body, handedOn, asker, principal: trail.principal, header });
    trail.handedOnTo = worker.id;
    const target = pathname + (searchParams.size > 0 ? `?${searchParams}` : '');
    const answer = await handOn(worker, { method, target, body }, asker);
    // So that this worker's next answer knows of what was changed.
    if (method !== 'GET') await supervisor.refresh();
    return answer;
  }

  /** Finds the route, and sees to it that whoever calls may. What there is and what there is not is for those to know who are logged in. */
  async #admit<Found extends { readonly route: Route; readonly parameters: Readonly<Record<string, string>> }>(
    access: AccessControl,
    client: Client,
    trail: Trail,
    find: () => Found,
  ): Promise<Found> {
    let found: Found | null = null;
    let missing: unknown = null;
    try {
      found = find();
    } catch (error) {
      missing = error;
    }
    trail.connector = found?.parameters['connector'] ?? null;
    trail.needed = found === null ? 'viewer' : access.needed(trail.method, found.route.path);
    trail.everyday = found?.route.everyday?.some(method => method === trail.method) ?? false;
    trail.principal = await access.authenticate(client, trail.needed);
    access.authorize(trail.principal, trail.needed);
    if (found === null) throw missing;
    return found;
  }

  /** Answers with events as they come, until the client goes or the server ends. */
  async #stream(request: IncomingMessage, response: ServerResponse, { status, headers, streaming }: Answer, trail: Trail): Promise<void> {
    if (response.destroyed) return;
    response.statusCode = status;
    this.#head(request, response, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', ...headers });
    if (request.method === 'HEAD' || this.#closing.signal.aborted) {
      response.end();
      return;
    }
    response.flushHeaders();
    const sent = sendEvents(response, streaming!, this.#closing.signal);
    this.#streams.add(sent);
    const error = await sent;
    this.#streams.delete(sent);
    if (error !== null)
      this.#settings.logger.warn({ path: trail.path, err: error }, 'A stream of events ended; its client has to come again.');
  }

  #head(request: IncomingMessage, response: ServerResponse, headers: NonNullable<Answer['headers']>): void {
    for (const { name, value, mode } of this.#settings.responseHeaders) {
      if (mode === 'set') response.setHeader(name, value);
      else response.appendHeader(name, value);
    }
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    for (const [name, value] of Object.entries(this.#crossOrigin.headers(request))) response.setHeader(name, value);
  }

  #send(request: IncomingMessage, response: ServerResponse, { status, body, headers }: Answer): void {
    if (response.destroyed) return;
    // The list of methods that OPTIONS answers, and /metrics.
    const isText = typeof body === 'string';
    const text = body === undefined ? '' : isText ? body : writeExactIntegers(body);
    response.statusCode = status;
    const type = isText ? 'text/plain' : 'application/json';
    this.#head(request, response, { ...(body !== undefined && { 'content-type': type }), ...headers });
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
}

function headerOf({ headers }: IncomingMessage, name: string): string | null {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : (value ?? null);
}

/** Path (still encoded) and query of a request line, which may also name the server, as proxies ask (RFC 9112, 3.2.2). Throws 400. */
function parseTarget(url: string): { readonly pathname: string; readonly searchParams: URLSearchParams } {
  const [path = '/', query = ''] = url.replace(/^https?:\/\/[^/?]*(?=\/)/i, '').split(/\?(.*)/s);
  if (!path.startsWith('/')) throw plainError(400);
  return { pathname: path, searchParams: new URLSearchParams(query) };
}
