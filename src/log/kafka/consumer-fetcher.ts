import type { LogRecord, PartitionLag, PartitionOffset, TopicPartition } from '../../contract/index.ts';
import type { ConsumerSettings } from '../consumer-config.ts';
import { CommittedRecords } from './committed.ts';
import { type BufferOwner, ConsumerBuffer } from './consumer-buffer.ts';
import { BrokerError, brokerAnswer, isLost, isRepeatable, kafkaError, staleMetadata, unknownTopic } from './errors.ts';
import { answerName, type FetchLimits, type Served } from './fetch.ts';
import type { FetchSource } from './fetch-source.ts';
import type { Reading } from './read-partitions.ts';

/** How long fetching may fail before the consumer does. */
const failingMsMax = 60_000;

/** A partition as it is to be read. */
export type FetchedPartition = PartitionOffset & {
  readonly topicId: string;
  /** The end there was when it was assigned. */
  readonly end: bigint;
};

/** A partition between two seeks: an answer to a request made before the last one is nothing to it. */
type Fetching = Reading & BufferOwner & { lastStable: bigint };

export type FetcherParts = {
  /** Closed with the fetcher. */
  readonly source: FetchSource;
  readonly settings: Pick<ConsumerSettings, 'fetchBytesMin' | 'fetchWaitMsMax' | 'fetchBytesMax' | 'partitionBytesMax'>;
  readonly bufferBytesMax: number;
  /** Where to go on where the offset is not in the log. Rejects OFFSET_UNKNOWN. */
  reset(partition: TopicPartition, offset: bigint): Promise<bigint>;
  /** A topic has gone, or is another one of that name. */
  topicsChanged(): void;
  /** There is more to take, or a failure to find. */
  arrived(): void;
};

/**
 * Reads the partitions of one assignment ahead: one request a broker is under way, as long as what it may bring has room beside what is
 * buffered. Only committed records, in the order of each partition.
 */
export class ConsumerFetcher implements AsyncDisposable {
  readonly #parts: FetcherParts;
  readonly #buffer = new ConsumerBuffer();
  readonly #stopped = new AbortController();
  /** By broker, the bytes that the request that is under way may take in memory. */
  readonly #underWay = new Map<number, number>();
  /** Those just served go to the end, so that a full partition does not starve the others. */
  #fetched: Fetching[];
  #pumping = false;
  #pumpAgain = false;
  #pausing = false;
  #lastGoodMs = performance.now();
  #failure: unknown = null;

  constructor(parts: FetcherParts, partitions: readonly FetchedPartition[]) {
    this.#parts = parts;
    this.#fetched = partitions.map(({ topic, partition, topicId, offset, end }) => {
      return { topic, partition, topicId, position: offset, given: offset, end: null, lastStable: end };
    });
    this.#pump();
  }

  /** Bytes that are read ahead. */
  get buffered(): number {
    return this.#buffer.bytes;
  }

  /** What is next, at most so many; none where nothing has come yet. Throws what fetching has failed with. */
  take(recordsMax: number): readonly LogRecord[] {
    if (this.#failure !== null) throw this.#failure;
    const { bytes } = this.#buffer;
    const records = this.#buffer.take(recordsMax);
    // Also where all that was left of an answer were records before the position.
    if (records.length > 0 || this.#buffer.bytes < bytes) this.#pump();
    return records;
  }

  /**
   * The offset behind the last record that was given out, and the one before which there is no other record: behind what is none, such as the
   * markers of transactions. Null where the partition is not one of these.
   */
  reached(wanted: TopicPartition): { readonly given: bigint; readonly position: bigint } | null {
    const fetching = this.#find(wanted);
    return fetching === undefined ? null : { given: fetching.given, position: this.#positionOf(fetching) };
  }

  seek({ offset, ...wanted }: PartitionOffset): void {
    const fetching = this.#find(wanted);
    if (fetching === undefined) return;
    this.#buffer.forget(fetching);
    const sought = { ...fetching, position: offset, given: offset };
    this.#fetched = this.#fetched.map(other => (other === fetching ? sought : other));
    this.#pump();
  }

  lag(): readonly PartitionLag[] {
    return this.#fetched.map(fetching => {
      const { topic, partition, lastStable } = fetching;
      const position = this.#positionOf(fetching);
      return { topic, partition, position, records: lastStable > position ? lastStable - position : 0n };
    });
  }

  /** Ends what is under way too. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await this.#parts.source[Symbol.asyncDispose]();
  }

  #find(wanted: TopicPartition): Fetching | undefined {
    return this.#fetched.find(({ topic, partition }) => topic === wanted.topic && partition === wanted.partition);
  }

  #positionOf(fetching: Fetching): bigint {
    return this.#buffer.firstOf(fetching) ?? fetching.position;
  }

  get #over(): boolean {
    return this.#stopped.signal.aborted || this.#failure !== null;
  }

  #pump(): void {
    this.#pumpAgain = this.#pumping;
    if (this.#pumping || this.#pausing || this.#over || this.#fetched.length === 0) return;
    this.#pumping = true;
    this.#ask()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#pumping = false;
        if (this.#pumpAgain) this.#pump();
      });
  }

  async #ask(): Promise<void> {
    const { source, settings, bufferBytesMax } = this.#parts;
    const nodes = await source.byLeader(this.#fetched);
    const share = Math.max(1, Math.floor(bufferBytesMax / (nodes.size + 1)));
    const bytesMax = Math.min(settings.fetchBytesMax, share);
    for (const [node, parts] of nodes) {
      if (this.#over) return;
      if (this.#underWay.has(node) || !this.#hasRoom(share)) continue;
      this.#underWay.set(node, share);
      const limits: FetchLimits = {
        waitMs: settings.fetchWaitMsMax,
        bytesMin: settings.fetchBytesMin,
        bytesMax,
        partitionBytesMax: Math.min(settings.partitionBytesMax, bytesMax),
      };
      source
        .fetch(node, parts, limits)
        .then(served => this.#arrived(node, served))
        .catch((error: unknown) => {
          this.#underWay.delete(node);
          this.#failed(error);
        });
    }
  }

  /** Also where nothing is buffered or under way: a record larger than the buffer must come through. */
  #hasRoom(bytes: number): boolean {
    const taken = [...this.#underWay.values()].reduce((sum, share) => sum + share, this.#buffer.bytes);
    return taken === 0 || taken + bytes <= this.#parts.bufferBytesMax;
  }

  #arrived(node: number, served: readonly Served[]): void {
    this.#underWay.delete(node);
    if (this.#over) return;
    const moved = new Set<Fetching>();
    let fault: BrokerError | null = null;
    for (const { reading, partition } of served) {
      const fetching = this.#fetched.find(candidate => candidate === reading);
      if (fetching === undefined) continue;
      const answer = answerName(partition.errorCode);
      if (answer === 'OFFSET_OUT_OF_RANGE') this.#reset(fetching);
      else if (answer !== null) fault = new BrokerError(answer, null, fetching.topic);
      if (answer !== null) continue;
      if (partition.lastStableOffset >= 0n) fetching.lastStable = partition.lastStableOffset;
      const before = fetching.position;
      this.#buffer.add(fetching, new CommittedRecords(fetching, partition));
      if (fetching.position > before) moved.add(fetching);
    }
    if (moved.size > 0) {
      this.#fetched = [...this.#fetched.filter(fetching => !moved.has(fetching)), ...moved];
      this.#parts.arrived();
    }
    if (fault !== null) this.#failed(fault);
    else {
      this.#lastGoodMs = performance.now();
      this.#pump();
    }
  }

  #reset(fetching: Fetching): void {
    const { topic, partition, position } = fetching;
    // Not asked for until it is known where to go on.
    this.#fetched = this.#fetched.filter(other => other !== fetching);
    this.#parts.reset({ topic, partition }, position).then(
      offset => {
        this.#fetched = [...this.#fetched, { ...fetching, position: offset, given: offset }];
        this.#pump();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #failed(error: unknown): void {
    if (this.#over) return;
    const { source, topicsChanged } = this.#parts;
    const answer = brokerAnswer(error)?.answer ?? '';
    if (unknownTopic.has(answer) || answer === 'INCONSISTENT_TOPIC_ID') topicsChanged();
    if (staleMetadata.has(answer) || isLost(error)) source.forgetLeaders();
    if (isRepeatable(error) === false || performance.now() - this.#lastGoodMs > failingMsMax) {
      this.#fail(kafkaError('read', error));
      return;
    }
    if (this.#pausing) return;
    this.#pausing = true;
    void source.pause(this.#stopped.signal).then(() => {
      this.#pausing = false;
      this.#pump();
    });
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#parts.arrived();
  }
}
