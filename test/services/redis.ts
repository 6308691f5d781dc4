import { writeFileSync } from 'node:fs';
import { Redis, type RedisOptions } from 'ioredis';
import { freePort } from '../support/free-port.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { until } from '../support/until.ts';
import { debianProgram } from './debian-package.ts';
import { ServerProcess } from './server-process.ts';

/** Longer than any test. */
const neverMs = 3_600_000;
/** After so long without an answer a sentinel takes its master for down, once it may. It promotes no replica that has lost its master ten times as long before. */
const downAfterMs = 3_000;

/** How a client is made, apart from the form of its answers. */
type ClientOptions = Omit<RedisOptions, 'replyMapping'>;

/** Where a server is, without a password. */
export type RedisAddress = { readonly host: string; readonly port: number };

export type RedisOptionsOfServer = {
  /** Settings as in redis.conf. They win over the defaults: no persistence, no TLS, no password. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How the tests' own client logs in: password, TLS. */
  readonly client?: ClientOptions;
  /** A sentinel that watches this master under the name `main`. */
  readonly sentinelOf?: RedisAddress;
};

const program = () => debianProgram('/usr/bin/redis-server', 'redis-server', 'TEST_REDIS_URL');

/** A client of the tests' own; the caller disconnects it. */
function clientOf({ host, port }: RedisAddress, options: ClientOptions = {}): Redis {
  const settings: ClientOptions = { host, port, lazyConnect: true, protocol: 2, ...options };
  const client = new Redis(settings);
  client.on('error', () => undefined);
  return client;
}

/** A real Redis of its own: stopped and deleted when disposed. It may be stopped and started again on the same port and data. */
export class RedisServer implements RedisAddress, AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly logFile: string;
  readonly #scratch = new ScratchFolder('redis');
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #client: ClientOptions;
  readonly #clients: Redis[] = [];
  #process: ServerProcess | null = null;

  constructor(program: string, port: number, { settings = {}, client = {}, sentinelOf }: RedisOptionsOfServer) {
    this.port = port;
    this.logFile = this.#scratch.file('server.log');
    this.#program = program;
    this.#client = client;
    const own = { port: String(port), bind: this.host, dir: this.#scratch.path };
    if (sentinelOf) {
      // A sentinel writes what it learns into its file.
      const file = this.#scratch.file('sentinel.conf');
      const watch = [
        `monitor main ${sentinelOf.host} ${sentinelOf.port} 1`,
        // A master that a laden machine keeps waiting is not down: none is, before it is said that one may be.
        `down-after-milliseconds main ${neverMs}`,
        'failover-timeout main 2000',
      ];
      const lines = [...Object.entries(own).map(([name, value]) => `${name} ${value}`), ...watch.map(line => `sentinel ${line}`)];
      writeFileSync(file, `${lines.join('\n')}\n`);
      this.#args = [file, '--sentinel'];
    } else {
      this.#args = Object.entries({ ...own, save: '', ...settings }).flatMap(([name, value]) => [`--${name}`, value]);
    }
  }

  /** Starts it (again) and waits until it answers. */
  async start(): Promise<void> {
    if (this.#process?.alive) return;
    this.#process = await ServerProcess.start({
      name: 'Redis',
      command: this.#program,
      args: this.#args,
      scratch: this.#scratch.path,
      logFile: this.logFile,
      ready: () => this.#answers(),
      startMsMax: 60_000,
    });
  }

  async #answers(): Promise<boolean> {
    const client = clientOf(this, { ...this.#client, retryStrategy: () => null });
    try {
      await client.connect();
      return (await client.ping()) === 'PONG';
    } finally {
      client.disconnect();
    }
  }

  /** A client that ends with the server object; it reconnects when the server is started again. */
  connect(options: ClientOptions = {}): Redis {
    const client = clientOf(this, { ...this.#client, ...options });
    this.#clients.push(client);
    return client;
  }

  /** Kills it, as a crash would. */
  async kill(): Promise<void> {
    await this.#process?.stop('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await this.kill();
    this.#scratch[Symbol.dispose]();
  }
}

/** A new, empty Redis on a free port of 127.0.0.1. The caller owns it. */
export async function startRedis(options: RedisOptionsOfServer = {}): Promise<RedisServer> {
  const server = new RedisServer(await program(), await freePort(), options);
  try {
    await server.start();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** Nodes of one cluster, each a master with its share of the slots. */
export type RedisClusterServers = AsyncDisposable & { readonly nodes: readonly RedisServer[] };

/** A new cluster of masters without replicas. The caller owns it. */
export async function startRedisCluster(size = 3): Promise<RedisClusterServers> {
  const stack = new AsyncDisposableStack();
  try {
    const nodes: RedisServer[] = [];
    for (let index = 0; index < size; index++) {
      const busPort = String(await freePort());
      const settings = {
        'cluster-enabled': 'yes',
        'cluster-port': busPort,
        // A node that a laden machine keeps waiting has not failed.
        'cluster-node-timeout': '10000',
        'cluster-require-full-coverage': 'no',
      };
      nodes.push(stack.use(await startRedis({ settings })));
    }
    const clients = nodes.map(node => node.connect());
    for (const [index, client] of clients.entries()) {
      const [first, end] = [index, index + 1].map(part => Math.ceil((part * 16_384) / size));
      await client.call('CLUSTER', 'ADDSLOTSRANGE', String(first), String(end! - 1));
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
      if (index > 0) await client.call('CLUSTER', 'MEET', nodes[0]!.host, String(nodes[0]!.port), await busPortOf(clients[0]!));
    }
    for (const client of clients) {
      const complete = async () => {
        const info = String(await client.call('CLUSTER', 'INFO'));
        return (
          info.includes('cluster_state:ok') && info.includes('cluster_slots_assigned:16384') && info.includes(`cluster_known_nodes:${size}`)
        );
      };
      await until(complete, { what: 'the cluster to be whole' });
    }
    return { nodes, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function busPortOf(client: Redis): Promise<string> {
  const reply = await client.call('CONFIG', 'GET', 'cluster-port');
  return Array.isArray(reply) ? String(reply[1]) : '';
}

/** A master, its replica, and a sentinel that watches them under the name `main`. */
export type RedisSentinelServers = AsyncDisposable & {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinel: RedisServer;
  /** From now on a master that does not answer is failed over; before, it stays the master, whatever it does. */
  allowFailover(): Promise<void>;
};

/** A new set-up with one sentinel, which fails over by itself within a few seconds once it is allowed to. The caller owns it. */
export async function startRedisSentinel(): Promise<RedisSentinelServers> {
  const stack = new AsyncDisposableStack();
  try {
    // The master waits so long for further replicas before it copies anything.
    const master = stack.use(await startRedis({ settings: { 'repl-diskless-sync-delay': '0' } }));
    const replica = stack.use(await startRedis({ settings: { replicaof: `${master.host} ${master.port}` } }));
    const copying = replica.connect();
    await until(async () => (await copying.info('replication')).includes('master_link_status:up'), {
      what: 'the replica to have its copy',
    });
    const sentinel = stack.use(await startRedis({ sentinelOf: master }));
    const watching = sentinel.connect();
    await until(async () => String(await watching.call('SENTINEL', 'REPLICAS', 'main')).includes(String(replica.port)), {
      what: 'the sentinel to know the replica',
      timeoutMs: 60_000,
    });
    return {
      master,
      replica,
      sentinel,
      async allowFailover() {
        await watching.call('SENTINEL', 'SET', 'main', 'down-after-milliseconds', String(downAfterMs));
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
