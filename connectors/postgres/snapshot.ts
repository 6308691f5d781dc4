import type pg from 'pg';
import type { Clock, ConnectRecord, JsonObject, Logger, SnapshotProgress, SourceBatch, SourceOffset } from '../../src/contract/index.ts';
import type { EventContext } from '../debezium/captured-table.ts';
import { instantOf } from '../debezium/envelope.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import type { CatalogTable } from './catalog.ts';
import { merge } from './merge.ts';
import { RowEmitter } from './row-emitter.ts';
import { advance, progressOffset, progressPartition, type TableProgress } from './snapshot-progress.ts';
import { type ReadingOrder, readingOrder, readTable, selectStatement } from './snapshot-table.ts';
import type { SnapshotView } from './snapshot-view.ts';
import { type SnapshotMarker, type SourceInfo, withSnapshotMarker } from './source-info.ts';
import type { Tables } from './tables.ts';

/** The state of the database that a snapshot reads. */
export type SnapshotMoment = {
  /** What `source.lsn` shows. */
  readonly lsn: bigint;
  readonly txId: bigint;
  /** null: the slot's own snapshot. */
  readonly view: SnapshotView | null;
};

export type SnapshotParts = {
  /** Connections whose transactions hold the snapshot; each reads one table at a time. */
  readonly readers: readonly pg.Client[];
  /** An ordinary connection, for questions about the readers' own. */
  readonly control: pg.Client;
  readonly tables: Tables;
  readonly sourceInfo: SourceInfo;
  readonly moment: SnapshotMoment;
  readonly partition: JsonObject;
  /** Progress of an interrupted snapshot by table. */
  readonly progress: ReadonlyMap<string, TableProgress>;
  /** `snapshot.select.statement.overrides` by table. */
  override(table: string): string | null;
  readonly batchRecordsMax: number;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** Records whose table is read to its end, held back because the last of them may be the snapshot's last. */
type Finished = {
  readonly records: readonly ConnectRecord[];
  readonly bytes: number;
  readonly offset: SourceOffset;
  /** The last record is the whole snapshot's first: as its table's only one it keeps that marker (Debezium's SnapshotMarkerResolver). */
  readonly first: boolean;
};

/**
 * The initial snapshot: each table's rows as read records, with offsets from which an interrupted one goes on. With several readers, tables
 * are read side by side.
 */
export class Snapshot {
  readonly #parts: SnapshotParts;
  readonly #context: EventContext;
  #progress: SnapshotProgress;
  #begun: boolean;
  /** Its first row is the snapshot's first; where the table is empty, none is (Debezium's setSnapshotMarker). */
  #firstTable: CatalogTable | null = null;
  #finished: Finished | null = null;
  /** Progress by table as it is after the batches answered so far. */
  readonly results: Map<string, TableProgress>;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
    this.#begun = parts.progress.size > 0;
    this.results = new Map(parts.progress);
    this.#progress = { tables: 0, tablesDone: 0, rows: 0, rowsEstimated: null };
    const { moment, sourceInfo, clock } = parts;
    const at = instantOf(clock.nowNs());
    sourceInfo.enter({ timestampUs: at.us, txId: moment.txId, lastCommitLsn: null, xmin: null, origin: null, originLsn: null });
    this.#context = { source: sourceInfo.make(null, moment.lsn), at, transaction: null };
  }

  get progress(): SnapshotProgress {
    return this.#progress;
  }

  /** Reads the tables. The last batch ends with the record marked `last`. */
  async *read(catalogTables: readonly CatalogTable[], abort: AbortSignal): AsyncGenerator<SourceBatch> {
    this.#firstTable = catalogTables[0] ?? null;
    const left = catalogTables.filter(table => !this.#parts.progress.get(qualifiedName(table.id))?.done);
    const estimates = catalogTables.map(({ rowsEstimated }) => rowsEstimated);
    this.#progress = {
      tables: catalogTables.length,
      tablesDone: catalogTables.length - left.length,
      rows: 0,
      rowsEstimated: estimates.every(rows => rows >= 0) ? estimates.reduce((sum, rows) => sum + rows, 0) : null,
    };
    const queue = [...left];
    const workers = this.#parts.readers.map(client => this.#readAll(client, queue, abort));
    yield* merge(workers);
    if (this.#finished && !abort.aborted) yield this.#release(this.#finished, 'last');
  }

  /** One connection's share: the next table of the queue, until it is empty. */
  async *#readAll(client: pg.Client, queue: CatalogTable[], abort: AbortSignal): AsyncGenerator<SourceBatch> {
    for (let table = queue.shift(); table && !abort.aborted; table = queue.shift()) yield* this.#readTable(client, table, abort);
  }

  async *#readTable(client: pg.Client, table: CatalogTable, abort: AbortSignal): AsyncGenerator<SourceBatch> {
    const { tables, override, moment, partition, batchRecordsMax, logger, clock } = this.#parts;
    const name = qualifiedName(table.id);
    const readable = await tables.fromCatalog(table);
    const statement = override(name);
    const order = readingOrder(table, readable, statement);
    const tablePartition = progressPartition(partition, name);
    let progress = this.results.get(name) ?? { table: name, ranges: [], done: false };
    if (order !== 'key') progress = { ...progress, ranges: [] };
    const after = progress.ranges.at(-1)?.to ?? null;
    this.#announce(name, order, after !== null, this.#parts.progress.has(name));
    logger.info({ table: name, estimatedRows: table.rowsEstimated, order }, `Reading table ${name}`);
    const emitter = new RowEmitter(readable.captured, this.#context, this.#parts.sourceInfo, moment.lsn);
    let records: ConnectRecord[] = [];
    let rowsRead = 0;
    let bytesRead = 0;
    let firstOfAll = false;
    let lastKey: readonly string[] | null = null;
    const select = selectStatement(table, readable, order, after, statement);
    for await (const { rows, bytes, keys } of readTable(client, this.#parts.control, table, readable, order, select, batchRecordsMax)) {
      if (abort.aborted) return;
      bytesRead += bytes;
      this.#context.at = instantOf(clock.nowNs());
      for (const row of rows) {
        const first = rowsRead++ === 0;
        firstOfAll ||= !this.#begun && table === this.#firstTable;
        this.#begun ||= firstOfAll;
        emitter.emit(records, row, !first ? 'true' : firstOfAll ? 'first' : 'first_in_data_collection');
      }
      const keyBeforeNewest = keys?.beforeLast ?? lastKey;
      lastKey = keys?.last ?? null;
      if (order !== 'whole' && records.length > 1) {
        // The newest row stays behind: it may turn out to be the table's last.
        const newest = records.pop()!;
        if (order === 'key') progress = advance(progress, moment.view, keyBeforeNewest!);
        yield this.#batch(records, bytesRead, order === 'key' ? [progressOffset(tablePartition, progress)] : []);
        if (order === 'key') this.results.set(name, progress);
        records = [newest];
        bytesRead = 0;
      }
      this.#progress = { ...this.#progress, rows: this.#progress.rows + rows.length };
    }
    if (abort.aborted) return;
    progress = advance(progress, moment.view, null);
    this.#progress = { ...this.#progress, tablesDone: this.#progress.tablesDone + 1 };
    const offset = progressOffset(tablePartition, progress);
    this.results.set(name, progress);
    logger.info({ table: name, rows: rowsRead }, `Table ${name} is read`);
    if (records.length === 0) {
      yield this.#batch([], 0, [offset]);
      return;
    }
    // Exchanged in one step: while this reader answers, another one may finish a table, and would find none held back.
    const before = this.#finished;
    this.#finished = { records, bytes: bytesRead, offset, first: firstOfAll && rowsRead === 1 };
    if (before) yield this.#release(before, 'last_in_data_collection');
  }

  #announce(table: string, order: ReadingOrder, resumed: boolean, begunBefore: boolean): void {
    const { logger } = this.#parts;
    if (resumed) logger.info({ table }, `The snapshot of ${table} goes on behind the last row that is in the log`);
    else if (order === 'unordered' && begunBefore)
      logger.warn(
        { table },
        `The snapshot of ${table} starts again: without a primary key it cannot go on where it was, so rows may be in the log twice`,
      );
  }

  #batch(records: readonly ConnectRecord[], bytes: number, offsets: readonly SourceOffset[]): SourceBatch {
    return { records, bytes, offsets, committedAtMs: null };
  }

  /** The rows held back, with the marker that is now known. */
  #release({ records, bytes, offset, first }: Finished, marker: SnapshotMarker): SourceBatch {
    const last = records.at(-1)!;
    const marked = first && marker !== 'last' ? last : withSnapshotMarker(last, marker);
    return this.#batch([...records.slice(0, -1), marked], bytes, [offset]);
  }
}
