import type { ConnectRecord, Struct } from '../../src/contract/index.ts';
import type { CapturedTable, EventContext } from './captured-table.ts';
import type { SnapshotMarker } from './snapshot-marker.ts';
import type { Row, TableId } from './table.ts';

/** Makes the read records of one table: all rows with one marker share their source block. */
export class RowEmitter {
  readonly #table: CapturedTable;
  readonly #context: EventContext;
  readonly #source: (id: TableId, marker: SnapshotMarker) => Struct;
  readonly #sources = new Map<SnapshotMarker, Struct>();

  constructor(table: CapturedTable, context: EventContext, source: (id: TableId, marker: SnapshotMarker) => Struct) {
    this.#table = table;
    this.#context = context;
    this.#source = source;
  }

  emit(out: ConnectRecord[], row: Row, marker: SnapshotMarker): void {
    let source = this.#sources.get(marker);
    if (!source) {
      source = this.#source(this.#table.id, marker);
      this.#sources.set(marker, source);
    }
    this.#context.source = source;
    this.#table.emitRead(out, row, this.#context);
  }
}
