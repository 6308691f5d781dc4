import { ConfigResourceTypes } from './client.ts';
import type { Cluster } from './cluster.ts';
import { brokerAnswer } from './errors.ts';

/** What a writer must know of a topic. */
export type TopicLimits = {
  readonly partitions: number;
  /** `max.message.bytes`: the largest batch the topic takes; null where this client may not know. */
  readonly batchBytesMax: number | null;
  readonly learntMs: number;
};

/** How long a topic that does not exist (yet) is waited for: topics just made take a moment to be known to every broker. */
const unknownTopicMsMax = 5_000;

/** Partition counts and size limits of the topics written to; learnt once and renewed when they are old. */
export class TopicCache {
  readonly #cluster: Cluster;
  readonly #known = new Map<string, TopicLimits>();
  readonly #renewing = new Set<string>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** What is known, without waiting; renewed in the background when it is old. undefined: `learn` it first. */
  get(topic: string): TopicLimits | undefined {
    const limits = this.#known.get(topic);
    if (limits !== undefined && performance.now() - limits.learntMs > this.#cluster.connection.metadataAgeMsMax) this.#renew(topic);
    return limits;
  }

  /** Learns anew without anybody waiting; what was known stays until then. */
  #renew(topic: string): void {
    if (this.#renewing.has(topic)) return;
    this.#renewing.add(topic);
    // A fault will show itself where the topic is used.
    this.learn(topic)
      .catch(() => {})
      .finally(() => this.#renewing.delete(topic));
  }

  /** Rejects TOPIC_UNKNOWN. */
  async learn(topic: string): Promise<TopicLimits> {
    const { partitions } = await this.#cluster.call(`write to topic ${topic}`, () => this.#cluster.topic(topic, true), {
      deadlineMs: unknownTopicMsMax,
    });
    const limits = { partitions: partitions.length, batchBytesMax: await this.#batchBytesMax(topic), learntMs: performance.now() };
    this.#known.set(topic, limits);
    return limits;
  }

  async #batchBytesMax(topic: string): Promise<number | null> {
    const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: ['max.message.bytes'] };
    try {
      const [described] = await this.#cluster.admin.describeConfigs({ resources: [resource] });
      const value = described?.configs.find(config => config.name === 'max.message.bytes')?.value;
      return value === null || value === undefined ? null : Number(value);
    } catch (error) {
      // Without the right to see it, the broker's refusal of a batch has to do.
      if (/AUTHORIZATION/.test(brokerAnswer(error)?.answer ?? '')) return null;
      throw error;
    }
  }
}
