import type { JsonObject, SourceOffset } from '../../src/contract/index.ts';
import { progressPartition, readProgress, type TableProgress } from '../debezium/snapshot-progress.ts';
import { SeenChanges } from './seen-changes.ts';
import { readView, type SnapshotView } from './snapshot-view.ts';

/** What snapshots read under views that the stream is not past: the offsets hold it, beside the stream's. */
export class TableRanges {
  readonly #partition: JsonObject;
  tables = new Map<string, TableProgress<SnapshotView>>();

  constructor(serverPartition: JsonObject) {
    this.#partition = serverPartition;
  }

  /** Takes up what is stored, or what a batch stores. */
  restore(offsets: readonly SourceOffset[]): void {
    for (const offset of offsets) {
      const progress = readProgress(offset, readView);
      if (progress) this.tables.set(progress.table, progress);
    }
  }

  /** Changes that are in it. */
  seen(): SeenChanges {
    return new SeenChanges([...this.tables.values()]);
  }

  /** Deletes it once the stream is behind all the views. */
  forgetBefore(confirmedLsn: bigint): readonly SourceOffset[] {
    return this.tables.size > 0 && confirmedLsn > this.seen().untilLsn ? this.forget() : [];
  }

  /** Deletes it: no change the stream may still bring was seen by a snapshot. */
  forget(): readonly SourceOffset[] {
    const tables = [...this.tables.keys()];
    this.tables = new Map();
    return tables.map(table => ({ partition: progressPartition(this.#partition, table), offset: null }));
  }
}
