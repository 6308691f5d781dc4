import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { SluiceError } from '../../src/contract/index.ts';
import type { ConnectionSettings } from './options-connection.ts';
import { targetError, throwIfStopped } from './redis-error.ts';

/** What commands are sent to: one server, or a cluster. */
export type Client = Redis | Cluster;

/** A client does not reconnect by itself: whoever sends a batch again connects again, so the retries have one owner, the engine. */
const once = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  // A server that still loads its data says so to each command (LOADING); asking it beforehand takes the right to INFO.
  enableReadyCheck: false,
  retryStrategy: () => null,
  // What Redis 5 speaks too; nothing here needs the third version of the protocol.
  protocol: 2,
  disableClientInfo: true,
} as const satisfies RedisOptions;

/** The connection of one task, made anew after each failure. One owner; disposing ends it. */
export class Connection implements AsyncDisposable {
  readonly #settings: ConnectionSettings;
  readonly #name: string;
  #client: Client | null = null;

  /** `name`: how the server lists this client. */
  constructor(settings: ConnectionSettings, name: string) {
    this.#settings = settings;
    this.#name = name.replace(/[^\x21-\x7e]/g, '_');
  }

  /** For messages: where it leads. */
  get target(): string {
    const { nodes, sentinel } = this.#settings;
    const places = nodes.map(({ host, port }) => `${host}:${port}`).join(', ');
    return sentinel === null ? places : `${sentinel.master} (sentinels ${places})`;
  }

  /** The client, connected. Throws TARGET_UNAVAILABLE, TARGET_REFUSED. */
  async open(abort: AbortSignal): Promise<Client> {
    throwIfStopped(abort);
    if (this.#client?.status === 'ready') return this.#client;
    this.close();
    const client = await this.#create();
    let reported: Error | null = null;
    client.on('error', (error: Error) => {
      reported = reasonOf(error);
    });
    // A cluster reports what went wrong at one of its nodes here, and only that all have failed as its own error.
    client.on('node error', (error: Error) => {
      reported = reasonOf(error);
    });
    // The client of a cluster may leave its connect undecided when its nodes change in the middle of it: the end is told here.
    const ended = Promise.withResolvers<never>();
    const stop = () => {
      client.disconnect();
      ended.reject(new Error('the connect was given up'));
    };
    abort.addEventListener('abort', stop, { once: true });
    const late = setTimeout(stop, this.#connectMsMax);
    client.once('end', () => ended.reject(new Error('the connection was closed')));
    ended.promise.catch(() => undefined);
    try {
      await Promise.race([client.connect(), ended.promise]);
      this.#client = client;
      return client;
    } catch (error) {
      client.disconnect();
      throwIfStopped(abort);
      throw targetError(reported ?? reasonOf(error as Error), this.target, 'the connect');
    } finally {
      clearTimeout(late);
      abort.removeEventListener('abort', stop);
    }
  }

  /** Each of the nodes, or of the sentinels, may be asked in turn, and then the server itself. */
  get #connectMsMax(): number {
    return this.#settings.connectTimeoutMs * (this.#settings.nodes.length + 1);
  }

  /** Ends the connection; the next `open` makes a new one, and asks the sentinels or the cluster anew. */
  close(): void {
    this.#client?.disconnect();
    this.#client = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async #create(): Promise<Client> {
    const { nodes, topology, sentinel, tls, serverTls, username, password, connectTimeoutMs, answerTimeoutMs, database } = this.#settings;
    const secured = tls === null ? null : await tlsOptions(tls);
    const login = {
      ...(username !== null && { username }),
      ...(password !== null && { password }),
    };
    const common = {
      ...once,
      ...login,
      connectTimeout: connectTimeoutMs,
      socketTimeout: answerTimeoutMs,
      connectionName: this.#name,
      ...(secured && serverTls && { tls: secured }),
    } satisfies RedisOptions;
    if (topology === 'cluster') {
      const { retryStrategy: _, enableOfflineQueue: __, ...nodeOptions } = common;
      return new Cluster([...nodes], {
        lazyConnect: true,
        clusterRetryStrategy: () => null,
        // A cluster of which a part is away serves the rest; what it does not serve it refuses by command (CLUSTERDOWN).
        enableReadyCheck: false,
        slotsRefreshTimeout: connectTimeoutMs,
        // As they are told: a certificate is for the name, not for the address that it leads to.
        dnsLookup: (address, done) => done(null, address),
        redisOptions: nodeOptions,
      });
    }
    if (sentinel !== null) {
      return new Redis({
        ...common,
        db: database,
        sentinels: [...nodes],
        name: sentinel.master,
        sentinelRetryStrategy: () => null,
        ...(sentinel.username !== null && { sentinelUsername: sentinel.username }),
        ...(sentinel.password !== null && { sentinelPassword: sentinel.password }),
        ...(sentinel.tls && secured && { enableTLSForSentinelMode: true, sentinelTLS: secured }),
      });
    }
    return new Redis({ ...common, ...nodes[0]!, db: database });
  }
}

/** What lies below: the client wraps the last error of a cluster's node or of a sentinel. */
function reasonOf(error: Error): Error {
  const below = 'lastNodeError' in error ? error.lastNodeError : undefined;
  return below instanceof Error ? reasonOf(below) : error;
}

async function tlsOptions(tls: NonNullable<ConnectionSettings['tls']>): Promise<ConnectionOptions> {
  const [ca, cert, key] = await Promise.all([
    pem(tls.authorityFile, 'redis.cacert'),
    pem(tls.certificateFile, 'redis.key.cert'),
    pem(tls.keyFile, 'redis.key.file'),
  ]);
  return {
    rejectUnauthorized: tls.verify,
    ...(ca !== null && { ca }),
    ...(cert !== null && { cert }),
    ...(key !== null && { key }),
    ...(tls.keyPassword !== null && { passphrase: tls.keyPassword }),
  };
}

async function pem(file: string | null, option: string): Promise<string | null> {
  if (file === null) return null;
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new SluiceError('TARGET_REFUSED', `The file of ${option} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
