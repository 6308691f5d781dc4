import type { LogRecord, PartitionLag, PartitionOffset, TopicPartition } from '../../contract/index.ts';
import type { ConsumerSettings } from '../consumer-config.ts';
import type { ConnectionPool } from './client.ts';
import type { Cluster } from './cluster.ts';
import { committedRecords } from './committed.ts';
import { type BufferOwner, ConsumerBuffer } from './consumer-buffer.ts';
import { BrokerError, brokerAnswer, isLost, isRepeatable, kafkaError, staleMetadata, unknownTopic } from './errors.ts';
import { answerName, fetchOnce, type Served } from './fetch.ts';
import { byLeader, type Reading } from './read-partitions.ts';

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
  readonly cluster: Cluster;
  readonly settings: ConsumerSettings;
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
  readonly #pool: ConnectionPool;
  readonly #buffer = new ConsumerBuffer();
  readonly #stopped = new AbortController();
  readonly #underWay = new Set<number>();
  /** The most that one request may bring. */
  #requestBytesMax = 0;
  /** Those just served go to the end, so that a full partition does not starve the others. */
  #fetched: Fetching[];
  #pumping = false;
  #pumpAgain = false;
  #pausing = false;
  #lastGoodMs = performance.now();
  #failure: unknown = null;

  constructor(parts: FetcherParts, partitions: readonly FetchedPartition[]) {
    this.#parts = parts;
    // Of its own: a request that waits for records holds up what comes behind it.
    this.#pool = parts.cluster.newPool(1);
    this.#fetched = partitions.map(({ topic, partition, topicId, offset, end }) => {
      return { topic, partition, topicId, position: offset, given: offset, end: null, lastStable: end };
    });
    this.#pump();
  }

  /** What is next, at most so many; none where nothing has come yet. Throws what fetching has failed with. */
  take(recordsMax: number): readonly LogRecord[] {
    if (this.#failure !== null) throw this.#failure;
    const records = this.#buffer.take(recordsMax);
    if (records.length > 0) this.#pump();
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
    await this.#parts.cluster.closePool(this.#pool);
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
    const { cluster, settings, bufferBytesMax } = this.#parts;
    const nodes = await byLeader(cluster, this.#fetched);
    this.#requestBytesMax = Math.max(1, Math.min(settings.fetchBytesMax, Math.floor(bufferBytesMax / (nodes.size + 1))));
    for (const [node, parts] of nodes) {
      if (this.#over) return;
      if (this.#underWay.has(node) || !this.#hasRoom()) continue;
      this.#underWay.add(node);
      fetchOnce(cluster, () => cluster.connectionTo(this.#pool, node), parts, {
        waitMs: settings.fetchWaitMsMax,
        bytesMin: settings.fetchBytesMin,
        bytesMax: this.#requestBytesMax,
        partitionBytesMax: Math.min(settings.partitionBytesMax, this.#requestBytesMax),
      }).then(
        served => this.#arrived(node, served),
        (error: unknown) => {
          this.#underWay.delete(node);
          this.#failed(error);
        },
      );
    }
  }

  /** Also where nothing is buffered or under way: a record larger than the buffer must come through. */
  #hasRoom(): boolean {
    const taken = this.#buffer.bytes + this.#underWay.size * this.#requestBytesMax;
    return taken === 0 || taken + this.#requestBytesMax <= this.#parts.bufferBytesMax;
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
      this.#buffer.add(fetching, committedRecords(fetching, partition));
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
    const { cluster, topicsChanged } = this.#parts;
    const answer = brokerAnswer(error)?.answer ?? '';
    if (unknownTopic.has(answer) || answer === 'INCONSISTENT_TOPIC_ID') topicsChanged();
    if (staleMetadata.has(answer) || isLost(error)) cluster.admin.clearMetadata();
    if (isRepeatable(error) === false || performance.now() - this.#lastGoodMs > failingMsMax) {
      this.#fail(kafkaError('read', error));
      return;
    }
    if (this.#pausing) return;
    this.#pausing = true;
    void cluster.pause(this.#stopped.signal).then(() => {
      this.#pausing = false;
      this.#pump();
    });
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#parts.arrived();
  }
}
