import type { JsonObject } from '../../contract/index.ts';
import { nextEra } from '../era.ts';
import type { Cluster } from './cluster.ts';
import { CompactedTopic } from './compacted-topic.ts';
import { InternalWriter } from './internal-writer.ts';
import { isObject, offsetKey, offsetValue, readOffsetKey, readOffsetValue } from './offset-format.ts';

/**
 * Stands where a connector's name does in the offset topic: no connector's offsets, and nothing that deleting one or a group takes along.
 * Connect's own workers keep records of names they do not know as they are.
 */
const owner = 'sluice:topic-eras';
/** Times that another worker may be quicker in a row. */
const attemptsMax = 10;
/** Ids of a topic's former lives that are remembered, to know old metadata by. */
const formerIdsMax = 20;

/** A topic as brokers describe it now; the id is its name where they have no ids (before Kafka 2.8). */
export type ObservedTopic = { readonly topic: string; readonly id: string; readonly partitions: number };

type StoredEra = { readonly id: string; readonly partitions: number; readonly era: number; readonly former: readonly string[] };

/**
 * The eras of topics, remembered in the worker group's offset topic: every worker sees them, and they outlive groups and topics. An era rises
 * when a topic has another id or more partitions than when it was looked at last. Brokers without topic ids tell only of partitions.
 */
export class TopicEras implements AsyncDisposable {
  readonly #topic: CompactedTopic;
  readonly #writer: InternalWriter;
  readonly #stored = new Map<string, StoredEra>();

  constructor(cluster: Cluster, offsetTopic: string) {
    this.#writer = new InternalWriter(cluster);
    this.#topic = new CompactedTopic(cluster, offsetTopic, {
      apply: ({ key, value }) => {
        const topic = readKey(key);
        const stored = readStored(readOffsetValue(value));
        if (topic !== null && stored !== null) this.#stored.set(topic, stored);
      },
      reset: () => this.#stored.clear(),
    });
  }

  /**
   * The era of each topic, raised first where it must be, or null where what was observed is older than what is stored: then the caller looks at
   * the topics again.
   */
  async of(observed: readonly ObservedTopic[], abort: AbortSignal): Promise<ReadonlyMap<string, number> | null> {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      await this.#topic.readToEnd(abort);
      if (observed.some(topic => isOutdated(topic, this.#stored.get(topic.topic)))) return null;
      const raised = observed.flatMap(topic => raise(topic, this.#stored.get(topic.topic)) ?? []);
      if (raised.length === 0) return new Map(observed.map(({ topic }) => [topic, this.#stored.get(topic)!.era]));
      // Read back: another worker may have written in between, and the last one counts.
      await this.#writer.write(
        this.#topic.topic,
        raised.map(({ topic, stored }) => ({ key: offsetKey(owner, { topic }).toString(), value: offsetValue(stored) })),
      );
    }
    return null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
  }
}

function isOutdated({ id, partitions }: ObservedTopic, stored: StoredEra | undefined): boolean {
  if (stored === undefined) return false;
  return id === stored.id ? partitions < stored.partitions : stored.former.includes(id);
}

/** What is to be stored of a topic that has changed. */
function raise(observed: ObservedTopic, stored: StoredEra | undefined): { topic: string; stored: StoredEra & JsonObject } | null {
  const { topic, id, partitions } = observed;
  if (stored !== undefined && stored.id === id && stored.partitions === partitions) return null;
  const former = stored === undefined || stored.id === id ? (stored?.former ?? []) : [...stored.former, stored.id].slice(-formerIdsMax);
  return { topic, stored: { id, partitions, era: nextEra(stored?.era ?? null, Date.now()), former } };
}

function readKey(key: Uint8Array | null): string | null {
  const read = readOffsetKey(key);
  const topic = read?.connector === owner ? read.partition['topic'] : null;
  return typeof topic === 'string' ? topic : null;
}

function readStored(value: ReturnType<typeof readOffsetValue>): StoredEra | null {
  if (!isObject(value ?? undefined)) return null;
  const { id, partitions, era, former } = value as JsonObject;
  if (typeof id !== 'string' || typeof partitions !== 'number' || typeof era !== 'number' || !Array.isArray(former)) return null;
  return { id, partitions, era, former: former.filter(one => typeof one === 'string') };
}
