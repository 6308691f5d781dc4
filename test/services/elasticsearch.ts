import { chownSync, cpSync, mkdirSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../support/free-port.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { elasticsearchHome, elasticsearchVersion, javaHome } from './elasticsearch-binaries.ts';
import { type SystemUser, serverUser } from './postgres-binaries.ts';
import { ServerProcess } from './server-process.ts';

export type ElasticsearchOptions = {
  /** Settings as in elasticsearch.yml; they win over the defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Files put into its config folder, by name (certificates, say). */
  readonly files?: Readonly<Record<string, string>>;
  /** A header of every question whether it answers, where it asks for a login. */
  readonly authorization?: string;
  readonly heapMb?: number;
};

/** Where a server is. */
export type ElasticsearchAddress = { readonly url: string };

const defaultSettings = {
  'discovery.type': 'single-node',
  'network.host': '127.0.0.1',
  'xpack.security.enabled': 'false',
  'cluster.routing.allocation.disk.threshold_enabled': 'false', // a test machine's disk may be nearly full
  'action.destructive_requires_name': 'false',
} as const;

/** A real Elasticsearch of its own: stopped and deleted when disposed. It may be stopped and started again on the same port and data. */
export class ElasticsearchServer implements ElasticsearchAddress, AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly logFile: string;
  readonly #scratch = new ScratchFolder('elasticsearch');
  readonly #home: string;
  readonly #java: string;
  readonly #user: SystemUser | undefined;
  readonly #options: ElasticsearchOptions;
  #process: ServerProcess | null = null;

  constructor(
    home: string,
    java: string,
    ports: { http: number; transport: number },
    user: SystemUser | undefined,
    options: ElasticsearchOptions,
  ) {
    this.port = ports.http;
    const scheme = options.settings?.['xpack.security.http.ssl.enabled'] === 'true' ? 'https' : 'http';
    this.url = `${scheme}://127.0.0.1:${ports.http}`;
    this.logFile = this.#scratch.file('server.log');
    this.#home = home;
    this.#java = java;
    this.#user = user;
    const fixed = { 'http.port': String(ports.http), 'transport.port': String(ports.transport) };
    const paths = { 'path.data': this.#scratch.file('data'), 'path.logs': this.#scratch.file('logs') };
    this.#options = { ...options, settings: { ...defaultSettings, ...fixed, ...paths, ...options.settings } };
  }

  /** Makes its folders. Once, before the first start. */
  async initialize(): Promise<void> {
    const config = this.#scratch.file('config');
    cpSync(join(this.#home, 'config'), config, { recursive: true });
    for (const name of ['data', 'logs', 'tmp']) mkdirSync(this.#scratch.file(name));
    const settings = Object.entries(this.#options.settings ?? {}).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`);
    const heapMb = this.#options.heapMb ?? 512;
    await writeFile(join(config, 'elasticsearch.yml'), settings.join(''));
    await writeFile(
      join(config, 'jvm.options'),
      `-Xms${heapMb}m\n-Xmx${heapMb}m\n-XX:+UseSerialGC\n-Djava.io.tmpdir=\${ES_TMPDIR}\n20-:--add-modules=jdk.incubator.vector\n`,
    );
    for (const [name, text] of Object.entries(this.#options.files ?? {})) await writeFile(join(config, name), text);
    if (this.#user) for (const path of this.#owned(this.#scratch.path)) chownSync(path, this.#user.uid, this.#user.gid);
  }

  #owned(folder: string): string[] {
    return [folder, ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(name => join(folder, name))];
  }

  /** Starts it (again) and waits until it answers and takes writes. */
  async start(): Promise<void> {
    if (this.#process?.alive) return;
    const env = {
      ...process.env,
      ES_JAVA_HOME: this.#java,
      ES_PATH_CONF: this.#scratch.file('config'),
      ES_TMPDIR: this.#scratch.file('tmp'),
      HOME: this.#scratch.path,
      JAVA_HOME: '',
    };
    this.#process = await ServerProcess.start({
      name: `Elasticsearch ${elasticsearchVersion}`,
      command: join(this.#home, 'bin', 'elasticsearch'),
      args: ['-p', this.#scratch.file('pid')],
      scratch: this.#scratch.path,
      env,
      ...(this.#user && { user: this.#user }),
      logFile: this.logFile,
      ready: () => this.answers(),
      startMsMax: 240_000,
      readyEveryMs: 250,
    });
  }

  /** Whether it answers and every shard it has can be written to. */
  async answers(): Promise<boolean> {
    const headers = this.#options.authorization === undefined ? undefined : { authorization: this.#options.authorization };
    const asked = { ...(headers && { headers }), signal: AbortSignal.timeout(5_000) };
    // A server with TLS is asked by its tests alone, which have its certificate: here it is enough that it listens.
    if (this.url.startsWith('https:')) return (await readFile(this.logFile, 'utf8')).includes('started {');
    return (await fetch(`${this.url}/_cluster/health?wait_for_status=yellow&timeout=3s`, asked)).ok;
  }

  /** Orderly shutdown. */
  async stop(): Promise<void> {
    await this.#process?.stop('SIGTERM', 60_000);
  }

  /** Kills it, as a power cut would: the server itself, whose launcher then ends too. */
  async stopImmediately(): Promise<void> {
    if (!this.#process?.alive) return;
    await this.#signal('SIGKILL').catch(() => undefined); // it may not have come as far as to write its number
    await this.#process.stop('SIGKILL');
  }

  /** Lets it hang (SIGSTOP): its connections stay, nothing is answered. */
  async freeze(): Promise<void> {
    await this.#signal('SIGSTOP');
  }

  /** Lets it go on after `freeze`. */
  async thaw(): Promise<void> {
    await this.#signal('SIGCONT');
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    process.kill(Number(await readFile(this.#scratch.file('pid'), 'utf8')), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopImmediately();
    this.#scratch[Symbol.dispose]();
  }
}

/** A new, empty Elasticsearch on a free port of 127.0.0.1. The caller owns it. It takes 12 to 50 seconds and 750 MB. */
export async function startElasticsearch(options: ElasticsearchOptions = {}): Promise<ElasticsearchServer> {
  const user = await serverUser();
  const [home, java, http, transport] = await Promise.all([elasticsearchHome(user), javaHome(), freePort(), freePort()]);
  const server = new ElasticsearchServer(home, java, { http, transport }, user, options);
  try {
    await server.initialize();
    await server.start();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}
