import { type ConfigOf, type ConfigReport, options, type RawConfig } from '../../src/contract/index.ts';
import { readSignals, type SignalSettings, signalOptions } from '../debezium/options/signal-options.ts';
import type { CaptureSettings } from './change-stream-command.ts';
import { type CollectionId, parseNamespace } from './collection-id.ts';

/** Signals of MongoDB: a collection in a table’s place, by a name that may have dots. */
export const mongoSignalOptions = {
  ...signalOptions,
  'signal.data.collection': options.parsed(
    'LIST',
    {
      default: null,
      doc: 'The collection, as database.collection, whose inserted documents are signals: _id, type and data. It is captured too, whatever the lists say. Incremental snapshots write their watermarks into it, unless read.only is set.',
      importance: 'MEDIUM',
      group: 'Signals',
      displayName: 'Signaling data collection',
    },
    text => {
      if (text.includes(',') || parseNamespace(text.trim()) === null) throw new Error('it must be one collection, as database.collection');
      return text;
    },
  ),
};

type SignalConfig = ConfigOf<typeof mongoSignalOptions>;

/** `signal.data.collection`; null: not set. */
export function signalCollection(config: SignalConfig): CollectionId | null {
  const name = config['signal.data.collection']?.trim();
  return name ? parseNamespace(name) : null;
}

/** For a spec's `refine`: the signals, which the change stream has to bring where they come by a collection. */
export function readMongoSignals(config: SignalConfig, capture: CaptureSettings, raw: RawConfig, report: ConfigReport): SignalSettings {
  const signals = readSignals(config, raw, report);
  const collection = signalCollection(config);
  if (collection === null || !signals.fromTable) return signals;
  const { scope, skippedOperations } = capture;
  if (scope.kind === 'collection' || (scope.kind === 'database' && scope.database !== collection.database))
    report.fault(
      'signal.data.collection',
      `capture.scope=${scope.kind} does not stream ${signals.table}: let capture.target be the database that it is in, or leave capture.scope out.`,
    );
  if (skippedOperations.has('c'))
    report.fault('signal.data.collection', 'skipped.operations leaves inserts out, and with them the signals: leave c out of it.');
  return signals;
}
