import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../support/free-port.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { cached } from './cache-folder.ts';
import { ServerProcess } from './server-process.ts';

const run = promisify(execFile);
const version = '2.5.0';

/** Towards the client (`downstream`: what the server sends) or towards the server. */
export type Direction = 'downstream' | 'upstream';

/** What may be done to the bytes of a proxy's connections (Toxiproxy's own names and units). */
export type Toxic =
  | { readonly type: 'latency'; readonly attributes: { readonly latency: number; readonly jitter?: number } } // milliseconds
  | { readonly type: 'bandwidth'; readonly attributes: { readonly rate: number } } // KB a second
  | { readonly type: 'slow_close'; readonly attributes: { readonly delay: number } } // milliseconds
  /** Nothing goes through any more; 0: for ever, and the connection stays open as one does whose other end lost its power. */
  | { readonly type: 'timeout'; readonly attributes: { readonly timeout: number } } // milliseconds
  | { readonly type: 'reset_peer'; readonly attributes: { readonly timeout: number } } // milliseconds
  /** Pieces of about this size, each a delay behind the other. */
  | {
      readonly type: 'slicer';
      readonly attributes: { readonly average_size: number; readonly size_variation: number; readonly delay: number }; // bytes, microseconds
    }
  /** The connection ends after so many bytes, wherever in a message that is. */
  | { readonly type: 'limit_data'; readonly attributes: { readonly bytes: number } };

/** A call that is not answered for so long never will be: longer than a laden machine keeps the proxy waiting. */
const answerMsMax = 20_000;

/** A port that leads to a server, and what is done to it on the way. */
export class ToxicProxy {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly #server: ToxiproxyServer;
  readonly #name: string;
  readonly #upstream: string;
  readonly #toxics = new Map<string, object>();
  #enabled = true;

  constructor(server: ToxiproxyServer, name: string, port: number, upstream: string) {
    this.#server = server;
    this.#name = name;
    this.port = port;
    this.#upstream = upstream;
  }

  /** Adds a fault, to the connections there are as well as to later ones. A second one of the same type and direction is refused. */
  async add(toxic: Toxic, direction: Direction = 'downstream'): Promise<void> {
    const name = `${toxic.type}_${direction}`;
    const body = { name, stream: direction, toxicity: 1, ...toxic };
    this.#toxics.set(name, body);
    await this.#change('POST', '/toxics', body);
  }

  /** Takes a fault away. Connections that a `timeout` or `limit_data` held are closed by that. */
  async remove(type: Toxic['type'], direction: Direction = 'downstream'): Promise<void> {
    const name = `${type}_${direction}`;
    this.#toxics.delete(name);
    await this.#change('DELETE', `/toxics/${name}`);
  }

  /** Cuts all connections and refuses new ones. */
  async disable(): Promise<void> {
    this.#enabled = false;
    await this.#change('POST', '', { enabled: false });
  }

  /** Takes connections again. */
  async enable(): Promise<void> {
    this.#enabled = true;
    await this.#change('POST', '', { enabled: true });
  }

  /**
   * Where a connection's end dies in the very moment, Toxiproxy waits for it for ever, with the whole proxy locked (its issue 558, open in every
   * release). Then it is started anew as it should be by now: for the connections, a network that was gone for a moment.
   */
  async #change(method: string, path: string, body?: object): Promise<void> {
    if (!(await this.#server.call(method, `/proxies/${this.#name}${path}`, body))) await this.#server.restart();
  }

  /** Makes it as it should be, in a Toxiproxy that does not have it. */
  async make(): Promise<void> {
    const addresses = { listen: `127.0.0.1:${this.port}`, upstream: this.#upstream };
    const calls: [path: string, body: object][] = [['/proxies', { name: this.#name, ...addresses, enabled: false }]];
    for (const toxic of this.#toxics.values()) calls.push([`/proxies/${this.#name}/toxics`, toxic]);
    if (this.#enabled) calls.push([`/proxies/${this.#name}`, { enabled: true }]);
    for (const [path, body] of calls)
      if (!(await this.#server.call('POST', path, body))) throw new Error(`Toxiproxy: POST ${path} was not answered`);
  }
}

/** A Toxiproxy of its own: faults of the network between two processes of this machine. Stopped when disposed. */
export class ToxiproxyServer implements AsyncDisposable {
  readonly #start: (url: string) => Promise<ServerProcess>;
  readonly #url: string;
  readonly #scratch: ScratchFolder;
  readonly #proxies: ToxicProxy[] = [];
  #process: ServerProcess | null = null;

  constructor(start: (url: string) => Promise<ServerProcess>, scratch: ScratchFolder, url: string) {
    this.#start = start;
    this.#scratch = scratch;
    this.#url = url;
  }

  /** Starts it, or starts it anew with the proxies as they should be. */
  async restart(): Promise<void> {
    await this.#process?.stop('SIGKILL');
    this.#process = await this.#start(this.#url);
    for (const proxy of this.#proxies) await proxy.make();
  }

  /** A free port of 127.0.0.1 that leads to this server (or `port`, for a server that tells its clients where to come back to). */
  async proxyTo(upstream: { readonly host: string; readonly port: number }, port?: number): Promise<ToxicProxy> {
    const address = `${upstream.host}:${upstream.port}`;
    const proxy = new ToxicProxy(this, `proxy${this.#proxies.length + 1}`, port ?? (await freePort()), address);
    await proxy.make();
    this.#proxies.push(proxy);
    return proxy;
  }

  /** A call of its API; false: it is stuck. Throws what it refuses. */
  async call(method: string, path: string, body?: object): Promise<boolean> {
    const signal = AbortSignal.timeout(answerMsMax);
    try {
      const response = await fetch(this.#url + path, { method, signal, ...(body !== undefined && { body: JSON.stringify(body) }) });
      const text = await response.text();
      if (response.ok) return true;
      throw new Error(`Toxiproxy: ${method} ${path}: ${response.status} ${text}`);
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
    this.#scratch[Symbol.dispose]();
  }
}

/** The program, built once by Go's own installer. */
async function toxiproxyBinary(): Promise<string> {
  const folder = await cached(`toxiproxy-${version}`, async folder => {
    const module = `github.com/Shopify/toxiproxy/v2/cmd/server@v${version}`;
    try {
      await run('go', ['install', module], { env: { ...process.env, GOBIN: folder }, maxBuffer: 1 << 26 });
    } catch (error) {
      const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
      if (code === 'ENOENT') throw new Error('Toxiproxy is built with Go, and there is no go here: install it (apt-get install golang).');
      throw new Error(`\`go install ${module}\` failed:\n${stderr ?? ''}`, { cause: error });
    }
  });
  return join(folder, 'server');
}

/** A new Toxiproxy without proxies. `seed` fixes what its toxics do by chance. The caller owns it. */
export async function startToxiproxy(seed = 1): Promise<ToxiproxyServer> {
  const command = await toxiproxyBinary();
  const scratch = new ScratchFolder('toxiproxy');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const start = (at: string) =>
    ServerProcess.start({
      name: `Toxiproxy ${version}`,
      command,
      args: ['-host', '127.0.0.1', '-port', String(port), '-seed', String(seed)],
      scratch: scratch.path,
      logFile: scratch.file('toxiproxy.log'),
      ready: async () => (await fetch(`${at}/version`)).ok,
      startMsMax: 60_000,
    });
  const server = new ToxiproxyServer(start, scratch, url);
  try {
    await server.restart();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}
