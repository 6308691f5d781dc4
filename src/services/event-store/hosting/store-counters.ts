import { SluiceError } from '../../../contract/index.ts';
import { Histogram } from '../../../observe/metrics/histogram.ts';
import type { ServiceFamily } from '../../hosting/service.ts';
import type {
  Aggregate,
  AggregateAt,
  AppendResult,
  EventStore,
  Evolution,
  ExpectedVersion,
  NewEvent,
  ReadOptions,
  RecordedEvent,
  StreamAppend,
  StreamId,
  StreamRetention,
  StreamSlice,
} from '../event-store.ts';

/** Seconds of one append: from a group commit on a fast disk to a server that is far away. */
const appendBoundsSeconds: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** What the event store of a worker has done since the worker's start, over all stores it had open. */
export class StoreCounters {
  appendedEvents = 0;
  repeatedAppends = 0;
  conflicts = 0;
  failures = 0;
  subscribers = 0;
  readonly appendSeconds = new Histogram(appendBoundsSeconds);

  get families(): readonly ServiceFamily[] {
    const counter = (name: string, help: string, value: () => number, type: 'counter' | 'gauge' = 'counter'): ServiceFamily => ({
      ...{ name, help, type, labels: [] },
      samples: () => [{ labels: {}, value: value() }],
    });
    return [
      counter('sluice_event_store_appended_events_total', 'Events that appends have stored.', () => this.appendedEvents),
      counter(
        'sluice_event_store_repeated_appends_total',
        'Appends to a stream whose events were all stored before.',
        () => this.repeatedAppends,
      ),
      counter('sluice_event_store_conflicts_total', 'Appends that expected another version of a stream than it has.', () => this.conflicts),
      counter(
        'sluice_event_store_append_failures_total',
        'Appends that failed for another reason than what was asked: the store was away.',
        () => this.failures,
      ),
      counter(
        'sluice_event_store_subscribers',
        'Subscriptions that are open, the publication’s among them.',
        () => this.subscribers,
        'gauge',
      ),
      {
        name: 'sluice_event_store_append_seconds',
        help: 'From an append’s arrival to its being durable.',
        type: 'histogram',
        labels: [],
        samples: () => [{ labels: {}, value: this.appendSeconds }],
      },
    ];
  }
}

/** A store whose appends and subscriptions are counted. Owns it. `onBroken`: an append found the store unable to take any, as it is open now. */
export class CountedEventStore implements EventStore {
  readonly #store: EventStore;
  readonly #counters: StoreCounters;
  readonly #onBroken: (error: SluiceError) => void;

  constructor(store: EventStore, counters: StoreCounters, onBroken: (error: SluiceError) => void) {
    this.#store = store;
    this.#counters = counters;
    this.#onBroken = onBroken;
  }

  async append(
    stream: StreamId,
    events: readonly NewEvent[],
    options: { readonly expectedVersion?: ExpectedVersion } = {},
  ): Promise<AppendResult> {
    const [result] = await this.appendAll([{ stream, events, ...options }]);
    return result!;
  }

  async appendAll(appends: readonly StreamAppend[]): Promise<readonly AppendResult[]> {
    const counters = this.#counters;
    const startedMs = performance.now();
    try {
      const results = await this.#store.appendAll(appends);
      counters.appendSeconds.observe((performance.now() - startedMs) / 1000);
      for (const [index, { repeated }] of results.entries())
        if (repeated) counters.repeatedAppends++;
        else counters.appendedEvents += appends[index]!.events.length;
      return results;
    } catch (error) {
      const code = error instanceof SluiceError ? error.code : null;
      if (code === 'STREAM_CONFLICT') counters.conflicts++;
      else if (code !== 'EVENT_INVALID' && code !== 'STREAM_DELETED') counters.failures++;
      if (error instanceof SluiceError && code === 'STORE_FAILED') this.#onBroken(error);
      throw error;
    }
  }

  read(stream: StreamId, options?: ReadOptions): Promise<StreamSlice> {
    return this.#store.read(stream, options);
  }

  readAll(after: bigint, options?: { readonly limit?: number }): Promise<readonly RecordedEvent[]> {
    return this.#store.readAll(after, options);
  }

  async *subscribe(after: bigint, abort: AbortSignal): AsyncGenerator<readonly RecordedEvent[], void> {
    this.#counters.subscribers++;
    try {
      yield* this.#store.subscribe(after, abort);
    } finally {
      this.#counters.subscribers--;
    }
  }

  aggregate<State>(stream: StreamId, evolution: Evolution<State>, at?: AggregateAt): Promise<Aggregate<State>> {
    return this.#store.aggregate(stream, evolution, at);
  }

  deleteStream(stream: StreamId, mode: 'soft' | 'hard', options?: { readonly expectedVersion?: ExpectedVersion }): Promise<void> {
    return this.#store.deleteStream(stream, mode, options);
  }

  setRetention(stream: StreamId, retention: StreamRetention): Promise<void> {
    return this.#store.setRetention(stream, retention);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }
}
