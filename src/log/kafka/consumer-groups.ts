import type { ConsumerGroups, ConsumerOptions, LogConsumer, PartitionOffset, TopicPartition } from '../../contract/index.ts';
import { Cluster } from './cluster.ts';
import { KafkaConsumer } from './consumer.ts';
import { taskConsumerConfig } from './consumer-options.ts';
import { SubscribedTopics } from './consumer-topics.ts';
import { GroupOffsets } from './group-offsets.ts';
import type { KafkaLogConfig } from './log-config.ts';
import { TopicEras } from './topic-eras.ts';
import { GroupRequests } from './worker-group-requests.ts';

/** Of Kafka's own consumers, so that its tools know what they see. */
const protocolType = 'consumer';
const never = new AbortController().signal;

/** Consumer groups of the cluster, and the members of them that this process has. */
export class KafkaConsumerGroups implements ConsumerGroups, AsyncDisposable {
  readonly #config: KafkaLogConfig;
  readonly #adminCluster: Cluster;
  readonly #eras: TopicEras;
  readonly #consumers = new Set<KafkaConsumer>();

  /** `cluster` is the worker's own, which may write its internal topics. */
  constructor(config: KafkaLogConfig, cluster: Cluster, adminCluster: Cluster) {
    this.#config = config;
    this.#adminCluster = adminCluster;
    this.#eras = new TopicEras(cluster, config.offsetStorage.topic);
  }

  /** Throws CONFIG_INVALID. */
  consumer(options: ConsumerOptions): LogConsumer {
    const { connection, settings } = taskConsumerConfig(this.#config, options.overrides);
    const named = connection.clientId !== this.#config.connection.clientId;
    const clientId = named ? connection.clientId : `connector-consumer-${options.group.replace(/^connect-/, '')}`;
    const cluster = new Cluster({ ...connection, clientId });
    const times = {
      sessionTimeoutMs: settings.sessionTimeoutMs,
      heartbeatMs: settings.heartbeatMs,
      rebalanceTimeoutMs: settings.pollMsMax,
    };
    const { configStorage, offsetStorage, statusStorage } = this.#config;
    const consumer = new KafkaConsumer({
      options,
      settings,
      cluster,
      requests: new GroupRequests({ ...connection, clientId }, options.group, protocolType, times),
      offsets: new GroupOffsets(cluster, options.group),
      topics: new SubscribedTopics(cluster, options.topics, new Set([configStorage.topic, offsetStorage.topic, statusStorage.topic])),
      eras: this.#eras,
      rebalances: by => this.#rebalances(by),
      closed: closed => this.#consumers.delete(closed),
    });
    this.#consumers.add(consumer);
    return consumer;
  }

  async offsets(group: string): Promise<readonly PartitionOffset[]> {
    await using offsets = new GroupOffsets(this.#adminCluster, group);
    return await offsets.fetch(never);
  }

  async alterOffsets(group: string, changes: readonly (TopicPartition & { readonly offset: bigint | null })[]): Promise<void> {
    await using offsets = new GroupOffsets(this.#adminCluster, group);
    await offsets.requireNoMembers();
    const set = changes.flatMap(({ offset, ...place }) => (offset === null ? [] : [{ ...place, offset }]));
    const removed = changes.filter(({ offset }) => offset === null);
    if (set.length > 0) await offsets.set(set);
    if (removed.length > 0) await offsets.delete(removed);
  }

  async remove(group: string): Promise<void> {
    await using offsets = new GroupOffsets(this.#adminCluster, group);
    await offsets.removeGroup();
  }

  /** The other members of the group in this process need not wait for a heartbeat to hear of it. */
  #rebalances(by: KafkaConsumer): void {
    for (const consumer of this.#consumers) if (consumer !== by && consumer.group === by.group) consumer.rejoin();
  }

  /** Topics were made or deleted by this process. */
  topicsChanged(): void {
    for (const consumer of this.#consumers) consumer.topicsChanged();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#consumers].map(consumer => consumer[Symbol.asyncDispose]()));
    await this.#eras[Symbol.asyncDispose]();
  }
}
