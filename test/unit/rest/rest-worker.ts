import type { WorkerGroup } from '../../../src/contract/index.ts';
import { ConnectorChanges } from '../../../src/engine/changes/connector-changes.ts';
import { LogLevels } from '../../../src/observe/log-levels.ts';
import { RestServer, type RestSettings } from '../../../src/rest/server.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { resolvingWith, Supervised } from '../engine/supervised.ts';

/** An answer as tests look at it: its body as JSON where it is JSON. */
export type Answered = { readonly status: number; readonly body: unknown; readonly headers: Headers };

/** `group`: the group of workers it is in. */
export type RestWorkerSettings = Partial<RestSettings> & { readonly started?: boolean; readonly group?: WorkerGroup | null };

/** REST over a supervisor with the scripted connector, on a free port. */
export class RestWorker implements AsyncDisposable {
  readonly supervised = new Supervised();
  #rest: RestServer | null = null;

  /** With `started` false its supervisor is one that has not loaded its connectors yet. */
  async start({ started = true, group = null, ...changes }: RestWorkerSettings = {}): Promise<this> {
    if (started) await this.supervised.start([], {}, group);
    else this.supervised.make();
    this.#rest = new RestServer({
      supervisor: this.supervised.supervisor,
      changes: new ConnectorChanges({
        supervisor: this.supervised.supervisor,
        resolving: resolvingWith(this.supervised.script),
        log: () => this.supervised.log,
        readFiles: async () => ({ connectors: [], faults: [] }),
        logger: silentLogger,
        pause: async () => {},
        stopping: new AbortController().signal,
      }),
      levels: new LogLevels('error', () => 1),
      logger: silentLogger,
      listeners: [{ host: '127.0.0.1', port: 0 }],
      advertised: { host: null, port: null },
      responseHeaders: [],
      cors: { origins: '', methods: '' },
      topicTracking: true,
      topicTrackingReset: true,
      version: '0.1.0',
      commit: 'unknown',
      startup: () => null,
      whenReady: async () => {},
      ...changes,
    });
    await this.#rest.listen();
    return this;
  }

  get rest(): RestServer {
    return this.#rest!;
  }

  get url(): string {
    return this.#rest!.url;
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answered> {
    const response = await fetch(this.url + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    let parsed: unknown = text === '' ? undefined : text;
    try {
      parsed = JSON.parse(text);
    } catch {
      // Not every answer is JSON.
    }
    return { status: response.status, body: parsed, headers: response.headers };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rest?.[Symbol.asyncDispose]();
    await this.supervised[Symbol.asyncDispose]();
  }
}
