import { type ConfigOf, type ConfigReport, options, type RawConfig } from '../../../src/contract/index.ts';
import type { SnapshotMode } from './snapshot-options.ts';

/** Tables that are captured from a later start on. */
export const newTableOptions = {
  'snapshot.new.tables': options.choice(['incremental', 'none'], {
    default: 'incremental',
    doc: 'What happens to the rows of a table that the connector’s lists have included since its last start: incremental, an incremental snapshot reads them (a blocking one where the table has no key), and nothing else is read again; none, only its changes are published, as with Debezium, until a signal asks for its rows. Not with snapshot.mode=no_data, whose tables are never read by themselves.',
    importance: 'MEDIUM',
    group: 'Snapshot',
    displayName: 'Snapshot of new tables',
  }),
};

/** Whether tables that were added are read. */
export function readNewTables(config: ConfigOf<typeof newTableOptions>, mode: SnapshotMode, raw: RawConfig, report: ConfigReport): boolean {
  const wanted = config['snapshot.new.tables'] === 'incremental';
  if (wanted && mode === 'no_data' && raw['snapshot.new.tables'] !== undefined)
    report.warning('snapshot.new.tables', 'It has no effect with snapshot.mode=no_data: ask for the rows by a signal, or sluice snapshot.');
  return wanted && mode !== 'no_data' && mode !== 'initial_only';
}
