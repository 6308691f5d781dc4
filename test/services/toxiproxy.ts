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

/** A port that leads to a server, and what is done to it on the way. */
export class ToxicProxy {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly #url: string;
  readonly #name: string;

  constructor(url: string, name: string, port: number) {
    this.#url = url;
    this.#name = name;
    this.port = port;
  }

  /** Adds a fault, to the connections there are as well as to later ones. A second one of the same type and direction is refused. */
  async add(toxic: Toxic, direction: Direction = 'downstream'): Promise<void> {
    const name = `${toxic.type}_${direction}`;
    const body = { name, stream: direction, toxicity: 1, ...toxic };
    await call('POST', `${this.#url}/proxies/${this.#name}/toxics`, body, () => this.#has(name));
  }

  /** Takes a fault away. Connections that a `timeout` or `limit_data` held are closed by that. */
  async remove(type: Toxic['type'], direction: Direction = 'downstream'): Promise<void> {
    const name = `${type}_${direction}`;
    await call('DELETE', `${this.#url}/proxies/${this.#name}/toxics/${name}`, undefined, async () => !(await this.#has(name)));
  }

  /** Throws while Toxiproxy does not answer. */
  async #has(toxic: string): Promise<boolean> {
    const response = await fetch(`${this.#url}/proxies/${this.#name}/toxics/${toxic}`);
    if (response.status === 404) return false;
    if (!response.ok) throw new Error(`Toxiproxy does not answer whether ${toxic} is there: ${response.status}`);
    return true;
  }

  /** Cuts all connections and refuses new ones. */
  async disable(): Promise<void> {
    await call('POST', `${this.#url}/proxies/${this.#name}`, { enabled: false });
  }

  /** Takes connections again. */
  async enable(): Promise<void> {
    await call('POST', `${this.#url}/proxies/${this.#name}`, { enabled: true });
  }
}

/** Toxiproxy gives up answering after 25 s each. */
const stuckAnswersMax = 4;

/**
 * A call of Toxiproxy's API. Where a connection ends in the very moment, Toxiproxy may wait for it with all of its proxy locked, and answer nothing
 * but 503 (its issue 558, open in every release). What was asked is done once that is over, so it is asked whether it was.
 */
async function call(method: string, url: string, body?: unknown, done?: () => Promise<boolean>): Promise<void> {
  for (let answers = 1; ; answers++) {
    const response = await fetch(url, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
    const text = await response.text();
    if (response.ok) return;
    if (response.status !== 503 || done === undefined || answers === stuckAnswersMax)
      throw new Error(`Toxiproxy: ${method} ${url}: ${response.status} ${text}`);
    if (await done()) return;
  }
}

/** A Toxiproxy of its own: faults of the network between two processes of this machine. Stopped when disposed. */
export class ToxiproxyServer implements AsyncDisposable {
  readonly #process: ServerProcess;
  readonly #scratch: ScratchFolder;
  readonly #url: string;
  #proxies = 0;

  constructor(process: ServerProcess, scratch: ScratchFolder, url: string) {
    this.#process = process;
    this.#scratch = scratch;
    this.#url = url;
  }

  /** A free port of 127.0.0.1 that leads to this server (or `port`, for a server that tells its clients where to come back to). */
  async proxyTo(upstream: { readonly host: string; readonly port: number }, port?: number): Promise<ToxicProxy> {
    const listenPort = port ?? (await freePort());
    const name = `proxy${++this.#proxies}`;
    const addresses = { listen: `127.0.0.1:${listenPort}`, upstream: `${upstream.host}:${upstream.port}` };
    await call('POST', `${this.#url}/proxies`, { name, ...addresses, enabled: true });
    return new ToxicProxy(this.#url, name, listenPort);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
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
  try {
    const server = await ServerProcess.start({
      name: `Toxiproxy ${version}`,
      command,
      args: ['-host', '127.0.0.1', '-port', String(port), '-seed', String(seed)],
      scratch: scratch.path,
      logFile: scratch.file('toxiproxy.log'),
      ready: async () => (await fetch(`${url}/version`)).ok,
      startMsMax: 10_000,
    });
    return new ToxiproxyServer(server, scratch, url);
  } catch (error) {
    scratch[Symbol.dispose]();
    throw error;
  }
}
