import type { ConnectRecord, Struct, UnreadRow } from '../../src/contract/index.ts';
import type { CapturedTable, EventContext } from './captured-table.ts';
import type { SnapshotMarker } from './snapshot-marker.ts';
import type { Row, TableId } from './table.ts';

/** Makes the read records of one table: all rows with one marker share their source block. */
export class RowEmitter {
  readonly #table: CapturedTable;
  readonly #context: EventContext;
  readonly #source: (id: TableId, marker: SnapshotMarker) => Struct;
  /** Of the row before, and its source block. */
  #marker: SnapshotMarker | null = null;
  #block: Struct | null = null;

  constructor(table: CapturedTable, context: EventContext, source: (id: TableId, marker: SnapshotMarker) => Struct) {
    this.#table = table;
    this.#context = context;
    this.#source = source;
  }

  emit(out: ConnectRecord[], row: Row | UnreadRow, marker: SnapshotMarker): void {
    if (this.#block === null || marker !== this.#marker) this.#block = this.#source(this.#table.id, marker);
    this.#marker = marker;
    // Readers of other tables have the context too.
    this.#context.source = this.#block;
    this.#table.emitRead(out, row, this.#context);
  }
}
