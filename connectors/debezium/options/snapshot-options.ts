import { type ConfigOf, type ConfigReport, type OptionPattern, options, type RawConfig } from '../../../src/contract/index.ts';
import { limited } from './limited.ts';

const group = 'Snapshot';

/** When a snapshot is taken. Older names are resolved. */
export type SnapshotMode = 'always' | 'initial' | 'initial_only' | 'no_data' | 'recovery' | 'when_needed';

const modes = ['always', 'initial', 'initial_only', 'no_data', 'when_needed', 'never', 'exported', 'schema_only'] as const;

const olderNames: Readonly<Record<string, SnapshotMode>> = {
  never: 'no_data',
  exported: 'initial',
  schema_only: 'no_data',
  schema_only_recovery: 'recovery',
};

const noPlugins = 'Java classes cannot be loaded';

/** When a database that tells its schema itself takes a snapshot, and what it locks. */
export const snapshotModeOptions = {
  'snapshot.mode': limited(
    modes,
    {
      configuration_based: 'use initial, initial_only, no_data, always or when_needed',
      custom: noPlugins,
      initial_schema_only: 'use no_data',
    },
    {
      default: 'initial',
      doc: 'When a snapshot is taken: initial (where there is no offset yet), initial_only (and nothing is streamed after it), always (at every start), when_needed (also where the offset’s position is lost), no_data (never). never and schema_only are older names of no_data, exported of initial.',
      group,
      displayName: 'Snapshot mode',
    },
  ),
  'snapshot.locking.mode': limited(
    ['none', 'shared'],
    { custom: noPlugins },
    {
      default: 'none',
      doc: 'shared: tables are locked (against changes of their schema, not of their rows) while the snapshot begins.',
      group,
      displayName: 'Snapshot locking mode',
    },
  ),
  'snapshot.lock.timeout.ms': options.long({
    default: '10000',
    min: 1,
    doc: 'Milliseconds to wait for the locks of snapshot.locking.mode=shared.',
    importance: 'MEDIUM',
    group,
    displayName: 'Snapshot lock timeout (ms)',
  }),
};

/** How snapshots are read, as far as all relational databases share it. */
export const snapshotReadingOptions = {
  'snapshot.query.mode': limited(
    ['select_all'],
    { custom: 'use snapshot.select.statement.overrides' },
    { default: 'select_all', doc: 'How rows are selected.', group, displayName: 'Snapshot query mode' },
  ),
  'snapshot.select.statement.overrides': options.list({
    default: '',
    doc: 'Tables (schema.table, separated by commas) whose rows a snapshot selects by a statement of their own: snapshot.select.statement.overrides.schema.table.',
    importance: 'MEDIUM',
    group,
    displayName: 'List of tables where the default select statement used during snapshotting should be overridden.',
  }),
  'snapshot.delay.ms': options.long({
    default: '0',
    min: 0,
    doc: 'Milliseconds to wait before a snapshot begins.',
    importance: 'LOW',
    group,
    displayName: 'Snapshot Delay (milliseconds)',
  }),
  'streaming.delay.ms': options.long({
    default: '0',
    min: 0,
    doc: 'Milliseconds to wait between a completed snapshot and streaming.',
    importance: 'LOW',
    group,
    displayName: 'Streaming Delay (milliseconds)',
  }),
  'snapshot.fetch.size': options.int({
    default: '10240',
    min: 1,
    doc: 'Rows of a table that a snapshot reads as one chunk; after a restart it goes on behind the last whole one.',
    importance: 'MEDIUM',
    group,
    displayName: 'Snapshot fetch size',
  }),
  'snapshot.max.threads': options.int({
    default: '1',
    min: 1,
    max: 64,
    doc: 'Connections that read a snapshot at the same time, all with one view of the database.',
    importance: 'MEDIUM',
    group,
    displayName: 'Snapshot maximum threads',
  }),
  'legacy.snapshot.max.threads': limited(
    ['false'],
    { true: 'tables are always shared out among the readers as they become free' },
    {
      default: 'false',
      doc: 'Debezium’s older way of sharing out tables among readers.',
      group,
      displayName: 'Legacy snapshot threads',
      aliases: ['internal.legacy.snapshot.max.threads'],
    },
  ),
};

const overridePrefix = 'snapshot.select.statement.overrides.';

export const snapshotPatterns: readonly OptionPattern[] = [
  {
    pattern: /^snapshot\.select\.statement\.overrides\..+$/,
    doc: 'The statement that selects a table’s rows in a snapshot, for a table that snapshot.select.statement.overrides lists.',
    example: 'snapshot.select.statement.overrides.public.orders',
  },
];

export type SnapshotSettings = {
  readonly mode: SnapshotMode;
  /** Statement by `schema.table`. */
  readonly selectOverrides: ReadonlyMap<string, string>;
  readonly delayMs: number;
  readonly streamingDelayMs: number;
  readonly chunkRows: number;
  readonly readers: number;
};

/** `schema.table` of a name whose parts may be quoted. */
function unquoted(name: string): string {
  const parts = name.match(/"(?:[^"]|"")*"|`(?:[^`]|``)*`|[^."`]+/g) ?? [];
  return parts.map(part => (/^["`]/.test(part) ? part.slice(1, -1).replaceAll(part[0]!.repeat(2), part[0]!) : part)).join('.');
}

function readOverrides(tables: readonly string[], raw: RawConfig, report: ConfigReport): ReadonlyMap<string, string> {
  const overrides = new Map<string, string>();
  for (const table of tables) {
    const statement = raw[overridePrefix + table];
    if (statement !== undefined) overrides.set(unquoted(table), statement);
    else report.warning('snapshot.select.statement.overrides', `There is no statement ${overridePrefix}${table}; the whole table is read.`);
  }
  for (const name of Object.keys(raw)) {
    if (!name.startsWith(overridePrefix) || tables.includes(name.slice(overridePrefix.length))) continue;
    report.warning(name, `${name} has no effect: snapshot.select.statement.overrides does not list the table.`);
  }
  return overrides;
}

/** The mode that a word of `snapshot.mode` stands for. */
export function snapshotMode(word: string): SnapshotMode {
  return olderNames[word] ?? (word as SnapshotMode);
}

export function readSnapshot(
  config: ConfigOf<typeof snapshotReadingOptions>,
  mode: SnapshotMode,
  raw: RawConfig,
  report: ConfigReport,
): SnapshotSettings {
  return {
    mode,
    selectOverrides: readOverrides(config['snapshot.select.statement.overrides'], raw, report),
    delayMs: config['snapshot.delay.ms'],
    streamingDelayMs: config['streaming.delay.ms'],
    chunkRows: config['snapshot.fetch.size'],
    readers: config['snapshot.max.threads'],
  };
}
