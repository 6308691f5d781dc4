import type { ConnectRecord, Struct } from '../../src/contract/index.ts';
import type { CapturedTable, EventContext } from '../debezium/captured-table.ts';
import type { Row } from '../debezium/table.ts';
import type { SnapshotMarker, SourceInfo } from './source-info.ts';

/** Makes the read records of one table: all rows with one marker share their source block. */
export class RowEmitter {
  readonly #table: CapturedTable;
  readonly #context: EventContext;
  readonly #sourceInfo: SourceInfo;
  readonly #lsn: bigint;
  readonly #sources = new Map<SnapshotMarker, Struct>();

  constructor(table: CapturedTable, context: EventContext, sourceInfo: SourceInfo, lsn: bigint) {
    this.#table = table;
    this.#context = context;
    this.#sourceInfo = sourceInfo;
    this.#lsn = lsn;
  }

  emit(out: ConnectRecord[], row: Row, marker: SnapshotMarker): void {
    let source = this.#sources.get(marker);
    if (!source) {
      source = this.#sourceInfo.make(this.#table.id, this.#lsn, marker);
      this.#sources.set(marker, source);
    }
    this.#context.source = source;
    this.#table.emitRead(out, row, this.#context);
  }
}
