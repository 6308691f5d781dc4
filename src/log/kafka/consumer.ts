import { setTimeout as pause } from 'node:timers/promises';
import {
  type AssignedPartition,
  type Consumed,
  type ConsumerEvent,
  type ConsumerOptions,
  type LogConsumer,
  type LogRecord,
  type PartitionLag,
  type PartitionOffset,
  SluiceError,
  type TopicPartition,
} from '../../contract/index.ts';
import type { ConsumerSettings } from '../consumer-config.ts';
import type { Cluster } from './cluster.ts';
import { ConsumerFetcher, type FetchedPartition } from './consumer-fetcher.ts';
import { ConsumerMembership, type Generation } from './consumer-membership.ts';
import { type SubscribedTopics, sameTopics } from './consumer-topics.ts';
import { isRepeatable, toLogError } from './errors.ts';
import { ClusterFetchSource } from './fetch-source.ts';
import { fenced, type GroupOffsets } from './group-offsets.ts';
import { describeRanges } from './positions.ts';
import type { ObservedTopic, TopicEras } from './topic-eras.ts';
import type { GroupRequests } from './worker-group-requests.ts';

/** What a consumer is made of; it owns cluster, requests and offsets. */
export type KafkaConsumerParts = {
  readonly options: ConsumerOptions;
  readonly settings: ConsumerSettings;
  readonly cluster: Cluster;
  readonly requests: GroupRequests;
  readonly offsets: GroupOffsets;
  readonly topics: SubscribedTopics;
  readonly eras: TopicEras;
  /** The group is about to be shared anew. */
  rebalances(consumer: KafkaConsumer): void;
  closed(consumer: KafkaConsumer): void;
};

type Assigned = { readonly partitions: readonly AssignedPartition[]; readonly fetched: readonly FetchedPartition[] };

const keyOf = ({ topic, partition }: TopicPartition) => `${partition} ${topic}`;

/** A member of a real consumer group: see ConsumerMembership for the group, ConsumerFetcher for the records. */
export class KafkaConsumer implements LogConsumer {
  readonly #parts: KafkaConsumerParts;
  readonly #reset: ConsumerOptions['reset'];
  readonly #membership: ConsumerMembership;
  readonly #disposed = new AbortController();
  #fetcher: ConsumerFetcher | null = null;
  #owned: ReadonlySet<string> = new Set();
  #busySinceMs: number | null = null;
  #topics: readonly ObservedTopic[] = [];
  /** Ends the pause before the next look at the topics. */
  #looking = new AbortController();
  #lookDue = false;
  #news = false;
  #paused = false;
  #wake: () => void = () => {};

  constructor(parts: KafkaConsumerParts) {
    this.#parts = parts;
    const { options, settings, requests, topics } = parts;
    this.#reset = settings.reset ?? options.reset;
    this.#membership = new ConsumerMembership({
      groupId: options.group,
      strategy: settings.strategy,
      times: { sessionTimeoutMs: settings.sessionTimeoutMs, heartbeatMs: settings.heartbeatMs, rebalanceTimeoutMs: settings.pollMsMax },
      requests,
      topics: () => topics.now(),
      observe: names => topics.observe(names),
      busySinceMs: () => this.#busySinceMs,
      changed: () => this.#changed(),
    });
  }

  async *events(abort: AbortSignal): AsyncGenerator<ConsumerEvent> {
    const ended = AbortSignal.any([abort, this.#disposed.signal]);
    const onEnd = () => this.#changed();
    ended.addEventListener('abort', onEnd, { once: true });
    this.#parts.rebalances(this);
    const left = new AbortController();
    const watching = this.#watchTopics(AbortSignal.any([ended, left.signal]));
    try {
      for (;;) {
        const generation = await this.#membership.join(ended);
        if (generation === null) return;
        const assigned = await this.#assigned(generation, ended);
        if (ended.aborted) return;
        if (assigned === null) continue;
        this.#own(assigned);
        yield* this.#handedOver({ type: 'assigned', partitions: assigned.partitions, generation: generation.generation });
        for (;;) {
          const records = await this.#nextRecords(ended);
          if (ended.aborted) return;
          if (records === null) break;
          yield* this.#handedOver({ type: 'records', records });
        }
        const partitions = assigned.partitions.map(({ topic, partition }) => ({ topic, partition }));
        const stopped = this.#fetcher?.[Symbol.asyncDispose]();
        yield* this.#handedOver({ type: 'revoked', partitions, lost: this.#membership.state === 'lost' });
        this.#disown();
        await stopped;
      }
    } catch (error) {
      if (!ended.aborted) throw toLogError(`read as a member of group ${this.#parts.options.group}`, error);
    } finally {
      this.#busySinceMs ??= performance.now();
      left.abort();
      ended.removeEventListener('abort', onEnd);
      await watching;
    }
  }

  async commit(next: readonly PartitionOffset[]): Promise<void> {
    if (next.length === 0) return;
    const { next: reached, member, generation } = this.consumed(next);
    await this.#parts.offsets.commit(reached, { member, generation }, this.#membership.lost);
  }

  consumed(next: readonly PartitionOffset[]): Consumed {
    this.#requireOwned(next);
    const { member, generation } = this.#membership.membership;
    return { group: this.#parts.options.group, member, generation, next: next.map(offset => this.#reached(offset)) };
  }

  async seek(to: readonly PartitionOffset[]): Promise<void> {
    this.#requireOwned(to);
    for (const place of to) this.#fetcher?.seek(place);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#changed();
  }

  lag(): readonly PartitionLag[] {
    return this.#fetcher?.lag() ?? [];
  }

  /** Joins again as soon as what it has is dealt with, not only when a heartbeat tells it to. */
  rejoin(): void {
    this.#membership.requestRejoin();
  }

  get group(): string {
    return this.#parts.options.group;
  }

  /** Topics may have come or gone: looks at once. */
  topicsChanged(): void {
    this.#lookDue = true;
    this.#looking.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed.signal.aborted) return;
    this.#disposed.abort();
    this.#disown();
    await this.#membership[Symbol.asyncDispose]();
    this.#parts.rebalances(this);
    await this.#fetcher?.[Symbol.asyncDispose]();
    const { cluster, requests, offsets, closed } = this.#parts;
    await offsets[Symbol.asyncDispose]();
    await requests[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
    closed(this);
  }

  *#handedOver(event: ConsumerEvent): Generator<ConsumerEvent> {
    this.#busySinceMs = performance.now();
    yield event;
    this.#busySinceMs = null;
  }

  #changed(): void {
    this.#news = true;
    this.#wake();
  }

  /** Null when the partitions are to be let go of, or lost. */
  async #nextRecords(ended: AbortSignal): Promise<readonly LogRecord[] | null> {
    const { options, settings } = this.#parts;
    const recordsMax = settings.recordsMax ?? options.recordsMax;
    for (;;) {
      this.#news = false;
      if (ended.aborted || this.#membership.state !== 'stable') return null;
      const records = this.#paused ? [] : (this.#fetcher?.take(recordsMax) ?? []);
      if (records.length > 0) return records;
      while (!this.#news)
        await new Promise<void>(resolve => {
          this.#wake = resolve;
        });
    }
  }

  /** Where each partition goes on, and in which era; null where the topics have changed since the member joined. */
  async #assigned({ partitions, topics }: Generation, ended: AbortSignal): Promise<Assigned | null> {
    const { cluster, offsets, eras, options } = this.#parts;
    this.#topics = topics;
    const names = [...new Set(partitions.map(({ topic }) => topic))];
    const observed = topics.filter(({ topic }) => names.includes(topic));
    if (observed.length < names.length) return this.#lookAgain(ended);
    const eraOf = await eras.of(observed, ended);
    if (eraOf === null) return this.#lookAgain(ended);
    const committed = new Map((await offsets.fetch(ended)).map(offset => [keyOf(offset), offset.offset]));
    const ranges = new Map(
      (await describeRanges(cluster, names, ended)).flatMap(({ topic, partitions: parts }) =>
        parts.map(({ partition, start, end }) => [keyOf({ topic, partition }), { start, end }] as const),
      ),
    );
    const idOf = new Map(observed.map(({ topic, id }) => [topic, id]));
    const fetched: FetchedPartition[] = [];
    for (const { topic, partition } of partitions) {
      const range = ranges.get(keyOf({ topic, partition }));
      if (range === undefined) return this.#lookAgain(ended);
      const next = committed.get(keyOf({ topic, partition })) ?? null;
      const within = next !== null && next >= range.start && next <= range.end;
      const offset = within ? next : resetTo(this.#reset, options.group, { topic, partition }, next, range);
      fetched.push({ topic, partition, offset, topicId: idOf.get(topic)!, end: range.end });
    }
    return {
      fetched,
      partitions: fetched.map(({ topic, partition, offset }) => ({ topic, partition, offset, era: eraOf.get(topic)! })),
    };
  }

  async #lookAgain(ended: AbortSignal): Promise<null> {
    this.#parts.cluster.admin.clearMetadata();
    await this.#parts.cluster.pause(ended);
    return null;
  }

  #own({ partitions, fetched }: Assigned): void {
    const { cluster, settings, options } = this.#parts;
    this.#owned = new Set(partitions.map(keyOf));
    // What was heard while the group was joined.
    if (this.#lookDue) this.#looking.abort();
    const reset = async (partition: TopicPartition, offset: bigint) => {
      // Of a topic that was made again all members begin anew, in its era.
      if (
        !sameTopics(
          await this.#parts.topics.observe([partition.topic]),
          this.#topics.filter(({ topic }) => topic === partition.topic),
        )
      )
        this.#membership.requestRejoin();
      const [description] = await describeRanges(cluster, [partition.topic], this.#disposed.signal);
      const range = description?.partitions[partition.partition] ?? { start: 0n, end: 0n };
      return resetTo(this.#reset, options.group, partition, offset, range);
    };
    this.#fetcher = new ConsumerFetcher(
      {
        source: new ClusterFetchSource(cluster),
        settings,
        bufferBytesMax: options.bufferBytesMax,
        reset,
        topicsChanged: () => this.topicsChanged(),
        arrived: () => this.#changed(),
      },
      fetched,
    );
  }

  #disown(): void {
    this.#owned = new Set();
  }

  /** Behind what is no record too (the markers of transactions), where everything before has been given out: so the group has no lag left. */
  #reached({ topic, partition, offset }: PartitionOffset): PartitionOffset {
    const reached = this.#fetcher?.reached({ topic, partition }) ?? null;
    return { topic, partition, offset: reached?.given === offset ? reached.position : offset };
  }

  #requireOwned(partitions: readonly TopicPartition[]): void {
    const foreign = partitions.find(partition => !this.#owned.has(keyOf(partition)));
    if (foreign !== undefined || this.#membership.state === 'lost') throw fenced(this.#parts.options.group);
  }

  /** Looks at the topics from time to time; where they are not those of the assignment, all members share anew. */
  async #watchTopics(ended: AbortSignal): Promise<void> {
    const { topics } = this.#parts;
    while (!ended.aborted) {
      const looking = new AbortController();
      this.#looking = looking;
      // What was heard of while the last look was under way may have come too late for it.
      const isDue = this.#lookDue && this.#membership.state === 'stable';
      if (!isDue) await pause(topics.ageMsMax, undefined, { signal: AbortSignal.any([looking.signal, ended]) }).catch(() => {});
      if (ended.aborted || this.#membership.state !== 'stable') continue;
      this.#lookDue = false;
      try {
        if (!sameTopics(await topics.now(), this.#topics)) this.#membership.requestRejoin();
      } catch (error) {
        // What is wrong shows itself in what is read; the next look comes soon enough.
        if (isRepeatable(error) === false) await pause(topics.ageMsMax, undefined, { signal: ended }).catch(() => {});
      }
    }
  }
}

function resetTo(
  reset: ConsumerOptions['reset'],
  group: string,
  { topic, partition }: TopicPartition,
  committed: bigint | null,
  { start, end }: { readonly start: bigint; readonly end: bigint },
): bigint {
  if (reset === 'earliest') return start;
  if (reset === 'latest') return end;
  const where = committed === null ? 'no offset' : `offset ${committed}, but the log has ${start} to ${end},`;
  throw new SluiceError('OFFSET_UNKNOWN', `Group ${group} has ${where} for partition ${partition} of topic '${topic}'.`);
}
