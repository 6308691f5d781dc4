import { type ConfigOf, type ConfigReport, options, type RawConfig } from '../../../src/contract/index.ts';
import { channelsOf } from './channels.ts';
import { limited } from './limited.ts';
import { readTopicSignals, signalTopicOptions, type TopicSignals } from './signal-topic-options.ts';

const group = 'Signals';

const channels = ['source', 'kafka', 'file'] as const;
const otherChannels: Readonly<Record<string, string>> = {
  jmx: 'there are no MBeans; use POST /connectors/NAME/snapshots',
};

/** Signals, and the snapshots on demand that they ask for. */
export const signalOptions = {
  'signal.data.collection': options.parsed(
    'LIST',
    {
      default: null,
      doc: 'The table, as schema.table (database.table of MySQL and MariaDB), whose inserted rows are signals: columns id, type and data. It is captured too, whatever the lists say. Incremental snapshots write their watermarks into it, unless read.only is set.',
      importance: 'MEDIUM',
      group,
      displayName: 'Signaling data collection',
    },
    text => {
      if (!/^[^.,]+\.[^.,]+$/.test(text.trim())) throw new Error('it must be one table, as schema.table (of MySQL: database.table)');
      return text;
    },
  ),
  'signal.enabled.channels': options.parsed(
    'LIST',
    {
      default: 'source',
      doc: 'Where signals come from: source (the signal table), kafka (signal.kafka.topic), file (signal.file). POST /connectors/NAME/snapshots works besides, whatever is set here.',
      importance: 'MEDIUM',
      group,
      displayName: 'Enabled channels names',
      values: channels,
      refusedValues: otherChannels,
    },
    channelsOf(channels, otherChannels),
  ),
  'read.only': options.boolean({
    default: 'false',
    doc: 'Nothing is written to the database by incremental snapshots: what is newer, a chunk’s row or a streamed change, is decided by transaction visibility, and the watermarks in the signal table are left out. (A server of MySQL without GTIDs needs them.)',
    importance: 'LOW',
    group,
    displayName: 'Read-only connection',
  }),
  'incremental.snapshot.chunk.size': options.int({
    default: '1024',
    min: 1,
    doc: 'Rows of one chunk of an incremental snapshot. One chunk is in memory at a time; after a restart it goes on behind the last one published.',
    importance: 'MEDIUM',
    group,
    displayName: 'Incremental snapshot chunk size',
  }),
  'incremental.snapshot.watermarking.strategy': limited(
    ['insert_insert', 'insert_delete'],
    {},
    {
      default: 'INSERT_INSERT',
      doc: 'What incremental snapshots write into the signal table: a row when a chunk begins and one when it is read, or one row that is deleted again.',
      group,
      displayName: 'Incremental snapshot watermarking strategy',
    },
  ),
  'incremental.snapshot.allow.schema.changes': options.boolean({
    default: 'false',
    doc: 'Whether tables may change their columns while an incremental snapshot reads them. They always may: each chunk is read with the table as it then is. Its key must stay.',
    importance: 'LOW',
    group,
    displayName: 'Allow schema changes during incremental snapshot if supported.',
  }),
  'incremental.snapshot.rows.per.second.max': options.int({
    default: '0',
    min: 0,
    doc: 'Rows that incremental snapshots read in a second at most, to spare the database; 0: no limit.',
    importance: 'LOW',
    group,
    displayName: 'Incremental snapshot rows per second',
  }),
  'signal.file': options.string({
    default: 'file-signals.txt',
    doc: 'The file of the channel file: a signal a line, as JSON with id, type and data. What was followed is taken out of it, so the worker must be able to write it.',
    importance: 'LOW',
    group,
    displayName: 'Signal file name',
  }),
  'signal.poll.interval.ms': options.long({
    default: '5000',
    min: 1,
    doc: 'Milliseconds between two looks into signal.file, and before a signal that the database did not let be followed is tried again. The rows of the signal table come with the stream, records of signal.kafka.topic as they are written.',
    importance: 'MEDIUM',
    group,
    displayName: 'Signal processor poll interval',
  }),
  ...signalTopicOptions,
};

export type SignalSettings = {
  /** `signal.data.collection`; null: none. */
  readonly table: string | null;
  /** Its rows are signals. */
  readonly fromTable: boolean;
  /** `signal.file`; null: the channel is not enabled. */
  readonly file: string | null;
  /** The channel kafka; null: it is not enabled. */
  readonly topic: TopicSignals | null;
  readonly pollMs: number;
  readonly readOnly: boolean;
  /** `incremental.snapshot.watermarking.strategy=insert_delete`. */
  readonly deletesWatermarks: boolean;
  readonly chunkRows: number;
  /** 0: no limit. */
  readonly rowsPerSecondMax: number;
};

export function readSignals(config: ConfigOf<typeof signalOptions>, raw: RawConfig, report: ConfigReport): SignalSettings {
  const enabled = config['signal.enabled.channels'];
  const fromTable = enabled.includes('source');
  const table = config['signal.data.collection']?.trim() || null;
  if (table === null && raw['signal.enabled.channels'] !== undefined && fromTable)
    report.warning('signal.enabled.channels', 'The channel source has no effect: signal.data.collection names no table.');
  return {
    table,
    fromTable,
    file: enabled.includes('file') ? config['signal.file'] : null,
    topic: readTopicSignals(config, enabled.includes('kafka'), raw, report),
    pollMs: config['signal.poll.interval.ms'],
    readOnly: config['read.only'],
    deletesWatermarks: config['incremental.snapshot.watermarking.strategy'] === 'insert_delete',
    chunkRows: config['incremental.snapshot.chunk.size'],
    rowsPerSecondMax: config['incremental.snapshot.rows.per.second.max'],
  };
}
