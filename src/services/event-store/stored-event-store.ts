import { rebuild } from './aggregate.ts';
import { allRange, checkDeletion, checkRetention, deletionEvent, preparedAppends, readLimitDefault, readRange } from './event-checks.ts';
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
  Upcasters,
} from './event-store.ts';
import type { EventStorage, ReadRange } from './storage.ts';
import { checkStream } from './stream-id.ts';
import { type CompiledUpcasters, compileUpcasters } from './upcasters.ts';

/** What every event store does alike, over where its events lie: checks, upcasters, aggregates, subscriptions. Owns the storage. */
export class StoredEventStore implements EventStore {
  readonly #storage: EventStorage;
  readonly #upcasters: CompiledUpcasters;

  /** Throws SluiceError EVENT_INVALID for upcasters that lead nowhere. */
  constructor(storage: EventStorage, upcasters: Upcasters = {}) {
    this.#upcasters = compileUpcasters(upcasters);
    this.#storage = storage;
  }

  async append(
    stream: StreamId,
    events: readonly NewEvent[],
    { expectedVersion = 'any' }: { readonly expectedVersion?: ExpectedVersion } = {},
  ): Promise<AppendResult> {
    const [result] = await this.appendAll([{ stream, events, expectedVersion }]);
    return result!;
  }

  async appendAll(appends: readonly StreamAppend[]): Promise<readonly AppendResult[]> {
    return this.#storage.append(preparedAppends(appends, Date.now(), this.#upcasters));
  }

  async read(stream: StreamId, options?: ReadOptions): Promise<StreamSlice> {
    checkStream(stream);
    return this.#page(stream, readRange(options));
  }

  async readAll(after: bigint, { limit }: { readonly limit?: number } = {}): Promise<readonly RecordedEvent[]> {
    return this.#today(await this.#storage.readAll(after, allRange(after, limit)));
  }

  async *subscribe(after: bigint, abort: AbortSignal): AsyncGenerator<readonly RecordedEvent[], void> {
    let position = after;
    allRange(after, undefined);
    while (!abort.aborted) {
      const events = await this.#storage.readAll(position, readLimitDefault);
      const last = events.at(-1);
      if (last === undefined) await this.#storage.committed(position, abort);
      else {
        yield this.#today(events);
        position = last.position;
      }
    }
  }

  async aggregate<State>(stream: StreamId, evolution: Evolution<State>, at?: AggregateAt): Promise<Aggregate<State>> {
    checkStream(stream);
    const storage = this.#storage;
    const source = {
      read: (of: StreamId, range: ReadRange) => this.#page(of, range),
      storedState: (of: StreamId, name: string) => storage.storedState(of, name),
      storeState: storage.storeState.bind(storage),
    };
    return rebuild(source, stream, evolution, at);
  }

  async deleteStream(
    stream: StreamId,
    mode: 'soft' | 'hard',
    { expectedVersion = 'any' }: { readonly expectedVersion?: ExpectedVersion } = {},
  ): Promise<void> {
    checkDeletion(stream, mode, expectedVersion);
    await this.#storage.delete(stream, mode, expectedVersion, deletionEvent(mode, Date.now()));
  }

  async setRetention(stream: StreamId, retention: StreamRetention): Promise<void> {
    checkStream(stream);
    checkRetention(retention);
    await this.#storage.setRetention(stream, retention);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#storage[Symbol.asyncDispose]();
  }

  async #page(stream: StreamId, range: ReadRange): Promise<StreamSlice> {
    const slice = await this.#storage.read(stream, range);
    return { ...slice, events: this.#today(slice.events) };
  }

  #today(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
    return events.map(event => this.#upcasters.upcast(event));
  }
}
