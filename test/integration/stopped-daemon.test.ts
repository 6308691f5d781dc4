import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { freePort } from '../support/free-port.ts';
import { freshDatabase } from '../support/fresh-database.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { sharedPostgres } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { TcpProxy } from './bad-input-proxy.ts';

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

/** A daemon's process, from its first moment on. */
class Process implements AsyncDisposable {
  readonly folder = new ScratchFolder('stopped');
  url = '';
  #child: ChildProcess | null = null;
  #closed: Promise<unknown> = Promise.resolve();
  output = '';

  /** `connector`: a connector file beside it. */
  async start(settings: Readonly<Record<string, string>>, connector: Readonly<Record<string, string>> | null = null): Promise<this> {
    this.url = `http://127.0.0.1:${await freePort()}`;
    const worker = { listeners: this.url, 'data.dir': this.folder.file('data'), connectors: this.folder.file('c*.json'), ...settings };
    await writeFile(this.folder.file('worker.yaml'), JSON.stringify(worker));
    if (connector !== null) await writeFile(this.folder.file('c.json'), JSON.stringify(connector));
    this.#child = spawn(process.execPath, [main, 'run', '-c', this.folder.file('worker.yaml')], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#closed = once(this.#child, 'close');
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream!.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    return this;
  }

  said(text: RegExp): Promise<unknown> {
    return until(() => text.test(this.output), { what: `the daemon to say ${text}`, timeoutMs: 60_000 }).catch(error => {
      throw new Error(`${(error as Error).message}\n${this.output}`);
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child!.kill(signal);
  }

  /** Its exit code, once all that it said has come. */
  async ended(): Promise<number | null> {
    await this.#closed;
    return this.#child!.exitCode;
  }

  /** It has ended by itself: within 9.5 s, which is less than any bound of what it waits for here. After these it ends all the same, and says so. */
  async assertEndedAtOnce(): Promise<void> {
    assert.equal(await this.ended(), 0, this.output);
    assert.doesNotMatch(this.output, /did not stop in time/);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGKILL');
    await this.ended();
    this.folder[Symbol.dispose]();
  }
}

/** A server that takes connections and never says a word. */
class SilentServer implements AsyncDisposable {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server = createServer(socket => this.#sockets.add(socket.on('error', () => {})));

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

const connectorTo = (port: number) => ({
  name: 'c',
  'connector.class': 'postgres',
  'topic.prefix': 'srv',
  'database.hostname': '127.0.0.1',
  'database.port': String(port),
  'database.user': 'u',
  'database.password': 'p',
  'database.dbname': 'd',
  'plugin.name': 'pgoutput',
  'retriable.restart.connector.wait.ms': '60000',
});

describe('a daemon that is told to stop', { timeout: 180_000 }, () => {
  test('while it waits for its log ends at once, and says meanwhile that it starts', async () => {
    await using daemon = await new Process().start({ 'bootstrap.servers': `127.0.0.1:${await freePort()}` });
    await daemon.said(/REST listens/);
    const asked = fetch(`${daemon.url}/connectors`).then(async response => [response.status, await response.json()]);
    const health = await fetch(`${daemon.url}/health`);
    assert.equal(health.status, 503);
    daemon.signal('SIGTERM');
    await daemon.assertEndedAtOnce();
    assert.deepEqual(await asked, [503, { error_code: 503, message: 'Worker is shutting down' }], daemon.output);
    assert.doesNotMatch(daemon.output, /INTERNAL/);
  });

  test('while a task waits to be tried again does not wait with it', async () => {
    await using daemon = await new Process().start({}, connectorTo(await freePort()));
    await daemon.said(/The task is tried again in \d+ ms/);
    daemon.signal('SIGTERM');
    await daemon.assertEndedAtOnce();
  });

  test('while it logs in to a database that says nothing does not wait for it', async () => {
    await using database = await new SilentServer().start();
    await using daemon = await new Process().start({}, connectorTo(database.port));
    await until(() => database.connections > 0, { what: 'the login', timeoutMs: 60_000 });
    daemon.signal('SIGTERM');
    await daemon.assertEndedAtOnce();
    assert.doesNotMatch(daemon.output, /is left behind/);
  });

  test('again ends at once, though its database has fallen silent and the goodbye is waited for', async () => {
    const server = await sharedPostgres(18);
    await using database = await freshDatabase(server);
    await using proxy = await TcpProxy.start(server.port);
    const slot = `slot_${database.name}`;
    const login = { 'database.user': server.user, 'database.password': server.password || 'x', 'database.dbname': database.name };
    const connector = { ...connectorTo(proxy.port), ...login, 'database.sslmode': 'disable', 'slot.name': slot };
    await using daemon = await new Process().start({}, { ...connector, 'publication.name': slot });
    const streamed = 'select from pg_replication_slots where slot_name = $1 and active';
    await daemon.said(/Streaming from/);
    await until(async () => (await database.client.query(streamed, [slot])).rowCount === 1, { what: 'the slot to be streamed from' });
    proxy.hold();
    daemon.signal('SIGTERM');
    await daemon.said(/stopping; a second one stops at once/);
    daemon.signal('SIGTERM');
    const code = await daemon.ended();
    assert.equal(code, 143, daemon.output);
    assert.doesNotMatch(daemon.output, /The worker has stopped/);
  });

  test('need not be told where it cannot have its address', async () => {
    await using taken = await new SilentServer().start();
    const free = await freePort();
    await using daemon = await new Process().start({ listeners: `http://127.0.0.1:${free},http://127.0.0.1:${taken.port}` });
    const code = await daemon.ended();
    assert.equal(code, 1);
    assert.match(
      daemon.output,
      new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${taken.port}: another process has the address\\.\nStop the process`),
    );
  });
});
