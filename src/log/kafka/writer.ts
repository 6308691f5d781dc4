import { setTimeout as pause } from 'node:timers/promises';
import {
  type AppendUnit,
  type Consumed,
  type LogWriter,
  type SerializedBatch,
  SluiceError,
  type SourceOffset,
  slabMemory,
  type TaskId,
} from '../../contract/index.ts';
import { StickyPartitions } from '../partitioner.ts';
import type { Cluster } from './cluster.ts';
import { checkRecordSizes, Draft, HeaderBytes, type OffsetTarget, offsetBatches } from './draft.ts';
import { toLogError } from './errors.ts';
import { offsetTopicGone } from './offset-store.ts';
import type { BatchesByTopic } from './produce.ts';
import type { TaskProducer } from './producer.ts';
import type { ProducerSettings } from './producer-config.ts';
import { TopicCache, type TopicLimits } from './topics.ts';

/** Bytes of records that are encoded at a time: while one such part is on its way, the next is filled. */
export const partBytesMax = 2 << 20;
/** A transaction is committed as soon as nothing more waits, and at the latest with so many bytes, or after so long: readers see nothing of it before. */
export const transactionBytesMax = 16 << 20;
const transactionMsMax = 100;
/** Bytes handed over and not yet durable, of one writer. Who appends awaits what it appended long before. */
const queueBytesMax = 256 << 20;
/** How long a writer that is closed waits for its transaction: a broker that is away may take minutes to answer. */
const closeMsMax = 5_000;

type Unit = {
  readonly records: SerializedBatch | null;
  readonly offsets: readonly SourceOffset[];
  readonly consumed: Consumed | null;
  readonly bytes: number;
  resolve(): void;
  reject(error: SluiceError): void;
};

/** What a writer is made of; it owns cluster and producer. */
export type WriterParts = {
  readonly task: TaskId;
  readonly cluster: Cluster;
  readonly producer: TaskProducer;
  readonly settings: ProducerSettings;
  readonly transactional: boolean;
  readonly offsets: readonly SourceOffset[];
  readonly target: OffsetTarget;
  /** Called when the writer is closed. */
  onClosed(): void;
};

/**
 * One task's appends with group commit: while one part of a transaction is on its way, what is appended is encoded into the next one, which
 * still belongs to the transaction if it is full by then. So an idle task's append waits for nobody, under load transactions grow, and
 * memory holds two parts, however large the transaction. After any rejection the writer refuses everything: what was appended behind the
 * rejected unit must not get past it (its offsets would cover the records that are lost).
 */
export class KafkaWriter implements LogWriter {
  readonly offsets: readonly SourceOffset[];
  /** Small enough that a unit is copied into its batch while the processor’s cache still has it. */
  readonly unitBytes = 256 * 1024;
  readonly #parts: WriterParts;
  readonly #topics: TopicCache;
  readonly #headers = new HeaderBytes();
  readonly #sticky = new StickyPartitions();
  readonly #waiting: Unit[] = [];
  #draft: Draft<Unit>;
  #queuedBytes = 0;
  #learning = false;
  #scheduled = false;
  #lingering: NodeJS.Timeout | null = null;
  #sending: Promise<void> | null = null;
  #wantRoom: (() => void)[] = [];
  #broken: SluiceError | null = null;

  constructor(parts: WriterParts) {
    this.#parts = parts;
    this.offsets = parts.offsets;
    this.#topics = new TopicCache(parts.cluster);
    this.#draft = new Draft(parts.settings);
  }

  append({ records, offsets, consumed }: AppendUnit): Promise<void> {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    const bytes = records?.slab.length ?? 0;
    if (this.#queuedBytes > 0 && this.#queuedBytes + bytes > queueBytesMax)
      return Promise.reject(new SluiceError('INTERNAL', `More than ${queueBytesMax} bytes are waiting to be written by ${this.#name()}.`));
    this.#queuedBytes += bytes;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, offsets, consumed: consumed ?? null, bytes, resolve, reject });
      this.#take();
    });
  }

  /** There is room as long as everything that was appended is encoded. */
  room(): Promise<void> | null {
    return this.#waiting.length === 0 ? null : new Promise(resolve => this.#wantRoom.push(resolve));
  }

  /** Another owner has taken the task over within this process: the broker need not be asked. */
  fence(): void {
    this.#break(new SluiceError('FENCED', `Another owner has taken over ${this.#name()}.`));
  }

  /** Waits some seconds for the transaction under way; what was not begun is rejected. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#break(new SluiceError('LOG_UNAVAILABLE', `The writer of ${this.#name()} is closed.`));
    if (this.#lingering !== null) clearTimeout(this.#lingering);
    const waited = new AbortController();
    await Promise.race([this.#sending, pause(closeMsMax, undefined, { signal: waited.signal }).catch(() => {})]);
    waited.abort();
    await this.#parts.producer[Symbol.asyncDispose]();
    await this.#parts.cluster[Symbol.asyncDispose]();
    await this.#sending;
    this.#parts.onClosed();
  }

  /** Encodes what waits into the draft, in order, as long as the topics are known and the draft has room. */
  #take(): void {
    const limitsOf = (topic: string) => this.#topics.get(topic)!;
    while (this.#broken === null && !this.#learning && this.#waiting.length > 0 && this.#draft.bytes < partBytesMax) {
      const unit = this.#waiting[0]!;
      const unknown = this.#unknownTopics(unit);
      if (unknown.length > 0) {
        this.#learn(unknown);
        break;
      }
      this.#waiting.shift();
      const refusal = unit.records === null ? null : this.#refusal(unit.records, limitsOf);
      if (refusal !== null) this.#refuse(unit, refusal);
      else {
        this.#draft.add(unit, unit.records, unit.offsets, limitsOf, this.#headers, this.#sticky);
        // Copied whole.
        if (unit.records !== null) slabMemory.giveBack(unit.records.slab);
      }
    }
    this.#giveRoom();
    this.#schedule();
  }

  #unknownTopics(unit: Unit): string[] {
    const names = [...(unit.records?.topics ?? []), this.#parts.target.topic];
    return names.filter(topic => this.#topics.get(topic) === undefined);
  }

  #learn(topics: readonly string[]): void {
    this.#learning = true;
    Promise.all(topics.map(topic => this.#topics.learn(topic)))
      .catch((error: unknown) => this.#break(toLogError(`write to ${topics.join(', ')}`, error)))
      .finally(() => {
        this.#learning = false;
        this.#take();
      });
  }

  #refusal(records: SerializedBatch, limitsOf: (topic: string) => TopicLimits): SluiceError | null {
    const tooLarge = checkRecordSizes(records, limitsOf, this.#headers, this.#parts.settings);
    return tooLarge ?? unknownPartition(records, limitsOf);
  }

  #schedule(): void {
    if (this.#scheduled || this.#sending !== null || this.#draft.units.length === 0) return;
    this.#scheduled = true;
    const begin = () => {
      this.#scheduled = false;
      if (this.#sending === null && this.#draft.units.length > 0) this.#begin();
    };
    // What the same turn of the event loop appends goes along.
    const { lingerMs } = this.#parts.settings;
    if (lingerMs > 0) this.#lingering = setTimeout(begin, lingerMs);
    else setImmediate(begin);
  }

  #begin(): void {
    const units: Unit[] = [];
    this.#sending = this.#parts.producer
      .send(this.#transaction(units), () => consumedBy(units))
      .then(
        () => {
          for (const unit of units) this.#settle(unit, null);
        },
        (error: unknown) => {
          const failure = offsetTopicGone(this.#parts.target.topic, error) ?? toLogError(`write for ${this.#name()}`, error);
          for (const unit of units) this.#settle(unit, failure);
          this.#break(failure.code === 'FENCED' ? failure : this.#behind(failure));
        },
      )
      .finally(() => {
        this.#sending = null;
        this.#take();
      });
  }

  /** The parts of one transaction, the offsets with the last; `units` gets those that are in it. */
  async *#transaction(units: Unit[]): AsyncGenerator<BatchesByTopic> {
    const { target, transactional, settings } = this.#parts;
    const beganMs = performance.now();
    const offsets = new Map<string, SourceOffset>();
    let bytes = 0;
    for (let last = false; !last; ) {
      const draft = this.#draft;
      this.#draft = new Draft(settings);
      // As a continuation it may have failed on its way: those behind it are rejected with it.
      units.push(...draft.units);
      this.#take();
      bytes += draft.bytes;
      for (const [partition, offset] of draft.offsets) offsets.set(partition, offset);
      const limited = bytes >= transactionBytesMax || performance.now() - beganMs >= transactionMsMax;
      last = limited || !transactional || draft.bytes < partBytesMax;
      const batches = last ? offsetBatches(offsets, target, this.#topics.get(target.topic)!, settings) : null;
      const ofOffsets: BatchesByTopic = new Map(batches?.size ? [[target.topic, batches]] : []);
      const records = draft.records();
      // Without transactions, at least once: an offset never becomes durable before its records.
      const parts = transactional ? [new Map([...records, ...ofOffsets])] : [records, ofOffsets];
      for (const part of parts) if (part.size > 0) yield part;
      draft.giveBack();
    }
  }

  #settle(unit: Unit, error: SluiceError | null): void {
    this.#queuedBytes -= unit.bytes;
    if (error === null) unit.resolve();
    else unit.reject(error);
  }

  #behind(failure: SluiceError): SluiceError {
    return new SluiceError(
      'LOG_UNAVAILABLE',
      `An earlier append of ${this.#name()} failed, so this one cannot follow it: ${failure.message}`,
      {
        cause: failure,
      },
    );
  }

  /** A unit that cannot be sent: what came before it goes its way, nothing comes behind it. */
  #refuse(unit: Unit, refusal: SluiceError): void {
    this.#settle(unit, refusal);
    this.#broken ??= this.#behind(refusal);
    for (const later of this.#waiting.splice(0)) this.#settle(later, this.#broken);
    this.#giveRoom();
  }

  /** Nothing that has not been sent goes out any more. */
  #break(error: SluiceError): void {
    this.#broken ??= error;
    const units = [...this.#draft.units, ...this.#waiting.splice(0)];
    this.#draft = new Draft(this.#parts.settings);
    for (const unit of units) this.#settle(unit, this.#broken);
    this.#giveRoom();
  }

  #giveRoom(): void {
    if (this.#waiting.length > 0) return;
    for (const resolve of this.#wantRoom.splice(0)) resolve();
  }

  #name(): string {
    return `task ${this.#parts.task.task} of connector ${this.#parts.task.connector}`;
  }
}

/** The last offset of each partition, by member and generation: one that comes too late fails the transaction. */
function consumedBy(units: readonly Unit[]): readonly Consumed[] {
  const byMember = Map.groupBy(
    units.flatMap(({ consumed }) => (consumed === null || consumed.next.length === 0 ? [] : [consumed])),
    ({ group, member, generation }) => JSON.stringify([group, member, generation]),
  );
  return [...byMember.values()].map(list => {
    const next = new Map(list.flatMap(({ next }) => next.map(place => [`${place.partition} ${place.topic}`, place] as const)));
    return { ...list[0]!, next: [...next.values()] };
  });
}

/** A record may name its partition; one that the topic does not have would be refused by the broker with everything else. */
function unknownPartition(records: SerializedBatch, limitsOf: (topic: string) => TopicLimits): SluiceError | null {
  const counts = records.topics.map(topic => limitsOf(topic).partitions);
  for (let index = 0; index < records.count; index++) {
    const partition = records.partitions[index]!;
    if (partition < counts[records.topicIndexes[index]!]!) continue;
    const topic = records.topics[records.topicIndexes[index]!]!;
    return new SluiceError(
      'LOG_REFUSED',
      `A record names partition ${partition} of topic ${topic}, which has ${counts[records.topicIndexes[index]!]}.`,
    );
  }
  return null;
}
