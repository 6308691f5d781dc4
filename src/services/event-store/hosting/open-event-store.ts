import { SluiceError, type SourceOffset } from '../../../contract/index.ts';
import type { EventStore, Evolution } from '../event-store.ts';
import { positionOf } from '../publication/publication-offset.ts';

/** How aggregates of each type come of their events. */
export type Aggregates = ReadonlyMap<string, Evolution<unknown>>;

/** The store that a worker's service has open. `id` tells it from another that was in its place; `closing` is aborted before it is closed. */
export type OpenedStore = {
  readonly id: string;
  readonly store: EventStore;
  readonly aggregates: Aggregates;
  readonly closing: AbortSignal;
  /** Everything up to a position is in the log. */
  readonly published: (position: bigint) => void;
};

/** Where the service leaves the store that it opens, and others (REST, the publication) find it. The service is its one writer. */
export class OpenEventStore {
  #opened: OpenedStore | null = null;
  #changed = Promise.withResolvers<void>();

  set(opened: OpenedStore | null): void {
    this.#opened = opened;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** null also of one that is being closed. */
  get #open(): OpenedStore | null {
    return this.#opened?.closing.aborted ? null : this.#opened;
  }

  /** Throws SluiceError UNAVAILABLE while the service is not up. */
  get(): OpenedStore {
    const open = this.#open;
    if (open !== null) return open;
    throw new SluiceError('UNAVAILABLE', 'The event store is not open: GET /sluice/services/event-store says why. Try again in a moment.');
  }

  /** These offsets of its publication are durable. */
  published(durable: readonly SourceOffset[]): void {
    if (this.#opened !== null) this.#opened.published(positionOf(durable, this.#opened.id));
  }

  /** Waits until it is open; null where that is aborted first. */
  async opened(abort: AbortSignal): Promise<OpenedStore | null> {
    const aborted = Promise.withResolvers<void>();
    const onAbort = () => aborted.resolve();
    abort.addEventListener('abort', onAbort, { once: true });
    try {
      while (this.#open === null && !abort.aborted) await Promise.race([this.#changed.promise, aborted.promise]);
      return abort.aborted ? null : this.#open;
    } finally {
      abort.removeEventListener('abort', onAbort);
    }
  }
}
