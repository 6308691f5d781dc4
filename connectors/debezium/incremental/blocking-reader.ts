import { type Logger, type SluiceError, type SourceBatch, type SourceOffset, toSluiceError } from '../../../src/contract/index.ts';
import type { Notifications } from '../notifications/notifications.ts';
import type { BlockingRequest, BlockingSnapshots } from './blocking-snapshots.ts';
import { fatalCodes } from './chunk-database.ts';

/** How the tables of a request are read, step by step between batches of the stream. Disposed of, it lets go of what it holds, and may begin again. */
export interface BlockingReading extends AsyncDisposable {
  /** A step can be made: the stream has brought what the last one waited for. */
  readonly isReady: boolean;
  /** Reads and publishes as far as it can. Answers whether all is read; else the stream goes on first. */
  advance(request: BlockingRequest, abort: AbortSignal): AsyncGenerator<SourceBatch, boolean>;
}

export type BlockingParts = {
  readonly blocking: BlockingSnapshots;
  readonly reading: BlockingReading;
  /** Nothing is stored any more of snapshots before, and no incremental one is under way: its chunks would be older. */
  isFree(): boolean;
  /** Where the stream stands, with what is stored beside. */
  offset(): SourceOffset;
  /** Deletes what is stored of the tables' reading. */
  forget(): readonly SourceOffset[];
  /** What the database reported, as an error of the catalogue. */
  failure(thrown: unknown): unknown;
  /** A request is over, before the stream goes on. Left out: there is nothing to be done. */
  onEnd?(): void;
  readonly notifications: Notifications;
  readonly logger: Logger;
};

/**
 * Follows requests for blocking snapshots between two batches of the stream, one after the other: each begins with a batch that says so, and ends with one that forgets
 * it, so a restart in between goes on with it (invariant 1).
 */
export class BlockingReader implements AsyncDisposable {
  readonly #parts: BlockingParts;

  constructor(parts: BlockingParts) {
    this.#parts = parts;
  }

  /** A request is under way: what it has read is kept, for a restart. */
  get begun(): boolean {
    return this.#parts.blocking.next?.begun === true;
  }

  /** Does what is due between two batches of the stream. Throws what concerns more than its tables. */
  async *read(abort: AbortSignal): AsyncGenerator<SourceBatch> {
    for (let request = this.#due; request !== null && !abort.aborted; request = this.#due) {
      try {
        if (!request.begun) yield* this.#begin(request);
        if (!(yield* this.#parts.reading.advance(request, abort)) || abort.aborted) return;
        yield* this.#end(request, null);
      } catch (thrown) {
        const error = toSluiceError(this.#parts.failure(thrown));
        if (abort.aborted || fatalCodes.has(error.code)) throw error;
        yield* this.#end(request, error);
      }
    }
  }

  get #due(): BlockingRequest | null {
    const { blocking, reading, isFree } = this.#parts;
    const { next } = blocking;
    if (next === null) return null;
    return (next.begun ? reading.isReady : isFree()) ? next : null;
  }

  *#begin({ id, tables }: BlockingRequest): Generator<SourceBatch> {
    const names = tables.map(({ name }) => name);
    this.#parts.blocking.begin();
    this.#parts.logger.info({ signal: id, tables: names }, `The blocking snapshot of ${names.join(', ')} begins`);
    this.#notify('STARTED', id);
    yield this.#batch([this.#parts.offset()]);
  }

  async *#end({ id }: BlockingRequest, failure: SluiceError | null): AsyncGenerator<SourceBatch> {
    const { blocking, reading, logger } = this.#parts;
    await reading[Symbol.asyncDispose]();
    blocking.end(failure?.message ?? null);
    this.#notify(failure === null ? 'COMPLETED' : 'ABORTED', id);
    this.#parts.onEnd?.();
    yield this.#batch([this.#parts.offset(), ...this.#parts.forget()]);
    if (failure === null) logger.info({ signal: id }, 'The blocking snapshot is over, the stream goes on');
    else
      logger.warn(
        { signal: id, code: failure.code, remedy: failure.remedy },
        `The blocking snapshot ${id} is given up: ${failure.message}`,
      );
  }

  #notify(type: 'STARTED' | 'COMPLETED' | 'ABORTED', id: string): void {
    this.#parts.notifications.send({ aggregate: 'Initial Snapshot', type, id, data: {} });
  }

  #batch(offsets: readonly SourceOffset[]): SourceBatch {
    return { records: [], bytes: 0, offsets, committedAtMs: null };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.reading[Symbol.asyncDispose]();
  }
}
