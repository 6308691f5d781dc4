import { type LogRecord, SluiceError, type SourceOffset } from '../../contract/index.ts';
import type { Cluster } from './cluster.ts';
import { CompactedTopic } from './compacted-topic.ts';
import { brokerAnswer, unknownTopic } from './errors.ts';
import { canonicalPartition, readOffsetKey, readOffsetValue } from './offset-format.ts';

/** An offset as it lies in the topic, with the key's own bytes: whoever replaces it must write the same ones. */
export type StoredOffset = SourceOffset & { readonly key: Uint8Array };

/** The error to tell where `error` says that the offset topic does not exist, else null: its loss is another matter than any topic's. */
export function offsetTopicGone(topic: string, error: unknown): SluiceError | null {
  const answer = brokerAnswer(error);
  return answer !== null && unknownTopic.has(answer.answer) && answer.topic === topic ? gone(topic, error) : null;
}

function gone(topic: string, cause: unknown): SluiceError {
  const message = `Topic ${topic}, where the connectors' source offsets are (offset.storage.topic), does not exist any more.`;
  const remedy =
    'Restore the topic from a copy. Without it the worker makes an empty one at its next start, and each connector begins without offsets, as its snapshot.mode says.';
  return new SluiceError('TOPIC_UNKNOWN', message, { remedy, cause });
}

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
    try {
      await this.#topic.readToEnd(abort);
    } catch (error) {
      // No other topic was asked for.
      throw unknownTopic.has(brokerAnswer(error)?.answer ?? '') ? gone(this.topic, error) : error;
    }
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
