import type { Connection } from 'mysql2';
import { type Clock, type JsonObject, type Logger, SluiceError } from '../../src/contract/index.ts';
import type { Notifications } from '../debezium/notifications/notifications.ts';
import { Snapshot } from '../debezium/snapshot.ts';
import { progressOffset, type TableProgress } from '../debezium/snapshot-progress.ts';
import type { CatalogTable } from './server.ts';
import type { SnapshotReaders } from './snapshot-readers.ts';
import { openTable, type TableParts } from './snapshot-table.ts';
import { type SnapshotView, writtenView } from './snapshot-view.ts';
import type { SourceInfo } from './source-info.ts';
import type { TableModel } from './table-model.ts';

export type MysqlSnapshotParts = {
  readonly readers: SnapshotReaders;
  /** Of its own, or of nobody who streams meanwhile. */
  readonly sourceInfo: SourceInfo;
  /** null: the stream begins, or goes on, behind what the readers see. */
  readonly view: SnapshotView | null;
  readonly partition: JsonObject;
  /** Progress of an interrupted snapshot by table. */
  readonly progress: ReadonlyMap<string, TableProgress<SnapshotView>>;
  readonly notifications: Notifications;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A table's reading begins, or has ended with so many rows. Left out: nobody is told. */
  onTable?(name: string, rows: number | null): void;
};

/** What a table is read with, but for its model: null where it is not known. */
export type ReadingParts = Omit<TableParts, 'model'> & { modelOf(table: CatalogTable): TableModel | null };

/** The snapshot of what the readers see, which goes on where an interrupted one was. */
export function newSnapshot(reading: ReadingParts, parts: MysqlSnapshotParts): Snapshot<CatalogTable, Connection, SnapshotView> {
  const { readers, sourceInfo, view, partition, progress, notifications, clock, logger, onTable } = parts;
  const { file, position } = readers.position;
  sourceInfo.enter({ timestampNs: BigInt(readers.timeSeconds) * 1_000_000_000n, gtid: null, threadId: null });
  sourceInfo.at({ file, position, serverId: 0 });
  const model = (table: CatalogTable) => reading.modelOf(table) ?? unknownColumns(table);
  return new Snapshot(
    {
      readers: readers.clients,
      open: async table => openTable({ ...reading, model }, table),
      source: (id, marker) => sourceInfo.make(id.catalog, id.table, 0, marker),
      view,
      progress,
      onTable: (type, data) => {
        notifications.send({ aggregate: 'Initial Snapshot', type, id: null, data });
        if (type === 'IN_PROGRESS') onTable?.(data['current_collection_in_progress']!, null);
        else onTable?.(data['scanned_collection']!, Number(data['total_rows_scanned']));
      },
      offset: done => progressOffset(partition, done, writtenView),
      clock,
      logger,
    },
    sourceInfo.make('', null, 0),
  );
}

function unknownColumns({ id }: CatalogTable): never {
  throw new SluiceError('SCHEMA_UNKNOWN', `The columns of table ${id.catalog}.${id.table} are not known.`);
}
