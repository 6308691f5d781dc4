import {
  type CheckResult,
  type Clock,
  type DatabaseReading,
  SluiceError,
  type Source,
  type SourceBatch,
  type SourceOffset,
  type SourceStatus,
} from '../../../contract/index.ts';
import type { RecordedEvent } from '../event-store.ts';
import type { OpenEventStore } from '../hosting/open-event-store.ts';
import { eventRecord, jsonSize } from './event-record.ts';
import { offsetOf, positionOf } from './publication-offset.ts';

/** Of one batch: what becomes durable together, and is held in memory. Size is counted in characters of texts. */
const batchEventsMax = 500;
const batchSizeMax = 1024 * 1024;

export type PublicationSettings = {
  readonly stores: OpenEventStore;
  readonly topic: string;
  /** The topic of an event's type beside it; null: none. */
  readonly topicOfType: ((type: string) => string | null) | null;
  readonly clock: Clock;
};

/**
 * Publishes what an event store holds, in the order of its commits. The offset is the store's position of the last event of a batch, durable
 * with its records: every event reaches the log once (invariant 1).
 */
export class PublicationSource implements Source {
  readonly #settings: PublicationSettings;
  #position: bigint | null = null;
  #phase: SourceStatus['phase'] = 'starting';

  constructor(settings: PublicationSettings) {
    this.#settings = settings;
  }

  /** Nothing to look at before the service has opened its store, which it does by itself. */
  async check(): Promise<readonly CheckResult[]> {
    return [];
  }

  async *read(from: readonly SourceOffset[], abort: AbortSignal): AsyncGenerator<SourceBatch, void> {
    let read: { readonly store: string; readonly position: bigint } | null = null;
    for (;;) {
      const opened = await this.#settings.stores.opened(abort);
      if (opened === null) return;
      const { id, store, closing } = opened;
      const ends = AbortSignal.any([abort, closing]);
      const after: bigint = read?.store === id ? read.position : positionOf(from, id);
      this.#phase = 'streaming';
      try {
        for await (const events of store.subscribe(after, ends)) {
          for (const part of parts(events)) {
            if (ends.aborted) break;
            read = { store: id, position: part.at(-1)!.position };
            yield this.#batch(part, read);
          }
        }
      } catch (error) {
        // A store that is closed or opened anew under the reading is no fault of it: the service tells of that.
        if (!ends.aborted) throw error;
      }
      if (abort.aborted) return;
      if (!closing.aborted) throw new SluiceError('STORE_UNAVAILABLE', 'The event store ended the subscription of its publication.');
    }
  }

  #batch(events: readonly RecordedEvent[], { store, position }: { readonly store: string; readonly position: bigint }): SourceBatch {
    const { topic, topicOfType, clock } = this.#settings;
    const nowMs = clock.nowMs();
    const records = events.flatMap(event => {
      const record = eventRecord(event, topic, nowMs);
      const own = topicOfType === null ? null : topicOfType(event.type);
      return own === null || own === topic ? [record] : [record, { ...record, topic: own }];
    });
    this.#position = position;
    return {
      records,
      bytes: 0,
      offsets: [offsetOf(store, position)],
      // An event says when it happened, not when it was stored.
      committedAtMs: null,
    };
  }

  commit(durable: readonly SourceOffset[]): void {
    this.#settings.stores.published(durable);
  }

  status(): SourceStatus {
    return { phase: this.#phase, position: this.#position === null ? null : String(this.#position), lagMs: null, snapshot: null };
  }

  async measure(stored: readonly SourceOffset[], _before: DatabaseReading | null, abort: AbortSignal): Promise<DatabaseReading> {
    const atMs = this.#settings.clock.nowMs();
    const opened = await this.#settings.stores.opened(abort);
    const behind = await opened?.store.readAll(positionOf(stored, opened.id), { limit: 1 });
    return {
      atMs,
      end: null,
      completeToMs: behind?.length === 0 ? atMs : null,
      lagBytes: null,
      logBytes: null,
      logLimitBytes: null,
      headroomBytes: null,
      headroomSeconds: null,
      windowSeconds: null,
      slotWalStatus: null,
      warnings: [],
      givingUp: null,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Events in batches; one that is larger than the bound goes alone. */
function* parts(events: readonly RecordedEvent[]): Generator<readonly RecordedEvent[]> {
  let first = 0;
  let size = 0;
  for (const [index, event] of events.entries()) {
    const more = jsonSize(event.data) + jsonSize(event.metadata);
    if (index > first && (index - first >= batchEventsMax || size + more > batchSizeMax)) {
      yield events.slice(first, index);
      [first, size] = [index, 0];
    }
    size += more;
  }
  if (first < events.length) yield events.slice(first);
}
