import {
  type ConnectorStore,
  type ConsumerOptions,
  crashPoint,
  type EventLog,
  type LogConsumer,
  type LogRecord,
  type LogWriter,
  type OnRetry,
  type PartitionOffset,
  type ReadRange,
  SluiceError,
  type SourceOffset,
  type TaskId,
  type TopicDescription,
  type TopicSpec,
  type WorkerGroup,
  type WriterOptions,
} from '../../contract/index.ts';
import { clusterId, deleteTopics, describeTopics, ensureStorageTopic, ensureTopics, truncateTopic } from './admin.ts';
import { Cluster } from './cluster.ts';
import { KafkaConnectorStore } from './connector-store.ts';
import { KafkaConsumerGroups } from './consumer-groups.ts';
import { InternalWriter } from './internal-writer.ts';
import { type KafkaLogConfig, taskProducerConfig } from './log-config.ts';
import { canonicalPartition } from './offset-format.ts';
import { OffsetStore } from './offset-store.ts';
import { describeRanges, goOnAtStart, offsetsFrom, readings } from './positions.ts';
import { TaskProducer } from './producer.ts';
import { readPartitions } from './read-partitions.ts';
import { workerGroupOf } from './worker-group-of-log.ts';
import { KafkaWriter } from './writer.ts';

const never = new AbortController().signal;
const exactlyOnce: WriterOptions = { producerOverrides: {}, transactional: true };

/**
 * Opens the log on a Kafka cluster: makes or checks Connect's three internal topics. Rejects LOG_UNAVAILABLE where no broker answers for a
 * minute, LOG_REFUSED for a wrong password, certificate or internal topic, CONFIG_INVALID.
 */
export async function openKafkaLog(config: KafkaLogConfig, abort: AbortSignal = never): Promise<EventLog> {
  const log = new KafkaLog(config);
  try {
    await log.prepare(abort);
    return log;
  } catch (error) {
    await log[Symbol.asyncDispose]();
    throw error;
  }
}

class KafkaLog implements EventLog {
  readonly kind = 'kafka';
  readonly servers: readonly string[];
  readonly connectors: ConnectorStore & AsyncDisposable;
  readonly workerGroup: WorkerGroup & AsyncDisposable;
  readonly groups: KafkaConsumerGroups;
  readonly #config: KafkaLogConfig;
  readonly #cluster: Cluster;
  readonly #readerCluster: Cluster;
  readonly #adminCluster: Cluster;
  readonly #offsets: OffsetStore;
  readonly #alone: InternalWriter;
  /** The owner of each task in this process. */
  readonly #writers = new Map<string, KafkaWriter>();

  constructor(config: KafkaLogConfig) {
    this.#config = config;
    this.servers = config.connection.brokers;
    this.#cluster = new Cluster(config.connection);
    this.#readerCluster = config.readerConnection === config.connection ? this.#cluster : new Cluster(config.readerConnection);
    this.#adminCluster = config.adminConnection === config.connection ? this.#cluster : new Cluster(config.adminConnection);
    this.#offsets = new OffsetStore(this.#cluster, config.offsetStorage.topic);
    this.#alone = new InternalWriter(this.#cluster);
    const connectors = new KafkaConnectorStore(this.#cluster, config, this.#offsets, {
      fence: async (connector, task) => void (await (await this.writer({ connector, task }, exactlyOnce, never))[Symbol.asyncDispose]()),
      replace: (connector, offsets) => this.#replaceOffsets(connector, offsets),
    });
    this.connectors = connectors;
    this.groups = new KafkaConsumerGroups(config, this.#cluster, this.#adminCluster);
    this.workerGroup = workerGroupOf(config, this.#cluster, connectors);
  }

  async prepare(abort: AbortSignal): Promise<void> {
    const { configStorage, offsetStorage, statusStorage } = this.#config;
    await ensureStorageTopic(this.#cluster, configStorage, 'connector configs', abort);
    await ensureStorageTopic(this.#cluster, offsetStorage, 'source offsets', abort);
    await ensureStorageTopic(this.#cluster, statusStorage, 'connector states', abort);
    const { partitions } = await this.#cluster.call('describe the config topic', () => this.#cluster.topic(configStorage.topic), { abort });
    if (partitions.length !== 1)
      throw new SluiceError(
        'LOG_REFUSED',
        `Topic ${configStorage.topic} must have one partition to keep configs in order, not ${partitions.length}.`,
      );
  }

  clusterId(): Promise<string> {
    return clusterId(this.#adminCluster);
  }

  async ensureTopics(topics: readonly TopicSpec[], abort: AbortSignal, onRetry?: OnRetry): Promise<void> {
    await ensureTopics(this.#adminCluster, topics, abort, onRetry);
    this.groups.topicsChanged();
  }

  async describeTopics(names?: readonly string[]): Promise<readonly TopicDescription[]> {
    const described = await describeTopics(this.#adminCluster, names);
    const { configStorage, offsetStorage, statusStorage } = this.#config;
    const internal = new Set([configStorage.topic, offsetStorage.topic, statusStorage.topic]);
    return names === undefined ? described.filter(({ topic }) => !internal.has(topic)) : described;
  }

  offsetsAt(topics: readonly string[], timestampMs: number, abort: AbortSignal): Promise<readonly PartitionOffset[]> {
    return offsetsFrom(this.#readerCluster, topics, timestampMs, abort);
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    await deleteTopics(this.#adminCluster, names);
    this.groups.topicsChanged();
  }

  async writeAlone(topic: string, value: Uint8Array): Promise<void> {
    // A transaction's end comes into its partitions a moment after it was acknowledged. Nothing is read beyond an open transaction: what was
    // read up to the last record stands before no such end any more.
    const [range] = await describeRanges(this.#readerCluster, [topic], never);
    const last = (range?.partitions[0]?.end ?? 0n) - 1n;
    if (last >= 0n) for await (const _ of this.read({ topics: [topic], from: { offset: last }, follow: false }, never));
    await this.#alone.write(topic, [{ key: null, value: Buffer.from(value) }]);
  }

  async truncate(topic: string, before: bigint): Promise<void> {
    await truncateTopic(this.#adminCluster, topic, before);
  }

  async writer(task: TaskId, options: WriterOptions, abort: AbortSignal, onRetry?: OnRetry): Promise<LogWriter> {
    if (abort.aborted) throw new SluiceError('LOG_UNAVAILABLE', 'The writer is no longer wanted.');
    const { connector } = task;
    const { connection, settings } = taskProducerConfig(this.#config, options.producerOverrides, options.transactional);
    const name = `${connector}-${task.task}`;
    this.#writers.get(name)?.fence();
    const clientId = connection.clientId === this.#config.connection.clientId ? `connector-producer-${name}` : connection.clientId;
    const cluster = new Cluster({ ...connection, clientId }, onRetry);
    // Connect's own transactional id (Worker.taskTransactionalId): workers of both kinds fence each other.
    const producer = new TaskProducer(cluster, settings, options.transactional ? `${this.#config.groupId}-${name}` : null);
    try {
      await producer.initialize(abort);
      crashPoint('kafka-id-taken');
      const stored = await this.#offsets.read(connector, abort);
      const writer: KafkaWriter = new KafkaWriter({
        task,
        cluster,
        producer,
        settings,
        transactional: options.transactional,
        offsets: stored.map(({ partition, offset }) => ({ partition, offset })),
        target: {
          topic: this.#offsets.topic,
          connector,
          keys: new Map(stored.map(({ partition, key }) => [canonicalPartition(partition), key])),
        },
        onClosed: () => {
          if (this.#writers.get(name) === writer) this.#writers.delete(name);
        },
      });
      this.#writers.set(name, writer);
      return writer;
    } catch (error) {
      await producer[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  async *read({ topics, from, follow }: ReadRange, abort: AbortSignal): AsyncGenerator<readonly LogRecord[]> {
    try {
      const wanted = await readings(this.#readerCluster, topics, from, follow, abort);
      yield* readPartitions(this.#readerCluster, wanted, goOnAtStart(this.#readerCluster, abort), abort);
    } catch (error) {
      // An aborted read ends, whatever it was waiting for.
      if (!abort.aborted) throw error;
    }
  }

  consumer(options: ConsumerOptions): LogConsumer {
    return this.groups.consumer(options);
  }

  async #replaceOffsets(connector: string, offsets: readonly SourceOffset[]): Promise<void> {
    await using writer = await this.writer({ connector, task: 0 }, exactlyOnce, never);
    await writer.append({ records: null, offsets });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#writers.values()].map(writer => writer[Symbol.asyncDispose]()));
    await this.#alone[Symbol.asyncDispose]();
    await this.groups[Symbol.asyncDispose]();
    await this.workerGroup[Symbol.asyncDispose]();
    await this.connectors[Symbol.asyncDispose]();
    for (const cluster of new Set([this.#cluster, this.#readerCluster, this.#adminCluster])) await cluster[Symbol.asyncDispose]();
  }
}
