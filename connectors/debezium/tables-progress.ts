import type { JsonObject, SourceBatch, SourceOffset } from '../../src/contract/index.ts';
import { progressPartition, readProgress, type TableProgress } from './snapshot-progress.ts';
import type { TableId } from './table.ts';
import { qualifiedName } from './table-name.ts';

/** What snapshots read of tables, with the views that the stream is not past: the offsets hold it, beside the stream's. */
export class TablesProgress<View> {
  readonly #partition: JsonObject;
  readonly #readView: (view: JsonObject) => View;
  tables = new Map<string, TableProgress<View>>();

  constructor(serverPartition: JsonObject, readView: (view: JsonObject) => View) {
    this.#partition = serverPartition;
    this.#readView = readView;
  }

  /** Takes up what is stored, or what a batch stores. */
  restore(offsets: readonly SourceOffset[]): void {
    for (const offset of offsets) {
      const progress = readProgress(offset, this.#readView);
      if (progress) this.tables.set(progress.table, progress);
    }
  }

  /** The names of those that are not read to their end. */
  left(tables: readonly { readonly id: TableId }[]): readonly string[] {
    return tables.map(({ id }) => qualifiedName(id)).filter(name => !this.tables.get(name)?.done);
  }

  /** Hands a snapshot's batches on, and takes up what each stores. */
  async *followed(batches: AsyncIterable<SourceBatch>): AsyncGenerator<SourceBatch> {
    for await (const batch of batches) {
      this.restore(batch.offsets);
      yield batch;
    }
  }

  /** Deletes it: no change the stream may still bring was seen by a snapshot. */
  forget(): readonly SourceOffset[] {
    const tables = [...this.tables.keys()];
    this.tables = new Map();
    return tables.map(table => ({ partition: progressPartition(this.#partition, table), offset: null }));
  }
}
