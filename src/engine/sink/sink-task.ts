import { setImmediate as turn } from 'node:timers/promises';
import {
  type AssignedPartition,
  type ConsumerEvent,
  type LogConsumer,
  type Sink,
  SluiceError,
  type TopicPartition,
  toSluiceError,
} from '../../contract/index.ts';
import { deadLetterGroup } from './dead-letter.ts';
import { OffsetCommits } from './offset-commits.ts';
import { ParkedKeys } from './parked-keys.ts';
import { GatheredBatch } from './sink-batch.ts';
import { BatchWriter } from './sink-batch-writer.ts';
import { IncomingRecords } from './sink-incoming.ts';
import { RecordIntake } from './sink-intake.ts';
import { SinkOutput } from './sink-output.ts';
import { OwnedPartitions } from './sink-partitions.ts';
import { GivenUp, patiently } from './sink-patience.ts';
import type { ConsumingView, PartitionProgress, SinkTaskPlan } from './sink-task-plan.ts';

/** How long a write that is under way may go on when its task is being stopped. */
const stopGraceMs = 2_000;
/** Records that are converted at once while the sink writes: it has answers of its target to read, and more to send. */
const gatheredWhileWriting = 100;
/** How long the log has, after it has refused an append, to tell that the partitions are another member's. */
const fencedMsMax = 10_000;

/**
 * Runs one sink task: consumer, converters, transforms, sink. Resolves when aborted, with what was being written durable and committed
 * where that took no longer than a moment; rejects with the SluiceError that stopped it. The group's offset is committed only behind a write
 * that is durable (invariant 4), and what the sink publishes is durable together with it.
 */
export async function runSinkTask(plan: SinkTaskPlan, abort: AbortSignal): Promise<void> {
  await using sink = plan.sink;
  await using consumer = plan.log.consumer(plan.consumer);
  await using output = new SinkOutput(plan);
  if (sink.publishes || plan.errors.deadLetters !== null) await output.open(abort);
  const task = new SinkTask(plan, sink, consumer, output);
  plan.observer.consuming(task);
  plan.observer.started();
  await task.run(abort);
}

/** What is between the log and the sink: one batch being written, one being gathered meanwhile. */
class SinkTask implements ConsumingView {
  readonly #partitions: OwnedPartitions;
  readonly #plan: SinkTaskPlan;
  readonly #sink: Sink;
  readonly #consumer: LogConsumer;
  readonly #writer: BatchWriter;
  readonly #intake: RecordIntake;
  readonly #commits: OffsetCommits;
  readonly #parked: ParkedKeys | null;
  #batch: GatheredBatch;
  readonly #incoming: IncomingRecords;
  #event: ConsumerEvent | null = null;
  #ended = false;
  #writing: Promise<void> | null = null;
  /** Where the partitions go on is being found out. */
  #placing: Promise<void> | null = null;
  /** Whether the last batch that was written is durable and accounted for. */
  #written: Promise<boolean> = Promise.resolve(true);
  #failure: SluiceError | null = null;
  /** What an append was refused with that may mean that the partitions are lost. */
  #fenced: SluiceError | null = null;
  /** Dead letters have been dealt with: which keys are parked is to be learnt anew. */
  #lettersMoved = false;
  /** The batch in hand has waited for more long enough. */
  #due = false;
  #wake = Promise.withResolvers<void>();
  /** Of what is in hand now: see `DeliveryBounds`. */
  #interrupt = new AbortController();
  #abortWrite = new AbortController();

  constructor(plan: SinkTaskPlan, sink: Sink, consumer: LogConsumer, output: SinkOutput) {
    [this.#plan, this.#sink, this.#consumer] = [plan, sink, consumer];
    this.#partitions = new OwnedPartitions(() => consumer.lag());
    this.#incoming = new IncomingRecords(consumer);
    this.#intake = new RecordIntake(plan, this.#partitions);
    this.#commits = new OffsetCommits(consumer, this.#partitions, error => this.#fail(error));
    this.#parked = plan.errors.deadLetters?.parksLater ? new ParkedKeys() : null;
    this.#batch = new GatheredBatch(this.#parked !== null);
    const [partitions, commits, parked] = [this.#partitions, this.#commits, this.#parked];
    this.#writer = new BatchWriter({ plan, sink, consumer, output, partitions, commits, parked });
  }

  partitions(): readonly PartitionProgress[] {
    return this.#partitions.partitions();
  }

  get placing(): boolean {
    return this.#placing !== null;
  }

  deadLettersMoved(): void {
    this.#lettersMoved = this.#parked !== null;
    this.#notify();
  }

  async run(abort: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const events = this.#consumer.events(AbortSignal.any([abort, ended.signal]))[Symbol.asyncIterator]();
    const onAbort = () => {
      this.#interrupt.abort();
      this.#notify();
    };
    abort.addEventListener('abort', onAbort, { once: true });
    try {
      this.#ask(events);
      while (!abort.aborted && !this.#ended && this.#failure === null) {
        if (!(await this.#step(events, abort))) await this.#changed();
      }
    } catch (error) {
      this.#fail(toSluiceError(error));
    } finally {
      abort.removeEventListener('abort', onAbort);
    }
    await this.#end();
    ended.abort();
    if (this.#failure !== null) throw this.#failure;
  }

  /** Does the next thing there is to do; false where there is nothing. */
  async #step(events: AsyncIterator<ConsumerEvent>, abort: AbortSignal): Promise<boolean> {
    const event = this.#event;
    if (event?.type !== 'revoked') {
      if (this.#fenced !== null) {
        if (event !== null) throw this.#fenced;
        return false;
      }
      if (this.#placing !== null) return false;
      if (this.#lettersMoved && this.#writing === null) {
        this.#lettersMoved = false;
        await this.#loadParked(abort);
      }
      const unread = this.#gather();
      if (this.#mayWrite) {
        this.#write();
        return true;
      }
      if (unread) {
        await turn();
        return true;
      }
      if (event === null) return false;
      // What was given out before comes first.
      if (event.type === 'records' ? !this.#incoming.hasRoom : !this.#incoming.empty) return false;
    }
    this.#event = null;
    if (event.type === 'records') this.#incoming.add(event.records);
    else if (event.type === 'assigned') this.#assigned(event.partitions, event.generation, abort);
    else await this.#revoked(event.partitions, event.lost);
    this.#ask(events);
    return true;
  }

  /** A batch that is not full goes out as soon as the sink has nothing else to do, unless it is to linger. */
  get #mayWrite(): boolean {
    const { limits } = this.#plan;
    if (this.#writing !== null || this.#batch.empty) return false;
    return limits.lingerMs === 0 || this.#due || this.#batch.isFull(limits);
  }

  #ask(events: AsyncIterator<ConsumerEvent>): void {
    events.next().then(
      ({ done, value }) => {
        if (done) this.#ended = true;
        else {
          this.#event = value;
          if (value.type === 'records')
            for (const { topic, partition, offset } of value.records) {
              const owned = this.#partitions.get(topic, partition);
              if (owned !== null) owned.given = offset + 1n;
            }
        }
        this.#notify();
      },
      (error: unknown) => this.#fail(toSluiceError(error)),
    );
  }

  /** Fills the batch from what has come. Answers whether it has stopped for the sink's sake, with more to take. */
  #gather(): boolean {
    const { limits } = this.#plan;
    let left = this.#writing === null ? Number.POSITIVE_INFINITY : gatheredWhileWriting;
    for (let record = this.#incoming.first(); record !== undefined; record = this.#incoming.first()) {
      if (this.#batch.isFull(limits)) return false;
      if (this.#batch.keepsBack(record)) {
        this.#due = true;
        return false;
      }
      if (left-- === 0) return true;
      this.#incoming.shift();
      if (this.#batch.count === 0 && limits.lingerMs > 0) this.#linger(this.#batch);
      this.#intake.take(record, this.#batch);
    }
    return false;
  }

  #linger(batch: GatheredBatch): void {
    void this.#plan.pause(this.#plan.limits.lingerMs, this.#interrupt.signal).then(() => {
      if (this.#batch !== batch) return;
      this.#due = true;
      this.#notify();
    });
  }

  /** Starts to write what is in hand. */
  #write(): void {
    const batch = this.#batch;
    this.#batch = new GatheredBatch(this.#parked !== null);
    this.#due = false;
    const away = (isAway: boolean) => {
      if (isAway) this.#incoming.hold('target-away');
      else this.#incoming.release('target-away');
      this.#notify();
    };
    const bounds = { interrupt: this.#interrupt.signal, abort: this.#abortWrite.signal, away };
    this.#written = this.#writer.write(batch, bounds).then(
      () => true,
      (error: unknown) => {
        if (error instanceof SluiceError && error.code === 'FENCED') this.#suspect(error);
        else if (!(error instanceof GivenUp)) this.#fail(toSluiceError(error));
        return false;
      },
    );
    this.#writing = this.#written.then(() => {
      this.#writing = null;
      this.#notify();
    });
  }

  #assigned(assigned: readonly AssignedPartition[], generation: number, abort: AbortSignal): void {
    for (const partition of assigned) this.#partitions.add(partition);
    if (this.#sink.assign === undefined && this.#parked === null) return;
    this.#incoming.hold('placing');
    this.#placing = this.#place(assigned, generation, AbortSignal.any([abort, this.#interrupt.signal]))
      .catch((error: unknown) => this.#fail(toSluiceError(error)))
      .then(() => {
        this.#placing = null;
        this.#incoming.release('placing');
        this.#notify();
      });
  }

  /** Learns what there is to know of partitions before the first record of theirs: parked keys, and where a target that keeps offsets goes on. */
  async #place(assigned: readonly AssignedPartition[], generation: number, interrupt: AbortSignal): Promise<void> {
    await this.#loadParked(interrupt);
    if (this.#sink.assign === undefined) return;
    const all = this.#partitions.all().map(({ topic, partition, era }) => ({ topic, partition, era }));
    const assignment = { group: this.#plan.consumer.group, generation, partitions: all };
    const places = await patiently(() => this.#sink.assign!(assignment, interrupt), this.#plan, interrupt).catch((error: unknown) => {
      if (error instanceof GivenUp) return [];
      throw error;
    });
    const moved = places.filter(({ topic, partition, offset }) => {
      const owned = this.#partitions.get(topic, partition);
      return owned !== null && owned.given !== offset && assigned.some(one => one.topic === topic && one.partition === partition);
    });
    for (const { topic, partition, offset } of moved) this.#partitions.get(topic, partition)!.seek(offset);
    if (moved.length === 0) return;
    await this.#consumer.seek(moved).catch((error: unknown) => {
      // They are another member's by now, which the consumer tells next.
      if (!(error instanceof SluiceError && error.code === 'FENCED')) throw error;
    });
  }

  /** While nothing is written: what this task itself has parked is durable by then. */
  async #loadParked(abort: AbortSignal): Promise<void> {
    const { id, log, errors } = this.#plan;
    if (this.#parked === null || errors.deadLetters === null) return;
    const from = await log.groups.offsets(deadLetterGroup(id.connector));
    await this.#parked.load(log, errors.deadLetters.topic, id.connector, from, abort);
  }

  /** Lets partitions go: what is in hand of them is made durable and committed first, unless it is too late or the target is away. */
  async #revoked(revoked: readonly TopicPartition[], lost: boolean): Promise<void> {
    this.#fenced = null;
    this.#interrupt.abort();
    if (lost) this.#abortWrite.abort();
    await this.#placing;
    const applied = await this.#written;
    // The one that was gathered while the one before was written, which must not go before it.
    if (!lost && applied && this.#failure === null && !this.#batch.empty && this.#batch.fault === null) {
      this.#write();
      await this.#written;
    }
    await this.#commits.settled();
    for (const partition of revoked) this.#partitions.remove(partition);
    this.#batch = new GatheredBatch(this.#parked !== null);
    this.#incoming.clear();
    [this.#due, this.#fenced] = [false, null];
    [this.#interrupt, this.#abortWrite] = [new AbortController(), new AbortController()];
  }

  /** Ends what is under way, so that nothing is written behind the task's end. */
  async #end(): Promise<void> {
    this.#interrupt.abort();
    const bound = new AbortController();
    if (this.#failure !== null) this.#abortWrite.abort();
    const late = this.#plan.pause(stopGraceMs, bound.signal).then(() => {
      if (!bound.signal.aborted) this.#abortWrite.abort();
    });
    await this.#placing;
    await this.#writing;
    bound.abort();
    await late;
    await this.#commits.settled();
  }

  /** An append was fenced: where the consumer is about to tell that the partitions are lost, that is all; otherwise another worker runs this task. */
  #suspect(error: SluiceError): void {
    this.#fenced = error;
    void this.#plan.pause(fencedMsMax, this.#interrupt.signal).then(() => {
      if (this.#fenced === error) this.#fail(error);
    });
  }

  #fail(error: SluiceError): void {
    this.#failure ??= error;
    this.#notify();
  }

  #notify(): void {
    this.#wake.resolve();
  }

  async #changed(): Promise<void> {
    await this.#wake.promise;
    this.#wake = Promise.withResolvers();
  }
}
