import { type Family, ofTasks } from './family.ts';

/** How far a snapshot is. */
export const snapshotFamilies: readonly Family[] = [
  ofTasks('gauge', 'sluice_snapshot_tables', 'Tables of the snapshot.', task => task.snapshot?.tables ?? null),
  ofTasks(
    'gauge',
    'sluice_snapshot_tables_done',
    'Tables of the snapshot that are read to their end.',
    task => task.snapshot?.tablesDone ?? null,
  ),
  ofTasks('gauge', 'sluice_snapshot_rows', 'Rows read by the snapshot.', task => task.snapshot?.rows ?? null),
  ofTasks(
    'gauge',
    'sluice_snapshot_rows_estimated',
    'Rows of the snapshot’s tables by the database’s statistics.',
    task => task.snapshot?.rowsEstimated ?? null,
  ),
];
