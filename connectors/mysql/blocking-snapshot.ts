import { setTimeout } from 'node:timers/promises';
import { type Clock, type JsonObject, type Logger, SluiceError, type SourceBatch, type SourceOffset } from '../../src/contract/index.ts';
import { BlockingReader } from '../debezium/incremental/blocking-reader.ts';
import { type BlockingRequest, requestedRows } from '../debezium/incremental/blocking-snapshots.ts';
import { type ViewedTables, ViewReading } from '../debezium/incremental/view-reading.ts';
import type { TablesProgress } from '../debezium/tables-progress.ts';
import { sawBefore } from './chunk-view.ts';
import { quoteTable } from './connection.ts';
import { databaseFailure, isLockTimeout } from './database-error.ts';
import type { StreamedSnapshots } from './incremental.ts';
import { type CatalogTable, currentPosition, listTables } from './server.ts';
import type { Session } from './session.ts';
import type { MysqlSettings, RecordMakers } from './settings.ts';
import { newSnapshot } from './snapshot.ts';
import { keyColumnsOf } from './snapshot-key.ts';
import { openReaders, type SnapshotReaders } from './snapshot-readers.ts';
import { readSnapshotSchema } from './snapshot-schema.ts';
import type { SnapshotStatement } from './snapshot-statements.ts';
import { smallTables } from './snapshot-table.ts';
import type { SnapshotView } from './snapshot-view.ts';
import { SourceInfo } from './source-info.ts';
import type { TableModel } from './table-model.ts';

/** How long to wait for a transaction that the stream has brought to become visible, before the next look. */
const visibleCheckIntervalMs = 5;

export type BlockingSources = {
  readonly settings: MysqlSettings;
  readonly session: Session;
  readonly makers: RecordMakers;
  readonly onDemand: StreamedSnapshots;
  readonly ranges: TablesProgress<SnapshotView>;
  readonly partition: JsonObject;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where the stream stands, with what is stored beside. */
  offset(): SourceOffset;
};

type Opened = {
  readonly readers: SnapshotReaders;
  readonly tables: readonly CatalogTable[];
  readonly modelOf: (table: CatalogTable) => TableModel | null;
};

/** Blocking snapshots: read by the initial snapshot's readers, which open a view of their own, under the lock that it takes where one is needed. */
export function blockingReader(sources: BlockingSources): BlockingReader {
  const { session, makers, onDemand, ranges, logger, offset } = sources;
  const { blocking, window } = onDemand;
  const reading = new ViewReading<CatalogTable>({
    blocking,
    window,
    captured: async () => {
      const listed = await listTables(session.client);
      return makers.inSnapshotOrder(listed.filter(({ id }) => makers.includesTable(id)));
    },
    // What is prepared was streamed, and is seen once the stream has brought its end.
    mayOpen: () => !onDemand.xa.isUndecided,
    open: (found, request, abort) => open(sources, found, request, abort),
    logger,
  });
  return new BlockingReader({
    blocking,
    reading,
    isFree: () => ranges.tables.size === 0 && onDemand.isIdle,
    offset,
    forget: () => ranges.forget(),
    failure: thrown => databaseFailure(thrown, 'Reading the blocking snapshot'),
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
  const { settings, session, onDemand, ranges, logger } = sources;
  const { client: control, connection, server } = session;
  const threads = Math.max(1, Math.min(settings.snapshot.threadsMax, tables.length));
  const locking = needsLock(sources, tables, threads) ? settings.snapshot.locking : 'none';
  const parts = { settings: { ...settings, snapshot: { ...settings.snapshot, locking } }, connection, control, server, logger };
  for (;;) {
    let statements: readonly SnapshotStatement[] = [];
    const read = async (client: typeof control) => {
      statements = await readSnapshotSchema(client, tables);
    };
    const readers = await openReaders(parts, threads, tables, read, abort).catch(error => {
      throw isLockTimeout(error) ? unlocked(settings) : error;
    });
    try {
      const { position, isExact } = readers;
      if (!isExact && onDemand.kind !== 'gtids') throw unplaced();
      const sees = sawBefore(onDemand.kind, position);
      if (onDemand.seesAllBrought(sees)) {
        const left = ranges.left(tables);
        onDemand.window.open({ sees, end: isExact ? position : await currentPosition(control, settings.flavor, server) }, left);
        const models = session.modelsOf(statements);
        const modelOf = ({ id }: CatalogTable) => {
          const model = models.table(id);
          return model && session.asStreamed(model);
        };
        const opened = { readers, tables, modelOf };
        return { read: ended => publish(sources, opened, request, ended), [Symbol.asyncDispose]: () => readers[Symbol.asyncDispose]() };
      }
    } catch (error) {
      await readers[Symbol.asyncDispose]();
      throw error;
    }
    await readers[Symbol.asyncDispose]();
    // Its end is the server's: a commit that waits for a replica may take as long as the replica does.
    await setTimeout(visibleCheckIntervalMs, undefined, { signal: abort });
  }
}

/**
 * Several readers have one view under a lock only, and a row without a key cannot be left out because it was changed in the moment in which a view was opened. Else no
 * write needs to wait: MariaDB tells the view's place, and of MySQL's GTIDs what the view surely saw.
 */
function needsLock({ session, onDemand }: BlockingSources, tables: readonly CatalogTable[], threads: number): boolean {
  const isKeyed = ({ id }: CatalogTable) => {
    const model = session.schema.models.table(id);
    return model !== null && keyColumnsOf(model) !== null;
  };
  return threads > 1 || onDemand.kind === 'write' || !tables.every(isKeyed);
}

async function* publish(
  sources: BlockingSources,
  { readers, tables, modelOf }: Opened,
  request: BlockingRequest,
  abort: AbortSignal,
): AsyncGenerator<SourceBatch> {
  const { settings, session, makers, onDemand, ranges, partition, clock, logger } = sources;
  const { flavor, topicPrefix, snapshot } = settings;
  const { blocking, window } = onDemand;
  const reading = newSnapshot(
    {
      tables: session.tables,
      control: session.client,
      modelOf,
      override: requestedRows(request, tables, quoteTable, name => snapshot.override(name)),
      batchRecordsMax: snapshot.chunkRows,
      small: await smallTables(session.client, tables),
      newer: name => window.newer(name),
    },
    {
      readers,
      // The stream may be in the middle of a transaction.
      sourceInfo: new SourceInfo(flavor, topicPrefix, makers.sourceInfo.schema),
      view: null,
      partition,
      progress: new Map(ranges.tables),
      notifications: makers.notifications,
      clock,
      logger,
      onTable: (name, rows) => blocking.mark(name, rows === null ? 'reading' : 'done', rows ?? undefined),
    },
  );
  yield* ranges.followed(reading.read(tables, abort));
}

function unplaced(): SluiceError {
  return new SluiceError(
    'SNAPSHOT_FAILED',
    'It is not known where the readers’ view stands in the binlog: no lock was taken, and nothing else tells.',
    {
      remedy:
        'Grant RELOAD, or LOCK TABLES on the captured tables (and leave snapshot.locking.mode at minimal), or set gtid_mode=ON on the server.',
    },
  );
}

/** The stream is not to be ended for it, as an initial snapshot is. */
function unlocked({ snapshot }: MysqlSettings): SluiceError {
  return new SluiceError('SNAPSHOT_FAILED', `The tables could not be locked within ${snapshot.lockTimeoutMs} ms.`, {
    remedy: 'Ask for it again when no long statement is under way, or raise snapshot.lock.timeout.ms.',
  });
}
