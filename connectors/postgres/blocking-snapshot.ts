import type pg from 'pg';
import type { Clock, JsonObject, Logger, SourceBatch, SourceOffset } from '../../src/contract/index.ts';
import { BlockingReader } from '../debezium/incremental/blocking-reader.ts';
import { type BlockingRequest, requestedRows } from '../debezium/incremental/blocking-snapshots.ts';
import { type ViewedTables, ViewReading } from '../debezium/incremental/view-reading.ts';
import type { CatalogTable } from './catalog.ts';
import { quoteTable } from './connection.ts';
import { databaseFailure } from './database-error.ts';
import type { StreamedSnapshots } from './incremental.ts';
import { endOfPage } from './incremental-reader.ts';
import type { PostgresSettings, RecordMakers } from './settings.ts';
import { newSnapshot } from './snapshot.ts';
import { currentTransaction, openReaders, type SnapshotReaders } from './snapshot-readers.ts';
import type { TableRanges } from './table-ranges.ts';
import type { Tables } from './tables.ts';

export type BlockingSources = {
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
  /** The stream goes on behind what was published. */
  resume(): void;
};

type Opened = { readonly readers: SnapshotReaders; readonly txId: number; readonly tables: readonly CatalogTable[] };

/** Blocking snapshots: read by the initial snapshot's readers, which open a view of their own. */
export function blockingReader(sources: BlockingSources): BlockingReader {
  const { tables, makers, onDemand, ranges, logger, offset, resume } = sources;
  const { blocking, window } = onDemand;
  const reading = new ViewReading<CatalogTable>({
    blocking,
    window,
    captured: () => tables.list(),
    open: (found, request, abort) => open(sources, found, request, abort),
    logger,
  });
  return new BlockingReader({
    blocking,
    reading,
    isFree: () => ranges.tables.size === 0 && onDemand.isIdle,
    offset,
    forget: () => [...ranges.forget(), ...onDemand.take()],
    failure: thrown => databaseFailure(thrown, 'Reading the blocking snapshot'),
    onEnd: resume,
    notifications: makers.notifications,
    logger,
  });
}

async function open(
  sources: BlockingSources,
  tables: readonly CatalogTable[],
  request: BlockingRequest,
  abort: AbortSignal,
): Promise<ViewedTables> {
  const { settings, client, onDemand, ranges } = sources;
  await onDemand.untilVisible(client, abort);
  const threads = Math.max(1, Math.min(settings.snapshot.threadsMax, tables.length));
  await using resources = new AsyncDisposableStack();
  const readers = resources.use(await openReaders(settings, threads, null, tables, abort));
  const { view } = readers.moment;
  const left = ranges.left(tables);
  onDemand.window.open({ ...view, takenAtLsn: endOfPage(view.takenAtLsn) }, left);
  // Its commit also has the server flush its log up to behind the view: only what is flushed is streamed.
  const opened = { readers, txId: await currentTransaction(client), tables };
  const owned = resources.move();
  return { read: ended => publish(sources, opened, request, ended), [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function* publish(
  sources: BlockingSources,
  { readers, txId, tables }: Opened,
  request: BlockingRequest,
  abort: AbortSignal,
): AsyncGenerator<SourceBatch> {
  const { settings, client, makers, onDemand, ranges, partition, clock, logger } = sources;
  const { blocking, window } = onDemand;
  const snapshot = newSnapshot(
    {
      tables: sources.tables,
      control: client,
      override: requestedRows(request, tables, quoteTable, name => settings.snapshot.override(name)),
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
  yield* ranges.followed(snapshot.read(tables, abort));
}
