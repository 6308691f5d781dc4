import {
  type ConsumerEvent,
  type ConsumerOptions,
  type EventLog,
  type LogConsumer,
  type LogRecord,
  type OnRetry,
  type PartitionOffset,
  SluiceError,
  toSluiceError,
} from '../../../contract/index.ts';
import type { PinnedDefinition, SagaInstance, SagaOrder } from '../saga.ts';
import { SagaAppends } from './saga-appends.ts';
import type { SagaCounts } from './saga-counts.ts';
import { SagaDeciding } from './saga-deciding.ts';
import type { SagaInstances } from './saga-instances.ts';
import type { SagaLedger, SagaStore } from './saga-store.ts';
import { groupOf, heardBy, type PublishedTopics, specsOf } from './saga-topics.ts';

/** How a saga is run. */
export type SagaSettings = {
  readonly current: PinnedDefinition;
  /** Where listening begins in a topic that the saga has never listened to. */
  readonly startFrom: 'earliest' | 'latest';
  readonly endedRetentionMs: number;
  readonly endedMax: number;
  /** Left out: what is made is made as the log makes any topic. */
  readonly publishedTopics?: PublishedTopics;
};

export type SagaTermParts = SagaSettings & {
  readonly log: EventLog;
  readonly store: SagaStore;
  /** `host:port`. */
  readonly workerId: string;
  readonly counts: SagaCounts;
  readonly nowMs: () => number;
  readonly onRetry: OnRetry;
};

/** Messages of one event. */
const recordsMax = 1_000;
/** Instances whose time has come that are decided in one go, and ended ones that are forgotten. */
const timesMax = 500;
const forgottenMax = 500;
/** How often ended instances are looked through. */
const forgetEveryMs = 10_000;
/** Orders of people that wait. */
const ordersMax = 1_000;
/**
 * Answers that lie in the topics already are heard before anything times out: behind a restart they are no later than the restart was. Where there
 * are always more, for no longer than this.
 */
const behindMsMax = 30_000;
/** How often it is looked whether everything has been heard. */
const hearingMs = 50;
/** A timer never waits longer: the machine's clock may be set. */
const waitMsMax = 60_000;

type WaitingOrder = {
  readonly id: string;
  readonly order: SagaOrder;
  resolve(instance: SagaInstance): void;
  reject(error: unknown): void;
};

/**
 * One saga for as long as this process owns it and nothing fails: it has the ledger that fenced the former owner (invariant 3), all instances as
 * they were durable then, and is a member of the group that hears the messages. A batch is decided in memory, and its transitions, its commands and
 * the offsets behind its messages are durable together or not at all (invariants 1 and 4). Whatever fails ends the term; the next one reads
 * everything again.
 */
export class SagaTerm implements AsyncDisposable {
  readonly instances: SagaInstances;
  readonly #parts: SagaTermParts;
  readonly #ledger: SagaLedger;
  readonly #appends: SagaAppends;
  readonly #consumer: LogConsumer;
  readonly #deciding: SagaDeciding;
  readonly #orders: WaitingOrder[] = [];
  readonly #ended = new AbortController();
  #event: ConsumerEvent | null = null;
  #over = false;
  #failure: SluiceError | null = null;
  #wake = Promise.withResolvers<void>();
  #timer: NodeJS.Timeout | null = null;
  #forgetAtMs = 0;
  /** When nothing that had come was unheard, as far as was looked. */
  #heardAllMs: number;
  #listening = false;

  private constructor(parts: SagaTermParts, ledger: SagaLedger, consumer: LogConsumer) {
    [this.#parts, this.#ledger, this.#consumer, this.instances] = [parts, ledger, consumer, ledger.instances];
    this.#deciding = new SagaDeciding(parts.current, ledger.instances, parts.nowMs);
    this.#heardAllMs = parts.nowMs();
    this.#appends = new SagaAppends(ledger, consumer, error => (error === null ? this.#notify() : this.#fail(error)));
  }

  /** Takes the saga over. Rejects as the log does. */
  static async open(parts: SagaTermParts, abort: AbortSignal): Promise<SagaTerm> {
    const { current, log, store, workerId, onRetry, startFrom, publishedTopics } = parts;
    const saga = current.definition.name;
    await log.ensureTopics(specsOf(saga, [current.definition], publishedTopics), abort, onRetry);
    const ledger = await store.lead({ saga, log, workerId, onRetry }, abort);
    try {
      const definitions = [current, ...ledger.instances.definitions.values()].map(({ definition }) => definition);
      await log.ensureTopics(specsOf(saga, definitions, publishedTopics), abort, onRetry);
      const topics = [...new Set(definitions.flatMap(definition => heardBy(definition).map(({ topic }) => topic)))];
      const options: ConsumerOptions = {
        group: groupOf(saga),
        topics,
        reset: startFrom,
        bufferBytesMax: 8 << 20,
        recordsMax,
        overrides: {},
      };
      return new SagaTerm(parts, ledger, log.consumer(options));
    } catch (error) {
      await ledger[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Resolves when aborted, with everything that was decided durable; rejects with what failed. `heard`: messages come in, so it goes well. */
  async run(abort: AbortSignal, heard: () => void): Promise<void> {
    const ended = AbortSignal.any([abort, this.#ended.signal]);
    const onAbort = () => this.#notify();
    abort.addEventListener('abort', onAbort, { once: true });
    try {
      await this.#settleDefinitions();
      const events = this.#consumer.events(ended)[Symbol.asyncIterator]();
      this.#ask(events);
      while (!abort.aborted && !this.#over && this.#failure === null) {
        if (this.#event !== null) heard();
        if (!(await this.#step(events, abort))) await this.#changed();
      }
      await this.#appends.durable();
    } catch (error) {
      this.#fail(toSluiceError(error));
    } finally {
      abort.removeEventListener('abort', onAbort);
      this.#ended.abort();
      if (this.#timer !== null) clearTimeout(this.#timer);
    }
    const gone = this.#failure ?? new SluiceError('UNAVAILABLE', `Saga ${this.#saga} is being stopped here.`);
    for (const { reject } of this.#orders.splice(0)) reject(gone);
    if (this.#failure !== null) throw this.#failure;
  }

  /** What a person wants; resolves once it is durable. Rejects CONFLICT, BAD_REQUEST or NOT_FOUND where it does not fit, UNAVAILABLE. */
  order(id: string, order: SagaOrder): Promise<SagaInstance> {
    if (this.#over || this.#failure !== null || this.#ended.signal.aborted || this.#orders.length >= ordersMax)
      return Promise.reject(new SluiceError('UNAVAILABLE', `Saga ${this.#saga} takes no orders at the moment.`));
    return new Promise((resolve, reject) => {
      this.#orders.push({ id, order, resolve, reject });
      this.#notify();
    });
  }

  /** What the instances are now, once it is durable. Rejects UNAVAILABLE where it does not become so. */
  async durably<Seen>(look: (instances: SagaInstances) => Seen): Promise<Seen> {
    const seen = look(this.instances);
    if (await this.#appends.durable()) return seen;
    throw new SluiceError('UNAVAILABLE', `Saga ${this.#saga} has just failed, and is taken up again.`);
  }

  /** An instance whole, from memory or its store; null where there is none. */
  async find(id: string, abort: AbortSignal): Promise<SagaInstance | null> {
    const known = this.instances.get(id);
    if (known !== null || !this.instances.has(id)) return known;
    return this.#ledger.load(this.instances.ended.get(id)!, abort);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await Promise.resolve(this.#consumer[Symbol.asyncDispose]()).catch(() => {});
    await Promise.resolve(this.#ledger[Symbol.asyncDispose]()).catch(() => {});
  }

  get #saga(): string {
    return this.#parts.current.definition.name;
  }

  /** The definition in force becomes durable before any instance that is on it; those that no instance is on go. */
  async #settleDefinitions(): Promise<void> {
    const { current } = this.#parts;
    const isNew = !this.instances.definitions.has(current.hash);
    const unused = this.instances.unusedDefinitions(current.hash);
    for (const hash of unused) this.instances.undefine(hash);
    this.instances.define(current);
    if (isNew || unused.length > 0) await this.#ledger.define(isNew ? current : null, unused);
  }

  /** Does the next thing there is to do; false where there is nothing. */
  async #step(events: AsyncIterator<ConsumerEvent>, abort: AbortSignal): Promise<boolean> {
    if (this.#appends.full) return false;
    const room = this.#appends.room();
    if (room !== null) {
      await room;
      return true;
    }
    if (this.#orders.length > 0) {
      await this.#obey(this.#orders.shift()!, abort);
      return true;
    }
    const event = this.#event;
    if (event !== null) {
      this.#event = null;
      await this.#take(event, abort);
      if (!this.#over && this.#failure === null) this.#ask(events);
      return true;
    }
    return this.#passTime();
  }

  async #take(event: ConsumerEvent, abort: AbortSignal): Promise<void> {
    switch (event.type) {
      case 'assigned':
        await this.#ledger.place(event.partitions, this.#consumer);
        this.#listening = true;
        return;
      case 'revoked':
        this.#listening = false;
        await this.#appends.durable();
        return;
      case 'records': {
        const { read, away } = this.#deciding.read(event.records);
        for (const id of away) await this.#load(id, abort);
        this.#deciding.messages(read);
        this.#times();
        this.#send(nextOf(event.records));
      }
    }
  }

  async #obey({ id, order, resolve, reject }: WaitingOrder, abort: AbortSignal): Promise<void> {
    let instance: SagaInstance;
    try {
      if (this.instances.isAway(id)) await this.#load(id, abort);
      instance = this.#deciding.order(id, order);
    } catch (error) {
      reject(error);
      return;
    }
    this.#send([], error => (error === null ? resolve(instance) : reject(error)));
  }

  /** Whatever is due now; then sets the timer for what is due next. */
  #passTime(): boolean {
    const { nowMs, endedRetentionMs, endedMax } = this.#parts;
    const now = nowMs();
    const { due } = this.instances;
    const isDue = this.#times();
    const forgets = this.#forgetAtMs <= now;
    if (forgets) {
      this.#deciding.forget(now - endedRetentionMs, endedMax, forgottenMax);
      const more = this.instances.ended.size > endedMax;
      this.#forgetAtMs = now + (more ? 0 : forgetEveryMs);
      void this.#ledger.tidy(this.#consumer);
    }
    if (isDue || forgets) {
      this.#send([]);
      return true;
    }
    const dueMs = due.nextAtMs === null ? Number.POSITIVE_INFINITY : Math.max(due.nextAtMs, due.nextAtMs <= now ? now + hearingMs : 0);
    const nextMs = Math.min(dueMs, this.#forgetAtMs) - now;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#notify(), Math.min(Math.max(1, nextMs), waitMsMax));
    return false;
  }

  /** Decides what is due, unless messages that came before are still to be heard. Answers whether anything was. */
  #times(): boolean {
    const { nextAtMs } = this.instances.due;
    const now = this.#parts.nowMs();
    if (nextAtMs === null || nextAtMs > now) return false;
    if (this.#listening && this.#consumer.lag().every(({ records }) => records === 0n)) this.#heardAllMs = now;
    else if (now - this.#heardAllMs < behindMsMax) return false;
    this.#deciding.times(timesMax);
    return true;
  }

  /** Hands over what was decided, with the offsets behind it. */
  #send(next: readonly PartitionOffset[], told: (error: SluiceError | null) => void = () => {}): void {
    const batch = this.#deciding.take();
    const settled = (error: SluiceError | null) => {
      if (error === null) this.#parts.counts.add(batch);
      told(error);
    };
    if (batch.isEmpty && next.length === 0) settled(null);
    else this.#appends.send(batch, next, settled);
  }

  async #load(id: string, abort: AbortSignal): Promise<void> {
    const found = await this.find(id, abort);
    if (found !== null) this.instances.hold(found);
  }

  #ask(events: AsyncIterator<ConsumerEvent>): void {
    events.next().then(
      ({ done, value }) => {
        if (done) this.#over = true;
        else this.#event = value;
        this.#notify();
      },
      (error: unknown) => this.#fail(toSluiceError(error)),
    );
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

function nextOf(records: readonly LogRecord[]): readonly PartitionOffset[] {
  const next = new Map<string, PartitionOffset>();
  for (const { topic, partition, offset } of records) next.set(`${partition} ${topic}`, { topic, partition, offset: offset + 1n });
  return [...next.values()];
}
