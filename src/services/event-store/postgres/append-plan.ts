import { SluiceError } from '../../../contract/index.ts';
import type { AppendResult, StreamId } from '../event-store.ts';
import { idOfAnotherStream, streamConflict, streamDeleted, versionFits } from '../expected-version.ts';
import type { PreparedAppend, PreparedEvent } from '../storage.ts';
import { formatStream } from '../stream-id.ts';
import { type Found, isThere, type StreamState } from './stream-states.ts';

/** An event with its place. */
export type PlacedEvent = { readonly stream: StreamId; readonly version: bigint; readonly position: bigint; readonly event: PreparedEvent };

type StreamPlan = { readonly state: StreamState; readonly events: readonly PreparedEvent[]; readonly result: AppendResult };

/** What a transaction writes: decided append by append, so that one which is refused leaves nothing behind. */
export class AppendPlan {
  readonly events: PlacedEvent[] = [];
  readonly changed = new Set<StreamState>();
  readonly #found: Found;
  #nextPosition: bigint;

  constructor(found: Found) {
    this.#found = found;
    this.#nextPosition = found.nextPosition;
  }

  /** All of it, or nothing: the rules of `EventStorage.append`. Throws SluiceError STREAM_DELETED, EVENT_INVALID, STREAM_CONFLICT, STORE_FAILED. */
  add(appends: readonly PreparedAppend[]): readonly AppendResult[] {
    const plans = appends.map(append => this.#plan(append));
    const count = plans.reduce((sum, { events }) => sum + events.length, 0);
    if (this.#nextPosition + BigInt(count) > this.#found.positionsEnd)
      throw new SluiceError('STORE_FAILED', 'A transaction takes at most 65,536 events: divide what it appends.');
    for (const { state, events } of plans) for (const event of events) this.place(state, event);
    return plans.map(({ result }) => result);
  }

  #plan({ stream, events, expectedVersion }: PreparedAppend): StreamPlan {
    const name = formatStream(stream);
    const state = this.state(stream);
    if (state.erased) throw streamDeleted(stream);
    let storedLast = 0n;
    const fresh = events.filter(({ id }) => {
      const stored = this.#found.known.get(id);
      if (stored === undefined) return true;
      if (stored.stream !== name) throw idOfAnotherStream(id, stream);
      if (stored.version > storedLast) storedLast = stored.version;
      return false;
    });
    if (fresh.length === 0) return { state, events: fresh, result: { stream, version: storedLast, created: false, repeated: true } };
    const exists = isThere(state);
    const now = { version: state.version, exists };
    if (!versionFits(expectedVersion, now)) throw streamConflict(stream, expectedVersion, now);
    this.#checkOrder(state);
    const version = state.version + BigInt(fresh.length);
    return { state, events: fresh, result: { stream, version, created: !exists, repeated: false } };
  }

  state(stream: StreamId): StreamState {
    const state = this.#found.streams.get(formatStream(stream));
    if (!state) throw new SluiceError('INTERNAL', 'A stream was not read before it is appended to.');
    return state;
  }

  /** Gives an event the next place of its stream and of the store. */
  place(state: StreamState, event: PreparedEvent): void {
    this.#checkOrder(state);
    state.version++;
    state.position = this.#nextPosition++;
    this.changed.add(state);
    this.events.push({ stream: state.stream, version: state.version, position: state.position, event });
    this.#found.known.set(event.id, { stream: formatStream(state.stream), version: state.version });
  }

  /** A transaction that had its id before it had the stream's lock may be older than what the stream holds. */
  #checkOrder({ stream, position }: StreamState): void {
    if (position < this.#nextPosition) return;
    throw new SluiceError('STORE_FAILED', `${formatStream(stream)} has events of a transaction that began to write after this one.`, {
      remedy:
        'Append before anything else is written in the transaction, then try it again. Where the database is a restored copy: open the store anew.',
    });
  }
}
