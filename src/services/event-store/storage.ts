import type { AppendResult, EventJson, ExpectedVersion, RecordedEvent, StreamId, StreamRetention, StreamSlice } from './event-store.ts';

/** An event to be stored: checked, with all defaults, its JSON made. */
export type PreparedEvent = {
  readonly id: string;
  /** The caller chose the id: it may be stored already. Else it is new for sure. */
  readonly idGiven: boolean;
  readonly type: string;
  readonly dataText: string;
  readonly metadataText: string;
  readonly schemaVersion: number;
  readonly timestampMs: number;
};

/** One stream's part of an append; at least one event. */
export type PreparedAppend = {
  readonly stream: StreamId;
  readonly events: readonly PreparedEvent[];
  readonly expectedVersion: ExpectedVersion;
};

/** What is wanted of a stream. `from` null: from the beginning, or (backwards) from the end. `to` null: no end. */
export type ReadRange = {
  readonly from: bigint | null;
  readonly to: bigint | null;
  readonly direction: 'forwards' | 'backwards';
  readonly limit: number;
};

/** A state as it is stored: of the events up to `version`. `timestampMs` is the latest of them. */
export type StoredState = { readonly version: bigint; readonly timestampMs: number; readonly state: EventJson };

/** A state to be stored, as JSON (`jsonText`). */
export type StateText = Omit<StoredState, 'state'> & { readonly text: string };

/**
 * Where events lie: what an event store needs of a database. What callers give has been checked; events are given back as they were stored,
 * before any upcaster. Everything throws SluiceError STORE_UNAVAILABLE and STORE_FAILED beside what is named.
 */
export interface EventStorage extends AsyncDisposable {
  /**
   * All of these or none; durable when it resolves. For each stream, in this order:
   * 1. deleted for good: STREAM_DELETED.
   * 2. Events whose id the stream has already (deleted softly or not) are left out; an id of another stream: EVENT_INVALID. None left: the
   *    result is `repeated`, with the version of the one stored last, whatever was expected.
   * 3. What was expected does not hold (`versionFits`): STREAM_CONFLICT.
   * 4. The rest is stored, and then what the stream's retention lets go is erased.
   */
  append(appends: readonly PreparedAppend[]): Promise<readonly AppendResult[]>;
  /** One page, consistent in itself. */
  read(stream: StreamId, range: ReadRange): Promise<StreamSlice>;
  /** Events behind a position in the order of commits, and none whose position another may still go before. Those of softly deleted streams too. */
  readAll(after: bigint, limit: number): Promise<readonly RecordedEvent[]>;
  /** Resolves when there may be something behind that position, or the signal is aborted. */
  committed(after: bigint, abort: AbortSignal): Promise<void>;
  /**
   * Stores the event of the deletion, behind which nothing that was before can be read, nor the event itself but by `readAll`. `hard`: the events
   * before are erased too, and the stream is closed. STREAM_CONFLICT; STREAM_DELETED for a soft deletion of what was deleted for good. Where
   * there is nothing to do nothing is stored: a stream that never was, one that is deleted softly and is so again, or for good and again.
   */
  delete(stream: StreamId, mode: 'soft' | 'hard', expectedVersion: ExpectedVersion, event: PreparedEvent): Promise<void>;
  /** Also of a stream that has no event yet. STREAM_DELETED. */
  setRetention(stream: StreamId, retention: StreamRetention): Promise<void>;
  /** The state stored last under that name; null where there is none, or the stream was deleted since. */
  storedState(stream: StreamId, name: string): Promise<StoredState | null>;
  /** Replaces the one of that name where it is older. Stores nothing where the stream was deleted at that version or behind it. */
  storeState(stream: StreamId, name: string, state: StateText): Promise<void>;
}
