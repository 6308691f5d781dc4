import type { DatabaseSync } from 'node:sqlite';
import {
  type AppendUnit,
  type ConnectorStore,
  type ConsumerOptions,
  type EventLog,
  type LogConsumer,
  type Logger,
  type LogRecord,
  type LogWriter,
  type PartitionOffset,
  type ReadRange,
  SluiceError,
  type SourceOffset,
  type TaskId,
  type TopicDescription,
  type TopicSpec,
  type WriterOptions,
} from '../../contract/index.ts';
import { EmbeddedConnectorStore } from './connector-store.ts';
import { EmbeddedConsumerGroups } from './consumer-groups.ts';
import { logFile, openForReading, openForWriting, recoveryTimeoutMs } from './database.ts';
import { requireWholeFile } from './file-length.ts';
import { Followers } from './followers.ts';
import { lockOwnership } from './ownership.ts';
import type { ChangeRequest, OpenedWriter } from './protocol.ts';
import { Reader } from './reader.ts';
import { logError } from './sqlite-errors.ts';
import { unheededConfigs } from './topic-configs.ts';
import type { WriterClient } from './writer-client.ts';
import { WriterSupply } from './writer-supply.ts';

/** How the embedded log is opened. */
export type EmbeddedLogOptions = {
  /** The folder of the log's file. */
  readonly dataDir: string;
  /** Reads beside the daemon, from another process; every change is refused. */
  readonly readOnly?: boolean;
  /** Where a topic has no `retention.ms` of its own; -1: for ever. Default: seven days, as Kafka's. */
  readonly retentionMs?: number;
  /** Per partition, where a topic has no `retention.bytes` of its own; -1 (the default): no limit. */
  readonly retentionBytes?: number;
  /** How often what is past its retention is deleted. Default: 60 s. */
  readonly cleanIntervalMs?: number;
  /** Of topics made without a number (-1). Default: 1. */
  readonly partitions?: number;
  /** What the file may grow to; beyond, appends are refused with LOG_FULL until retention has made room. Default: what the disk holds. */
  readonly bytesMax?: number;
  /** Where the owner's REST API is, for whoever finds the log owned. */
  readonly rest?: string;
  readonly logger: Logger;
};

const dayMs = 86_400_000;

/** The log in one SQLite file: the same pipeline without Kafka. */
export class EmbeddedLog implements EventLog {
  readonly kind = 'embedded';
  readonly servers = null;
  readonly workerGroup = null;
  readonly connectors: ConnectorStore;
  readonly groups: EmbeddedConsumerGroups;
  readonly #database: DatabaseSync;
  readonly #followers: Followers;
  readonly #reader: Reader;
  readonly #writer: WriterSupply | null;
  readonly #lock: DatabaseSync | null;
  readonly #logger: Logger;
  #disposed: Promise<void> | null = null;

  /** Use openEmbeddedLog. */
  constructor(options: EmbeddedLogOptions, lock: DatabaseSync | null) {
    const { dataDir, logger } = options;
    this.#lock = lock;
    this.#logger = logger;
    // The tables are there before the reader looks for them.
    if (lock) openForWriting(dataDir).close();
    // The owner's loop never waits for a lock: after a recovery at its start there is none to wait for.
    this.#database = openForReading(dataDir, lock ? 0 : recoveryTimeoutMs);
    this.#followers = new Followers(this.#database);
    this.#reader = new Reader(this.#database, this.#followers);
    this.connectors = new EmbeddedConnectorStore(this.#database, async change => {
      await this.#change(change);
    });
    this.groups = new EmbeddedConsumerGroups({
      database: this.#database,
      reader: this.#reader,
      logger,
      onCommitted: listener => this.#followers.onCommitted(listener),
      change: change => this.#change(change),
    });
    const retentionMs = options.retentionMs ?? 7 * dayMs;
    const { retentionBytes = -1, cleanIntervalMs = 60_000, partitions: partitionsDefault = 1, bytesMax = null } = options;
    this.#writer = lock
      ? new WriterSupply(
          { dataDir, retentionMs, retentionBytes, cleanIntervalMs, partitionsDefault, bytesMax },
          {
            committed: () => this.#followers.wake(),
            cleaningFailed: error => logger.error({ code: error.code }, `${error.message} It is tried again. ${error.remedy}`),
          },
          logger,
        )
      : null;
  }

  async clusterId(): Promise<string> {
    return String(this.#database.prepare("select value from meta where name = 'cluster_id'").get()?.['value']);
  }

  async ensureTopics(topics: readonly TopicSpec[], abort: AbortSignal): Promise<void> {
    abort.throwIfAborted();
    for (const { topic, configs } of topics) {
      const ignored = unheededConfigs(configs);
      if (ignored.length > 0)
        this.#logger.warn({ topic, configs: ignored }, 'These topic configs concern Kafka’s brokers and mean nothing here.');
    }
    await this.#change({ kind: 'ensureTopics', topics });
    this.groups.topicsChanged();
  }

  async describeTopics(names?: readonly string[]): Promise<readonly TopicDescription[]> {
    return this.#reader.describe(names);
  }

  async offsetsAt(topics: readonly string[], timestampMs: number, abort: AbortSignal): Promise<readonly PartitionOffset[]> {
    try {
      return await this.#reader.offsetsAt(topics, timestampMs, AbortSignal.any([abort, this.#followers.ended]));
    } catch (thrown) {
      throw logError('read', thrown);
    }
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    await this.#change({ kind: 'deleteTopics', names });
    this.groups.topicsChanged();
  }

  async truncate(topic: string, before: bigint): Promise<void> {
    await this.#change({ kind: 'truncate', topic, before: Number(before) });
  }

  async writer(task: TaskId, _options: WriterOptions, abort: AbortSignal): Promise<LogWriter> {
    abort.throwIfAborted();
    const thread = this.#thread();
    const opened = await thread.change({ kind: 'openWriter', task });
    if (!opened) throw new SluiceError('INTERNAL', 'The embedded log opened no writer.');
    return new EmbeddedWriter(task, opened, thread);
  }

  async *read(range: ReadRange, abort: AbortSignal): AsyncGenerator<readonly LogRecord[]> {
    try {
      yield* this.#reader.read(range, AbortSignal.any([abort, this.#followers.ended]));
    } catch (thrown) {
      throw logError('read', thrown);
    }
  }

  consumer(options: ConsumerOptions): LogConsumer {
    return this.groups.consumer(options);
  }

  /** Deletes and compacts now what the next turns would, and waits for it. */
  async clean(): Promise<void> {
    await this.#change({ kind: 'clean' });
  }

  async #change(change: ChangeRequest): Promise<OpenedWriter | null> {
    return this.#thread().change(change);
  }

  /** The writer's thread there is now. Throws LOG_REFUSED where this process only reads. */
  #thread(): WriterClient {
    if (this.#writer) return this.#writer.current;
    throw new SluiceError('LOG_REFUSED', 'This process opened the embedded log for reading only.', {
      remedy: 'Ask the daemon over its REST API.',
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    this.#followers.end();
    await this.groups[Symbol.asyncDispose]();
    // The reading connection first: the last one to go tidies the write-ahead log away, and only the writer's may.
    this.#database.close();
    await this.#writer?.close();
    this.#lock?.close();
  }
}

/** Units of one writer handed to the thread: enough to join several into one transaction while the next are filled. */
const unitsUnderWayMax = 4;

/** One task's writer; the thread knows it by its id. */
class EmbeddedWriter implements LogWriter {
  readonly offsets: readonly SourceOffset[];
  readonly #task: TaskId;
  readonly #id: number;
  readonly #writer: WriterClient;
  #unitsUnderWay = 0;
  #wantRoom: (() => void)[] = [];

  constructor(task: TaskId, { writerId, offsets }: OpenedWriter, writer: WriterClient) {
    this.#task = task;
    this.#id = writerId;
    this.#writer = writer;
    this.offsets = offsets;
  }

  async append(unit: AppendUnit): Promise<void> {
    this.#unitsUnderWay++;
    try {
      await this.#writer.append(this.#id, unit);
    } catch (thrown) {
      const { code, message, remedy } = logError('append', thrown);
      const { connector, task } = this.#task;
      throw new SluiceError(code, `Connector '${connector}', task ${task}: ${message}`, { remedy, cause: thrown });
    } finally {
      this.#unitsUnderWay--;
      for (const resolve of this.#wantRoom.splice(0)) resolve();
    }
  }

  room(): Promise<void> | null {
    return this.#unitsUnderWay < unitsUnderWayMax ? null : new Promise(resolve => this.#wantRoom.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A log that is closed already has no writers left.
    await this.#writer.change({ kind: 'closeWriter', writerId: this.#id }).catch(() => {});
  }
}

/**
 * Opens the log under `dataDir`, creating it where there is none (unless `readOnly`). Throws SluiceError LOG_LOCKED, naming the owner, where
 * another process owns it, LOG_CORRUPT, LOG_UNAVAILABLE.
 */
export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
  const lock = options.readOnly ? null : lockOwnership(options.dataDir, options.rest);
  try {
    if (lock) requireWholeFile(logFile(options.dataDir));
    return new EmbeddedLog(options, lock);
  } catch (thrown) {
    lock?.close();
    throw thrown;
  }
}
