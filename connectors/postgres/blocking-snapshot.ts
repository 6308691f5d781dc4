import type pg from 'pg';
import {
  type Clock,
  type JsonObject,
  type Logger,
  SluiceError,
  type SourceBatch,
  type SourceOffset,
  toSluiceError,
} from '../../src/contract/index.ts';
import type { BlockingRequest } from '../debezium/incremental/blocking-snapshots.ts';
import { fatalCodes } from '../debezium/incremental/chunk-database.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import type { CatalogTable } from './catalog.ts';
import { quoteTable } from './connection.ts';
import { databaseFailure } from './database-error.ts';
import type { StreamedSnapshots } from './incremental.ts';
import { endOfPage } from './incremental-reader.ts';
import type { PostgresSettings, RecordMakers } from './settings.ts';
import { newSnapshot } from './snapshot.ts';
import { currentTransaction, openReaders, type SnapshotReaders } from './snapshot-readers.ts';
import type { ChangeStream } from './stream.ts';
import type { TableRanges } from './table-ranges.ts';
import type { Tables } from './tables.ts';

/** How often the view is taken again because it cannot be told what is newer. */
const attemptsMax = 100;

export type BlockingParts = {
  readonly settings: PostgresSettings;
  readonly tables: Tables;
  readonly client: pg.Client;
  readonly makers: RecordMakers;
  readonly onDemand: StreamedSnapshots;
  readonly ranges: TableRanges;
  readonly partition: JsonObject;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where the stream stands, with what is stored beside. */
  offset(): SourceOffset;
};

type Opened = { readonly readers: SnapshotReaders; readonly txId: number; readonly tables: readonly CatalogTable[] };

/**
 * Blocking snapshots: the initial snapshot's readers open a view, the stream goes on until it is past all that the view saw (`BlockingWindow`), waits while the rows are
 * published, and goes on. So what comes before the rows is older than they are, and what comes behind is newer. After a restart what
 * is left is read under another view, in the same way.
 */
export class BlockingReader implements AsyncDisposable {
  readonly #parts: BlockingParts;
  #opened: Opened | null = null;
  #attempts = 0;

  constructor(parts: BlockingParts) {
    this.#parts = parts;
  }

  /** A request is under way: what it has read is kept, for a restart. */
  get begun(): boolean {
    return this.#parts.onDemand.blocking.next?.begun === true;
  }

  /** Does what is due between two batches of the stream. Throws what concerns more than its tables. */
  async *read(stream: ChangeStream, abort: AbortSignal): AsyncGenerator<SourceBatch> {
    for (let request = this.#due; request !== null && !abort.aborted; request = this.#due) {
      try {
        if (this.#opened === null) {
          if (!request.begun) yield* this.#begin(request);
          if (await this.#open(request, abort)) return;
        } else if (this.#parts.onDemand.window.unclear && ++this.#attempts < attemptsMax) {
          await this[Symbol.asyncDispose]();
          continue;
        } else yield* this.#publish(this.#opened, request, abort);
        if (abort.aborted) return;
        yield* this.#end(request, null, stream);
      } catch (thrown) {
        const error = toSluiceError(databaseFailure(thrown, 'Reading the blocking snapshot'));
        if (abort.aborted || fatalCodes.has(error.code)) throw error;
        yield* this.#end(request, error, stream);
      }
    }
  }

  /** Not before what snapshots before it stored is forgotten, nor beside an incremental one: its chunks would be older. */
  get #due(): BlockingRequest | null {
    const { onDemand, ranges } = this.#parts;
    const { next } = onDemand.blocking;
    if (next === null) return null;
    if (this.#opened !== null) return onDemand.window.reached ? next : null;
    return next.begun || (ranges.tables.size === 0 && onDemand.isIdle) ? next : null;
  }

  *#begin({ id, tables }: BlockingRequest): Generator<SourceBatch> {
    const names = tables.map(({ name }) => name);
    this.#parts.onDemand.blocking.begin();
    this.#parts.logger.info({ signal: id, tables: names }, `The blocking snapshot of ${names.join(', ')} begins`);
    this.#notify('STARTED', id);
    yield this.#batch([this.#parts.offset()]);
  }

  /** Takes the view. Answers false where there is nothing to be read. */
  async #open({ tables: wanted }: BlockingRequest, abort: AbortSignal): Promise<boolean> {
    const { settings, tables, client, onDemand, ranges, logger } = this.#parts;
    const captured = await tables.list();
    for (const { name } of wanted.filter(table => captured.every(({ id }) => qualifiedName(id) !== table.name))) {
      onDemand.blocking.mark(name, 'skipped', 0, 'There is no such table among those that are captured.');
      logger.warn({ table: name }, `The blocking snapshot leaves ${name} out: there is no such table among those that are captured`);
    }
    const found = captured.filter(({ id }) => wanted.some(({ name }) => name === qualifiedName(id)));
    if (found.length === 0) return false;
    await onDemand.untilVisible(client, abort);
    const threads = Math.max(1, Math.min(settings.snapshot.threadsMax, found.length));
    const readers = await openReaders(settings, threads, null, found, abort);
    const { view } = readers.moment;
    const left = found.map(({ id }) => qualifiedName(id)).filter(name => !ranges.tables.get(name)?.done);
    onDemand.window.open({ ...view, takenAtLsn: endOfPage(view.takenAtLsn) }, left);
    // Its commit also has the server flush its log up to behind the view: only what is flushed is streamed.
    this.#opened = { readers, txId: await currentTransaction(client), tables: found };
    return true;
  }

  async *#publish({ readers, txId, tables }: Opened, { tables: wanted }: BlockingRequest, abort: AbortSignal): AsyncGenerator<SourceBatch> {
    const { settings, client, makers, onDemand, ranges, partition, clock, logger } = this.#parts;
    const { blocking, window } = onDemand;
    if (window.unclear)
      throw new SluiceError('SNAPSHOT_FAILED', `What is newer than the rows could not be told, ${attemptsMax} times.`, {
        remedy: 'Ask for it again at a quieter time.',
      });
    const statements = new Map(
      tables.map(({ id }) => [qualifiedName(id), statementOf(id, wanted.find(({ name }) => name === qualifiedName(id))!.filter)]),
    );
    const override = (name: string) => statements.get(name) ?? settings.snapshot.override(name);
    const snapshot = newSnapshot(
      {
        tables: this.#parts.tables,
        control: client,
        override,
        batchRecordsMax: settings.snapshot.chunkRows,
        newer: name => window.newer(name),
      },
      {
        readers: readers.clients,
        sourceInfo: makers.sourceInfo,
        notifications: makers.notifications,
        moment: { lsn: readers.moment.lsn, view: null, txId: BigInt(txId) },
        partition,
        progress: new Map(ranges.tables),
        clock,
        logger,
        onTable: (name, rows) => blocking.mark(name, rows === null ? 'reading' : 'done', rows ?? undefined),
      },
    );
    for await (const batch of snapshot.read(tables, abort)) {
      ranges.restore(batch.offsets);
      yield batch;
    }
  }

  async *#end({ id }: BlockingRequest, failure: SluiceError | null, stream: ChangeStream): AsyncGenerator<SourceBatch> {
    const { onDemand, ranges, logger } = this.#parts;
    await this[Symbol.asyncDispose]();
    this.#attempts = 0;
    onDemand.blocking.end(failure?.message ?? null);
    this.#notify(failure === null ? 'COMPLETED' : 'ABORTED', id);
    stream.resume();
    yield this.#batch([this.#parts.offset(), ...ranges.forget(), ...onDemand.take()]);
    if (failure === null) logger.info({ signal: id }, 'The blocking snapshot is over, the stream goes on');
    else
      logger.warn(
        { signal: id, code: failure.code, remedy: failure.remedy },
        `The blocking snapshot ${id} is given up: ${failure.message}`,
      );
  }

  #notify(type: 'STARTED' | 'COMPLETED' | 'ABORTED', id: string): void {
    this.#parts.makers.notifications.send({ aggregate: 'Initial Snapshot', type, id, data: {} });
  }

  #batch(offsets: readonly SourceOffset[]): SourceBatch {
    return { records: [], bytes: 0, offsets, committedAtMs: null };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const readers = this.#opened?.readers;
    this.#opened = null;
    this.#parts.onDemand.window.close();
    await readers?.[Symbol.asyncDispose]();
  }
}

/** A whole statement, as Debezium has it, or the condition alone. */
function statementOf(id: CatalogTable['id'], filter: string | null): string | null {
  return filter === null || /^\s*select\b/i.test(filter) ? filter : `SELECT * FROM ${quoteTable(id)} WHERE ${filter}`;
}
