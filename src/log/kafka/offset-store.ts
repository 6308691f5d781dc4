import type { LogRecord, SourceOffset } from '../../contract/index.ts';
import type { Cluster } from './cluster.ts';
import { CompactedTopic } from './compacted-topic.ts';
import { canonicalPartition, readOffsetKey, readOffsetValue } from './offset-format.ts';

/** An offset as it lies in the topic, with the key's own bytes: whoever replaces it must write the same ones. */
export type StoredOffset = SourceOffset & { readonly key: Uint8Array };

/** Source offsets of all connectors, in Connect's offset topic. */
export class OffsetStore {
  readonly #topic: CompactedTopic;
  readonly #byConnector = new Map<string, Map<string, StoredOffset>>();

  constructor(cluster: Cluster, topic: string) {
    this.#topic = new CompactedTopic(cluster, topic, {
      apply: record => this.#apply(record),
      reset: () => this.#byConnector.clear(),
    });
  }

  get topic(): string {
    return this.#topic.topic;
  }

  /** A connector's offsets as they are in the topic now. */
  async read(connector: string, abort: AbortSignal): Promise<readonly StoredOffset[]> {
    await this.#topic.readToEnd(abort);
    return [...(this.#byConnector.get(connector)?.values() ?? [])];
  }

  #apply({ key, value }: LogRecord): void {
    const parsed = readOffsetKey(key);
    const offset = readOffsetValue(value);
    if (parsed === null || key === null || offset === undefined) return;
    const { connector, partition } = parsed;
    const offsets = this.#byConnector.get(connector) ?? new Map<string, StoredOffset>();
    if (offset === null) offsets.delete(canonicalPartition(partition));
    // A copy: the record's bytes are a small part of a fetched buffer that would otherwise stay in memory.
    else offsets.set(canonicalPartition(partition), { partition, offset, key: Uint8Array.from(key) });
    if (offsets.size > 0) this.#byConnector.set(connector, offsets);
    else this.#byConnector.delete(connector);
  }
}
