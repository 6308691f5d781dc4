import type { DatabaseSync } from 'node:sqlite';
import {
  type ConsumerGroups,
  type ConsumerOptions,
  type LogConsumer,
  type Logger,
  type PartitionOffset,
  SluiceError,
  type TopicPartition,
} from '../../contract/index.ts';
import { consumerSettings, heededWithoutBrokers } from '../consumer-config.ts';
import { EmbeddedConsumer } from './consumer.ts';
import { ConsumerGroup, type GroupStore } from './consumer-group.ts';
import { readGeneration, readGroupOffsets, readGroupPartitions } from './group-tables.ts';
import type { ChangeRequest } from './protocol.ts';
import type { Reader } from './reader.ts';

export type EmbeddedGroupsParts = {
  readonly database: DatabaseSync;
  readonly reader: Reader;
  readonly logger: Logger;
  onCommitted(listener: () => void): () => void;
  change(change: ChangeRequest): Promise<unknown>;
};

/** The consumer groups of one embedded log: offsets and generations in its file, members in its owner's process. */
export class EmbeddedConsumerGroups implements ConsumerGroups {
  readonly #parts: EmbeddedGroupsParts;
  readonly #groups = new Map<string, ConsumerGroup>();
  readonly #consumers = new Set<EmbeddedConsumer>();

  constructor(parts: EmbeddedGroupsParts) {
    this.#parts = parts;
  }

  /** Throws CONFIG_INVALID. Options that concern brokers are known, and said to mean nothing here. */
  consumer(options: ConsumerOptions): LogConsumer {
    const settings = consumerSettings(options.overrides, () => false);
    const unheeded = Object.keys(options.overrides).filter(name => !heededWithoutBrokers.has(name));
    if (unheeded.length > 0)
      this.#parts.logger.warn(
        { group: options.group, options: unheeded },
        'These options of consumers concern Kafka’s brokers and mean nothing here.',
      );
    const consumer = new EmbeddedConsumer({
      options,
      settings,
      group: this.#group(options.group),
      reader: this.#parts.reader,
      onCommitted: listener => this.#parts.onCommitted(listener),
      commit: async consumed => void (await this.#parts.change({ kind: 'commitConsumed', consumed })),
      closed: closed => this.#consumers.delete(closed),
    });
    this.#consumers.add(consumer);
    return consumer;
  }

  async offsets(group: string): Promise<readonly PartitionOffset[]> {
    return readGroupOffsets(this.#parts.database, group);
  }

  async alterOffsets(group: string, offsets: readonly (TopicPartition & { readonly offset: bigint | null })[]): Promise<void> {
    this.#requireNoMembers(group);
    await this.#parts.change({ kind: 'alterGroup', group, offsets });
  }

  async remove(group: string): Promise<void> {
    this.#requireNoMembers(group);
    await this.#parts.change({ kind: 'removeGroup', group });
  }

  /** Topics were made or deleted. */
  topicsChanged(): void {
    for (const group of this.#groups.values()) group.topicsChanged();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const consumer of [...this.#consumers]) await consumer[Symbol.asyncDispose]();
  }

  #group(name: string): ConsumerGroup {
    const known = this.#groups.get(name);
    if (known) return known;
    const { database, change } = this.#parts;
    const store: GroupStore = {
      partitions: matches => readGroupPartitions(database, matches),
      offsets: group => readGroupOffsets(database, group),
      generation: group => readGeneration(database, group),
      raiseGeneration: async group => void (await change({ kind: 'raiseGeneration', group })),
    };
    const group = new ConsumerGroup(name, store);
    this.#groups.set(name, group);
    return group;
  }

  #requireNoMembers(name: string): void {
    const size = this.#groups.get(name)?.size ?? 0;
    if (size > 0)
      throw new SluiceError(
        'LOG_REFUSED',
        `Group ${name} has ${size} ${size === 1 ? 'member' : 'members'}, so its offsets cannot be changed.`,
        {
          remedy: 'Stop the connector first.',
        },
      );
  }
}
