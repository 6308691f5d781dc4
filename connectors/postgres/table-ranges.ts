import type { JsonObject, SourceOffset } from '../../src/contract/index.ts';
import { TablesProgress } from '../debezium/tables-progress.ts';
import { SeenChanges } from './seen-changes.ts';
import { readView, type SnapshotView } from './snapshot-view.ts';

/** What snapshots read under views that the stream is not past. */
export class TableRanges extends TablesProgress<SnapshotView> {
  constructor(serverPartition: JsonObject) {
    super(serverPartition, readView);
  }

  /** Changes that are in it. */
  seen(): SeenChanges {
    return new SeenChanges([...this.tables.values()]);
  }

  /** Deletes it once the stream is behind all the views. */
  forgetBefore(confirmedLsn: bigint): readonly SourceOffset[] {
    return this.tables.size > 0 && confirmedLsn > this.seen().untilLsn ? this.forget() : [];
  }
}
