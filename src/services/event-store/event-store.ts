/** JSON as events hold it: an integer beyond 2^53 (below -2^53) is a bigint, so that it keeps its digits, and no other number is one. */
export type EventJson = null | boolean | number | bigint | string | readonly EventJson[] | EventJsonObject;
export type EventJsonObject = { readonly [name: string]: EventJson };

/** An aggregate: its type and its id, which no other aggregate of the type has. Written `type:id`, where the type holds no colon. */
export type StreamId = { readonly type: string; readonly id: string };

/** Who and what caused an event. Further fields are kept as they are. */
export type EventMetadata = {
  /** Of the whole affair: the same on everything that one request set off. */
  readonly correlationId?: string;
  /** Of the event or command that this one answers. */
  readonly causationId?: string;
  readonly userId?: string;
  readonly [name: string]: EventJson | undefined;
};

/** An event as a service says it happened. */
export type NewEvent<Type extends string = string, Data extends EventJson = EventJson> = {
  /** Makes an append idempotent: the same id is stored once. Left out: a new UUID (version 7). */
  readonly id?: string;
  readonly type: Type;
  readonly data: Data;
  readonly metadata?: EventMetadata;
  /** Of `data`; default 1. Older ones are brought up to date as they are read (`Upcasters`). */
  readonly schemaVersion?: number;
  /** When it happened, in milliseconds since 1970; default: now. */
  readonly timestampMs?: number;
};

/** An event as it is stored. */
export type RecordedEvent<Type extends string = string, Data extends EventJson = EventJson> = {
  readonly id: string;
  readonly stream: StreamId;
  readonly type: Type;
  /** Its place in its stream, from 1 without gaps. */
  readonly version: bigint;
  /** Its place among all events in the order of their commits; rises, and may have gaps. Compared with others of the same store only. */
  readonly position: bigint;
  readonly data: Data;
  readonly metadata: EventMetadata;
  readonly schemaVersion: number;
  readonly timestampMs: number;
};

/** What a stream must be for an append to be made: whatever it is, not there, there, or at exactly that version. */
export type ExpectedVersion = 'any' | 'none' | 'exists' | bigint;

/** One stream's part of an append. */
export type StreamAppend = {
  readonly stream: StreamId;
  readonly events: readonly NewEvent[];
  /** Default `any`. */
  readonly expectedVersion?: ExpectedVersion;
};

/** What an append left behind. */
export type AppendResult = {
  readonly stream: StreamId;
  /** Of the last event of the append: what a next append expects. */
  readonly version: bigint;
  /** The stream was not there before. */
  readonly created: boolean;
  /** Every event of it was stored before, by an append with the same ids: nothing was written. */
  readonly repeated: boolean;
};

export type ReadOptions = {
  /** First version wanted (forwards) or last (backwards). Default: from the beginning, or from the end. */
  readonly from?: bigint;
  /** Forwards: where to stop, inclusive. */
  readonly to?: bigint;
  readonly direction?: 'forwards' | 'backwards';
  /** Most events; default 1,000, at most 10,000. */
  readonly limit?: number;
};

/** Events of one stream. `exists` is false where it never was, or was deleted; `version` is its last one (0 where there is none). */
export type StreamSlice = { readonly events: readonly RecordedEvent[]; readonly version: bigint; readonly exists: boolean };

/** How a state comes of events. `evolve` is pure, and answers the state that follows. */
export type Evolution<State> = {
  readonly initial: () => State;
  readonly evolve: (state: State, event: RecordedEvent) => State;
  /**
   * The state is stored whenever so many events have passed, and later reads begin there. 0 (the default): never. With it the state is JSON, and
   * `name` names what is stored: change it with the meaning of the state.
   */
  readonly snapshotEvery?: number;
  readonly name?: string;
};

/** An aggregate as its events make it. */
export type Aggregate<State> = { readonly state: State; readonly version: bigint; readonly exists: boolean };

/** Up to where an aggregate is rebuilt; left out: to its end. */
export type AggregateAt = { readonly version?: bigint; readonly timestampMs?: number };

/** What a stream keeps; older events go when a new one is appended. null: all. */
export type StreamRetention = { readonly eventsMax: number | null; readonly ageMsMax: number | null };

/**
 * The truth of services that are event-sourced: events in streams, one stream an aggregate, each event with a version. Appends are atomic, also
 * over several streams, and durable when they resolve. Every event is published once, in the order of the commits.
 *
 * Throws SluiceError: STREAM_CONFLICT (the stream is at another version than expected; `currentVersion` tells which), EVENT_INVALID (no JSON, an
 * unknown schema version, a name that cannot be one), STREAM_DELETED (deleted for good), STORE_UNAVAILABLE, STORE_FAILED.
 */
export interface EventStore extends AsyncDisposable {
  append(stream: StreamId, events: readonly NewEvent[], options?: { readonly expectedVersion?: ExpectedVersion }): Promise<AppendResult>;
  /** All of these or none. A stream comes at most once. */
  appendAll(appends: readonly StreamAppend[]): Promise<readonly AppendResult[]>;
  read(stream: StreamId, options?: ReadOptions): Promise<StreamSlice>;
  /** Events of all streams behind a position, in the order of their commits: none is skipped that becomes visible later. At most `limit` (default 1,000). */
  readAll(after: bigint, options?: { readonly limit?: number }): Promise<readonly RecordedEvent[]>;
  /** What is there, and then what comes, until aborted. Batches, never empty. A slow caller holds back reading, not appending. */
  subscribe(after: bigint, abort: AbortSignal): AsyncIterable<readonly RecordedEvent[]>;
  aggregate<State>(stream: StreamId, evolution: Evolution<State>, at?: AggregateAt): Promise<Aggregate<State>>;
  /**
   * `soft`: reading finds nothing, and a next append goes on behind the last version. `hard`: the events are erased, and the stream takes no more for
   * ever. What was published stays published; deleting publishes an event of its own (`$stream-deleted`, with the mode).
   */
  deleteStream(stream: StreamId, mode: 'soft' | 'hard', options?: { readonly expectedVersion?: ExpectedVersion }): Promise<void>;
  setRetention(stream: StreamId, retention: StreamRetention): Promise<void>;
}

/** Brings an event's data from one schema version to the next: by type, then by the version it comes from. */
export type Upcasters = {
  readonly [type: string]: { readonly [fromVersion: number]: (data: EventJson, event: Omit<RecordedEvent, 'data'>) => EventJson };
};

/** What is published of an event on `domain-events`: the record's value. Its key is the aggregate's id. */
export type PublishedEvent = {
  readonly id: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly type: string;
  readonly version: number;
  readonly data: EventJson;
  readonly metadata: EventJsonObject;
  readonly schemaVersion: number;
  /** ISO 8601, in UTC, with milliseconds. */
  readonly timestamp: string;
};
