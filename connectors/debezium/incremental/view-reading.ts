import { type Logger, SluiceError, type SourceBatch } from '../../../src/contract/index.ts';
import type { SnapshotTable } from '../snapshot.ts';
import { qualifiedName } from '../table-name.ts';
import type { BlockingReading } from './blocking-reader.ts';
import type { BlockingRequest, BlockingSnapshots } from './blocking-snapshots.ts';
import type { BlockingWindow } from './blocking-window.ts';

/** How often the view is taken again because it cannot be told what is newer, or a table has changed since. */
const attemptsMax = 100;

/** Tables under a view of the database, until it is disposed of. */
export type ViewedTables = AsyncDisposable & {
  /** Their rows, but for those that the window knows to be newer, and those of tables that are read already. */
  read(abort: AbortSignal): AsyncIterable<SourceBatch>;
};

export type ViewReadingParts<Table extends SnapshotTable> = {
  readonly blocking: BlockingSnapshots;
  readonly window: Pick<BlockingWindow<never, never>, 'unclear' | 'reached' | 'close'>;
  /** The captured tables as they are now. */
  captured(): Promise<readonly Table[]>;
  /** false: the stream must bring more before a view can be taken. Left out: one can at any time. */
  mayOpen?(): boolean;
  /** Takes a view that sees all the stream has brought, and opens the window with it. */
  open(tables: readonly Table[], request: BlockingRequest, abort: AbortSignal): Promise<ViewedTables>;
  readonly logger: Logger;
};

/**
 * Reads tables under one view, as the initial snapshot does: the view is taken, the stream goes on until it is past all that the view saw
 * (`BlockingWindow`), waits while the rows are published, and goes on. So what comes before the rows is older than they are, and what comes
 * behind is newer. After a restart what is left is read under another view, in the same way.
 */
export class ViewReading<Table extends SnapshotTable> implements BlockingReading {
  readonly #parts: ViewReadingParts<Table>;
  #opened: ViewedTables | null = null;
  #attempts = 0;

  constructor(parts: ViewReadingParts<Table>) {
    this.#parts = parts;
  }

  get isReady(): boolean {
    return this.#opened === null ? this.#mayOpen : this.#parts.window.reached;
  }

  get #mayOpen(): boolean {
    return this.#parts.mayOpen?.() ?? true;
  }

  async *advance(request: BlockingRequest, abort: AbortSignal): AsyncGenerator<SourceBatch, boolean> {
    const { window } = this.#parts;
    for (;;) {
      if (this.#opened === null) return this.#mayOpen && !(await this.#open(request, abort));
      if (!window.unclear) {
        try {
          yield* this.#opened.read(abort);
          this.#attempts = 0;
          return true;
        } catch (error) {
          if (!isOfTable(error) || ++this.#attempts >= attemptsMax) throw error;
        }
      } else if (++this.#attempts >= attemptsMax) throw untold();
      await this.#close();
    }
  }

  /** Answers false where there is nothing to be read. */
  async #open(request: BlockingRequest, abort: AbortSignal): Promise<boolean> {
    const { captured, open, blocking, logger } = this.#parts;
    for (;;) {
      const tables = await captured();
      const names = tables.map(({ id }) => qualifiedName(id));
      blocking.leaveOutMissing(names, logger);
      const found = tables.filter(({ id }) => request.tables.some(({ name }) => name === qualifiedName(id)));
      if (found.length === 0) return false;
      try {
        this.#opened = await open(found, request, abort);
        return true;
      } catch (error) {
        if (!isOfTable(error) || ++this.#attempts >= attemptsMax) throw error;
      }
    }
  }

  async #close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = null;
    this.#parts.window.close();
    await opened?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#attempts = 0;
    await this.#close();
  }
}

/** A table is not as it was when the view was taken: another view shows it as it is. */
function isOfTable(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'TABLE_CHANGED';
}

function untold(): SluiceError {
  return new SluiceError('SNAPSHOT_FAILED', `What is newer than the rows could not be told, ${attemptsMax} times.`, {
    remedy: 'Ask for it again at a quieter time.',
  });
}
