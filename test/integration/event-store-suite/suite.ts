import assert from 'node:assert/strict';
import { StreamConflictError } from '../../../src/contract/index.ts';
import type { EventStore, NewEvent, RecordedEvent, StreamId, Upcasters } from '../../../src/services/event-store/event-store.ts';

/** A store to be put to the test. */
export type EventStoreUnderTest = AsyncDisposable & {
  /** The one that is open now. */
  readonly store: EventStore;
  /** Closes it, and opens the same one again. */
  reopen(upcasters?: Upcasters): Promise<void>;
};

/** What the tests share: the store, and streams that no other test uses. */
export class Suite {
  #under: EventStoreUnderTest | null = null;
  #streams = 0;
  #end = 0n;

  use(under: EventStoreUnderTest): void {
    this.#under = under;
  }

  get under(): EventStoreUnderTest {
    if (this.#under === null) throw new Error('The store is not open yet.');
    return this.#under;
  }

  get store(): EventStore {
    return this.under.store;
  }

  /** A stream that is not there yet. */
  stream(type = 'order'): StreamId {
    return { type, id: `${process.pid}-${++this.#streams}` };
  }

  /** Position of the last event there is. */
  async end(): Promise<bigint> {
    for (;;) {
      const events = await this.store.readAll(this.#end, { limit: 10_000 });
      const last = events.at(-1);
      if (last === undefined) return this.#end;
      this.#end = last.position;
    }
  }
}

/** So many events, numbered from `first` on. */
export function numbered(count: number, first = 1): NewEvent[] {
  return Array.from({ length: count }, (_, index) => ({ type: 'Counted', data: { number: first + index } }));
}

export function numbers(events: readonly RecordedEvent[]): unknown[] {
  return events.map(({ data }) => (data as { number?: unknown }).number);
}

export function versions(events: readonly RecordedEvent[]): number[] {
  return events.map(({ version }) => Number(version));
}

/** That a call is refused because the stream is at `currentVersion`. */
export async function assertConflict(refused: Promise<unknown>, currentVersion: bigint): Promise<void> {
  await assert.rejects(refused, error => {
    assert.ok(error instanceof StreamConflictError, String(error));
    assert.equal(error.code, 'STREAM_CONFLICT');
    assert.equal(error.currentVersion, currentVersion);
    return true;
  });
}
