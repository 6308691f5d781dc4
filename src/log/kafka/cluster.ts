import { setTimeout as pause } from 'node:timers/promises';
import type { OnRetry } from '../../contract/index.ts';
import { BorrowedSocket } from './borrowed-socket.ts';
import { Admin, type ClusterTopicMetadata, type Connection, ConnectionPool } from './client.ts';
import type { KafkaConnection } from './connection-config.ts';
import { BrokerError, brokerAnswer, isLost, isRepeatable, kafkaError, staleMetadata, unknownTopic } from './errors.ts';

/** Partitions of a topic and who leads each. */
export type TopicMetadata = ClusterTopicMetadata;

/** What heals within this time is not worth telling: a transaction's markers, a leader just elected. */
const untoldMsMax = 1_000;

/** Brokers that are asked in turn where one does not answer; of a larger cluster that is enough. */
const addressesMax = 10;

/** How long a call is repeated before it fails with LOG_UNAVAILABLE, unless its caller says otherwise. */
const callDeadlineMs = 60_000;

export type RetryOptions = {
  readonly abort?: AbortSignal | undefined;
  readonly deadlineMs?: number;
  /** First pause; it grows by half each time. */
  readonly backoffMs?: number;
  readonly backoffMsMax?: number;
  /** Whether to repeat too where the request or its answer got lost; only for requests that may take effect twice. */
  readonly repeatLost?: boolean;
  /** Answers that are final here although they could be repeated. */
  readonly final?: readonly string[];
  /** Answers that are repeated here although they are final elsewhere. */
  readonly passing?: readonly string[];
  /** Left out: whom the cluster tells. */
  readonly onRetry?: OnRetry | undefined;
};

/**
 * Connections to one cluster under one identity, with what is known of its brokers and topics. The client library's own repetitions are
 * switched off: what may be repeated, and for how long, is decided here and by the callers.
 */
export class Cluster implements AsyncDisposable {
  readonly connection: KafkaConnection;
  /** Where a broker may be asked: as configured, then those that were heard of. */
  readonly #addresses: string[];
  /** One for each address that it asks first, made when it is needed. */
  readonly #admins = new Map<string, Admin>();
  #asked = 0;
  #heardOf: ReadonlyMap<number, unknown> | null = null;
  readonly #pools = new Set<ConnectionPool>();
  #apis: Promise<ReadonlyMap<string, { minVersion: number; maxVersion: number }>> | null = null;
  #closed = false;
  readonly #onRetry: OnRetry;

  /** `onRetry` hears of calls that are repeated for longer than a moment. */
  constructor(connection: KafkaConnection, onRetry: OnRetry = () => {}) {
    this.connection = connection;
    this.#onRetry = onRetry;
    this.#addresses = [...connection.brokers];
  }

  /** The client's requests that any broker answers. */
  get admin(): Admin {
    const first = this.#addresses[this.#asked]!;
    const known = this.#admins.get(first);
    if (known !== undefined) return known;
    const { clientId, requestTimeoutMs, metadataAgeMsMax } = this.connection;
    const admin = new Admin({
      bootstrapBrokers: [...this.#addresses.slice(this.#asked), ...this.#addresses.slice(0, this.#asked)],
      clientId,
      retries: 0,
      timeout: requestTimeoutMs,
      metadataMaxAge: metadataAgeMsMax,
      ...this.#socketOptions(),
    });
    this.#admins.set(first, admin);
    return admin;
  }

  /** The next broker is asked first: one that takes connections and does not answer would be asked for ever. */
  #askAnother(): void {
    this.#asked = (this.#asked + 1) % this.#addresses.length;
  }

  #hear(brokers: ReadonlyMap<number, { readonly host: string; readonly port: number }>): void {
    if (this.#heardOf === brokers) return;
    this.#heardOf = brokers;
    for (const { host, port } of brokers.values()) {
      const address = `${host}:${port}`;
      if (this.#addresses.length < addressesMax && !this.#addresses.includes(address)) this.#addresses.push(address);
    }
  }

  /** Connections of their own, so that a long poll or a full pipe holds up nobody else. The caller closes them. */
  newPool(requestsInFlightMax: number): ConnectionPool {
    const pool = new ConnectionPool(this.connection.clientId, { ...this.#socketOptions(), maxInflights: requestsInFlightMax });
    // Faults reach the requests that met them; an event nobody listens to must not end the process.
    pool.on('failed', () => {});
    this.#pools.add(pool);
    return pool;
  }

  async closePool(pool: ConnectionPool): Promise<void> {
    this.#pools.delete(pool);
    await pool.close().catch(() => {});
  }

  async connectionTo(pool: ConnectionPool, node: number): Promise<Connection> {
    const { brokers } = await this.admin.metadata({ topics: [] });
    this.#hear(brokers);
    const broker = brokers.get(node);
    if (broker === undefined) throw new BrokerError('LEADER_NOT_AVAILABLE', `There is no broker ${node} right now.`);
    return pool.get({ host: broker.host, port: broker.port });
  }

  /** The same, for requests that are megabytes large. */
  async socketTo(pool: ConnectionPool, node: number): Promise<BorrowedSocket> {
    const { clientId, requestTimeoutMs } = this.connection;
    return BorrowedSocket.of(await this.connectionTo(pool, node), clientId, requestTimeoutMs);
  }

  /** The highest version of a request that both the brokers and `known` have. */
  async version(api: string, known: readonly number[]): Promise<number> {
    this.#apis ??= this.admin.listApis().then(apis => new Map(apis.map(entry => [entry.name, entry])));
    try {
      const range = (await this.#apis).get(api);
      const usable = known.filter(version => range !== undefined && version >= range.minVersion && version <= range.maxVersion);
      if (usable.length === 0) throw new BrokerError('UNSUPPORTED_VERSION', `The brokers have no usable version of ${api}.`);
      return Math.max(...usable);
    } catch (error) {
      if (!(error instanceof BrokerError)) this.#apis = null;
      throw error;
    }
  }

  /** A topic's partitions; a topic that does not exist is UNKNOWN_TOPIC_OR_PARTITION. */
  async topic(name: string, refresh = false): Promise<TopicMetadata> {
    const gone = () => new BrokerError('UNKNOWN_TOPIC_OR_PARTITION', `There is no topic ${name}.`, name);
    let topic: TopicMetadata | undefined;
    try {
      topic = (await this.admin.metadata({ topics: [name], forceUpdate: refresh })).topics.get(name);
    } catch (error) {
      throw unknownTopic.has(brokerAnswer(error)?.answer ?? '') ? gone() : error;
    }
    if (topic === undefined) throw gone();
    if (topic.partitions.some(partition => partition.leader < 0)) {
      if (refresh) throw new BrokerError('LEADER_NOT_AVAILABLE', `A partition of ${name} has no leader.`);
      return this.topic(name, true);
    }
    return topic;
  }

  /** Repeats an operation while that is safe and its time lasts. Rejects with a SluiceError. */
  async call<T>(doing: string, operation: () => Promise<T>, options: RetryOptions = {}): Promise<T> {
    const { abort, deadlineMs = callDeadlineMs, repeatLost = true, final = [], passing = [], onRetry = this.#onRetry } = options;
    const { backoffMs = this.connection.retryBackoffMs, backoffMsMax = this.connection.retryBackoffMsMax } = options;
    const deadline = performance.now() + deadlineMs;
    let [attempts, sinceMs, told] = [0, 0, false];
    for (let wait = backoffMs; ; wait = Math.min(backoffMsMax, wait * 1.5)) {
      if (abort?.aborted) throw kafkaError(doing, new Error('Stopped.'), 'LOG_UNAVAILABLE');
      const asked = this.#asked;
      try {
        const done = await operation();
        if (told) onRetry(null);
        return done;
      } catch (error) {
        const answer = brokerAnswer(error)?.answer ?? '';
        const repeatable = passing.includes(answer) ? 'answered' : isRepeatable(error);
        if (isLost(error) && this.#asked === asked) this.#askAnother();
        if (staleMetadata.has(answer) || isLost(error)) this.admin.clearMetadata();
        const over = performance.now() + wait > deadline || this.#closed;
        if (!repeatable || (repeatable === 'lost' && !repeatLost) || final.includes(answer) || over) throw kafkaError(doing, error);
        const nowMs = Date.now();
        if (++attempts === 1) sinceMs = nowMs;
        if (nowMs + wait - sinceMs >= untoldMsMax) {
          told = true;
          onRetry({ error: kafkaError(doing, error), attempts, sinceMs, nextAttemptMs: nowMs + wait });
        }
        await pause(wait, undefined, abort === undefined ? {} : { signal: abort }).catch(() => {});
      }
    }
  }

  /** The pause before a repetition that the caller makes itself. */
  async pause(abort: AbortSignal): Promise<void> {
    await pause(this.connection.retryBackoffMs, undefined, { signal: abort }).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#pools].map(pool => this.closePool(pool)));
    await Promise.all([...this.#admins.values()].map(admin => admin.close().catch(() => {})));
  }

  #socketOptions() {
    const { tls, tlsServerName, sasl, connectTimeoutMs, requestTimeoutMs } = this.connection;
    return {
      connectTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      tlsServerName,
      ...(tls === null ? {} : { tls }),
      ...(sasl === null ? {} : { sasl }),
    };
  }
}
