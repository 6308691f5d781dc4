import type { ConsumerOptions } from '../../contract/index.ts';
import type { Cluster } from './cluster.ts';
import { BrokerError, brokerAnswer, unknownTopic } from './errors.ts';
import type { ObservedTopic } from './topic-eras.ts';

/** How long what is known of topics is trusted at most: topics that a pattern is to take, or that are not there yet, come within that time. */
const topicsAgeMsMax = 30_000;
/** As long as a topic that is named is not there. */
const missingTopicMs = 2_000;

/** The topics of a subscription, as brokers have them. */
export class SubscribedTopics {
  readonly #cluster: Cluster;
  readonly #wanted: ConsumerOptions['topics'];
  readonly #internal: ReadonlySet<string>;
  #missing = false;

  /** `internal`: the log's own topics, which no pattern takes. */
  constructor(cluster: Cluster, wanted: ConsumerOptions['topics'], internal: ReadonlySet<string>) {
    this.#cluster = cluster;
    this.#wanted = wanted instanceof RegExp ? new RegExp(`^(?:${wanted.source})$`, wanted.flags.replace(/[gy]/g, '')) : wanted;
    this.#internal = internal;
  }

  /** How long to wait before the next look. */
  get ageMsMax(): number {
    return this.#missing ? missingTopicMs : Math.min(topicsAgeMsMax, this.#cluster.connection.metadataAgeMsMax);
  }

  /** Those that exist now, in the order of their names. */
  async now(): Promise<readonly ObservedTopic[]> {
    const wanted = this.#wanted;
    const all = new Set(await this.#cluster.admin.listTopics());
    const names =
      wanted instanceof RegExp
        ? [...all].filter(name => wanted.test(name) && !this.#internal.has(name))
        : wanted.filter(name => all.has(name));
    this.#missing = !(wanted instanceof RegExp) && names.length < wanted.length;
    return this.observe([...new Set(names)].sort());
  }

  /** These topics as brokers have them now; one that has just gone is left out. */
  async observe(names: readonly string[]): Promise<readonly ObservedTopic[]> {
    if (names.length === 0) return [];
    try {
      const { topics } = await this.#cluster.admin.metadata({ topics: [...names], forceUpdate: true });
      return names.flatMap(topic => {
        const found = topics.get(topic);
        if (found === undefined) return [];
        // A partition that is being made has no number yet.
        if (found.partitions.length === 0) throw new BrokerError('LEADER_NOT_AVAILABLE', `Topic ${topic} is just being made.`);
        return [{ topic, id: found.id ?? topic, partitions: found.partitions.length }];
      });
    } catch (error) {
      if (!unknownTopic.has(brokerAnswer(error)?.answer ?? '') || names.length === 1) {
        if (names.length === 1 && unknownTopic.has(brokerAnswer(error)?.answer ?? '')) return [];
        throw error;
      }
      const each: ObservedTopic[] = [];
      for (const name of names) each.push(...(await this.observe([name])));
      return each;
    }
  }
}

/** Whether two looks at topics show the same. */
export function sameTopics(one: readonly ObservedTopic[], other: readonly ObservedTopic[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ topic, id, partitions }, index) => {
      const { topic: otherTopic, id: otherId, partitions: otherPartitions } = other[index]!;
      return topic === otherTopic && id === otherId && partitions === otherPartitions;
    })
  );
}
