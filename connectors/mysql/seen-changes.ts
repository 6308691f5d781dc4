import type { Connection } from 'mysql2';
import { SeenRanges } from '../debezium/seen-ranges.ts';
import type { TableProgress } from '../debezium/snapshot-progress.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import type { MysqlFlavor } from './binlog/dump.ts';
import { KeyOrder, keyColumnsOf } from './snapshot-key.ts';
import { type SnapshotView, type StreamedTransaction, sees } from './snapshot-view.ts';
import type { TableModel } from './table-model.ts';

/** Which changes a snapshot saw is decided by the binlog: a view's place in it is exact. */
export class SeenChanges extends SeenRanges<SnapshotView, StreamedTransaction> {
  readonly #order: KeyOrder;

  constructor(progress: readonly TableProgress<SnapshotView>[], flavor: MysqlFlavor, client: Connection) {
    super(progress, (view, transaction) => sees(flavor, view, transaction));
    this.#order = new KeyOrder(client);
  }

  /** Whether the view under which this key was read saw the transaction. */
  sawRow(model: TableModel, key: readonly string[], transaction: StreamedTransaction): Promise<boolean> {
    const columns = keyColumnsOf(model) ?? [];
    return this.sawKey(qualifiedName(model.id), transaction, bounds => this.#order.firstWithin(model.id, columns, key, bounds));
  }
}
