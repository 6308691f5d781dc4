import type {
  Clock,
  ConnectRecord,
  Logger,
  SnapshotProgress,
  SourceBatch,
  SourceOffset,
  Struct,
  UnreadRow,
} from '../../src/contract/index.ts';
import type { CapturedTable, EventContext } from './captured-table.ts';
import { instantOf } from './envelope.ts';
import { merge } from './merge.ts';
import { RowEmitter } from './row-emitter.ts';
import { type SnapshotMarker, withSnapshotMarker } from './snapshot-marker.ts';
import { advance, type TableProgress } from './snapshot-progress.ts';
import type { Row, TableId } from './table.ts';
import { qualifiedName } from './table-name.ts';

/** How a table is read. */
export type ReadingOrder =
  /** Small: one unit, in the order in which the database gives it. */
  | 'whole'
  /** By its primary key, so that reading can go on behind any row. */
  | 'key'
  /** Too large for one unit and without a key (or by a query of the user's): an interrupted reading starts again. */
  | 'unordered';

/** A table that a snapshot reads. */
export type SnapshotTable = {
  readonly id: TableId;
  /** By the catalog's statistics; negative: unknown. */
  readonly rowsEstimated: number;
};

/** Rows of one read from the socket. */
export type TableRows = {
  readonly rows: readonly (Row | UnreadRow)[];
  readonly bytes: number;
  /** Where the order is the key's: the keys, as texts, of the last row and of the one before it in these rows. */
  readonly keys: { readonly beforeLast: readonly string[] | null; readonly last: readonly string[] } | null;
};

/** A table ready to be read. */
export type OpenedTable<Reader> = {
  readonly captured: CapturedTable;
  readonly order: ReadingOrder;
  /** Its rows, behind a key where `after` is given. */
  read(reader: Reader, after: readonly string[] | null): AsyncIterable<TableRows>;
};

export type SnapshotParts<Table extends SnapshotTable, Reader, View> = {
  /** Connections whose transactions hold the snapshot; each reads one table at a time. */
  readonly readers: readonly Reader[];
  open(table: Table): Promise<OpenedTable<Reader>>;
  /** The source block of a table's rows with that marker. */
  source(id: TableId, marker: SnapshotMarker): Struct;
  /** What the readers see; null: the stream begins exactly there. */
  readonly view: View | null;
  /** Progress of an interrupted snapshot by table. */
  readonly progress: ReadonlyMap<string, TableProgress<View>>;
  offset(progress: TableProgress<View>): SourceOffset;
  /** A table's reading begins, or has ended: as notifications tell it. Left out: nobody is told. */
  readonly onTable?: (type: 'IN_PROGRESS' | 'TABLE_SCAN_COMPLETED', data: Readonly<Record<string, string>>) => void;
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
export class Snapshot<Table extends SnapshotTable, Reader, View> {
  readonly #parts: SnapshotParts<Table, Reader, View>;
  readonly #context: EventContext;
  #progress: SnapshotProgress;
  #begun: boolean;
  /** Its first row is the snapshot's first; where the table is empty, none is (Debezium's setSnapshotMarker). */
  #firstTable: Table | null = null;
  #finished: Finished | null = null;
  /** Of all tables, as notifications tell them. */
  #names = '';
  /** Progress by table as it is after the batches answered so far. */
  readonly results: Map<string, TableProgress<View>>;

  /** `source`: any source block; each row's own takes its place. */
  constructor(parts: SnapshotParts<Table, Reader, View>, source: Struct) {
    this.#parts = parts;
    this.#begun = parts.progress.size > 0;
    this.results = new Map(parts.progress);
    this.#progress = { tables: 0, tablesDone: 0, rows: 0, rowsEstimated: null };
    this.#context = { source, at: instantOf(parts.clock.nowNs()), transaction: null };
  }

  get progress(): SnapshotProgress {
    return this.#progress;
  }

  /** Reads the tables. The last batch ends with the record marked `last`. */
  async *read(tables: readonly Table[], abort: AbortSignal): AsyncGenerator<SourceBatch> {
    this.#firstTable = tables[0] ?? null;
    this.#names = tables.map(({ id }) => qualifiedName(id)).join(',');
    const left = tables.filter(table => !this.#parts.progress.get(qualifiedName(table.id))?.done);
    const estimates = tables.map(({ rowsEstimated }) => rowsEstimated);
    this.#progress = {
      tables: tables.length,
      tablesDone: tables.length - left.length,
      rows: 0,
      rowsEstimated: estimates.every(rows => rows >= 0) ? estimates.reduce((sum, rows) => sum + rows, 0) : null,
    };
    const queue = [...left];
    const workers = this.#parts.readers.map(reader => this.#readAll(reader, queue, abort));
    yield* merge(workers);
    if (this.#finished && !abort.aborted) yield this.#release(this.#finished, 'last');
  }

  /** One connection's share: the next table of the queue, until it is empty. */
  async *#readAll(reader: Reader, queue: Table[], abort: AbortSignal): AsyncGenerator<SourceBatch> {
    for (let table = queue.shift(); table && !abort.aborted; table = queue.shift()) yield* this.#readTable(reader, table, abort);
  }

  async *#readTable(reader: Reader, table: Table, abort: AbortSignal): AsyncGenerator<SourceBatch> {
    const { view, logger, clock } = this.#parts;
    const name = qualifiedName(table.id);
    const { captured, order, read } = await this.#parts.open(table);
    let progress = this.results.get(name) ?? { table: name, ranges: [], done: false };
    if (order !== 'key') progress = { ...progress, ranges: [] };
    const after = progress.ranges.at(-1)?.to ?? null;
    this.#announce(name, order, after !== null, this.#parts.progress.has(name));
    logger.info({ table: name, estimatedRows: table.rowsEstimated, order }, `Reading table ${name}`);
    this.#parts.onTable?.('IN_PROGRESS', { current_collection_in_progress: name, data_collections: this.#names });
    const emitter = new RowEmitter(captured, this.#context, this.#parts.source);
    let records: ConnectRecord[] = [];
    let rowsRead = 0;
    let bytesRead = 0;
    let firstOfAll = false;
    let lastKey: readonly string[] | null = null;
    for await (const { rows, bytes, keys } of read(reader, after)) {
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
        if (order === 'key') progress = advance(progress, view, keyBeforeNewest!);
        yield this.#batch(records, bytesRead, order === 'key' ? [this.#parts.offset(progress)] : []);
        if (order === 'key') this.results.set(name, progress);
        records = [newest];
        bytesRead = 0;
      }
      this.#progress = { ...this.#progress, rows: this.#progress.rows + rows.length };
    }
    if (abort.aborted) return;
    progress = advance(progress, view, null);
    this.#progress = { ...this.#progress, tablesDone: this.#progress.tablesDone + 1 };
    const offset = this.#parts.offset(progress);
    this.results.set(name, progress);
    logger.info({ table: name, rows: rowsRead }, `Table ${name} is read`);
    const scanned = { scanned_collection: name, total_rows_scanned: String(rowsRead), status: 'SUCCEEDED' };
    this.#parts.onTable?.('TABLE_SCAN_COMPLETED', { ...scanned, data_collections: this.#names });
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
