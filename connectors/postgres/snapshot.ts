import type pg from 'pg';
import type { Clock, JsonObject, Logger } from '../../src/contract/index.ts';
import type { Notifications } from '../debezium/notifications/notifications.ts';
import { Snapshot } from '../debezium/snapshot.ts';
import { progressOffset, type TableProgress } from '../debezium/snapshot-progress.ts';
import type { CatalogTable } from './catalog.ts';
import { openTable, type TableParts } from './snapshot-table.ts';
import { type SnapshotView, writtenView } from './snapshot-view.ts';
import type { SourceInfo } from './source-info.ts';

/** The state of the database that a snapshot reads. */
export type SnapshotMoment = {
  /** What `source.lsn` shows. */
  readonly lsn: bigint;
  readonly txId: bigint;
  /** null: the slot's own snapshot. */
  readonly view: SnapshotView | null;
};

export type PostgresSnapshotParts = {
  /** Connections whose transactions hold the snapshot; each reads one table at a time. */
  readonly readers: readonly pg.Client[];
  readonly sourceInfo: SourceInfo;
  readonly moment: SnapshotMoment;
  readonly partition: JsonObject;
  /** Progress of an interrupted snapshot by table. */
  readonly progress: ReadonlyMap<string, TableProgress<SnapshotView>>;
  readonly notifications: Notifications;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A table's reading begins, or has ended with so many rows. Left out: nobody is told. */
  onTable?(name: string, rows: number | null): void;
};

/** The snapshot of that moment, which goes on where an interrupted one was. */
export function newSnapshot(tables: TableParts, parts: PostgresSnapshotParts): Snapshot<CatalogTable, pg.Client, SnapshotView> {
  const { sourceInfo, moment, partition, readers, progress, notifications, clock, logger, onTable } = parts;
  const timestampUs = clock.nowNs() / 1000n;
  sourceInfo.enter({ timestampUs, txId: moment.txId, lastCommitLsn: null, xmin: null, origin: null, originLsn: null });
  return new Snapshot(
    {
      readers,
      open: table => openTable(tables, table),
      source: (id, marker) => sourceInfo.make(id, moment.lsn, marker),
      view: moment.view,
      progress,
      offset: done => progressOffset(partition, done, writtenView),
      onTable: (type, data) => {
        notifications.send({ aggregate: 'Initial Snapshot', type, id: null, data });
        if (type === 'IN_PROGRESS') onTable?.(data['current_collection_in_progress']!, null);
        else onTable?.(data['scanned_collection']!, Number(data['total_rows_scanned']));
      },
      clock,
      logger,
    },
    sourceInfo.make(null, moment.lsn),
  );
}
