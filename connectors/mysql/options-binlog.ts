import { type ConfigOf, type ConfigReport, options, type RawConfig } from '../../src/contract/index.ts';
import { limited, unsupportedOptions } from '../debezium/options/limited.ts';
import { type PatternList, patternList } from '../debezium/patterns.ts';
import type { LockingMode, MysqlSettings } from './settings.ts';

const group = 'Binlog';
const snapshot = 'Snapshot';
const noSchemas = 'This server has databases without schemas: use database.include.list or database.exclude.list.';
const noPlugins = 'Java classes cannot be loaded';
const stops = 'an event that cannot be read stops the task';

function sources(doc: string, displayName: string) {
  return options.parsed('LIST', { default: null, doc, group, importance: 'MEDIUM', displayName }, patternList);
}

/** What of the binlog is read, and what happens with it. */
export const binlogOptions = {
  'include.query': options.boolean({
    default: 'false',
    doc: 'Puts the original statement into source.query. The server must log it (binlog_rows_query_log_events, binlog_annotate_row_events), and it holds values that masks and column lists hide elsewhere.',
    importance: 'MEDIUM',
    group,
    displayName: 'Include original SQL query with in change events',
  }),
  'gtid.source.includes': sources(
    'Sources of GTIDs (UUIDs of servers; of MariaDB domain and server id, such as 0-1) whose rows are captured: Java regular expressions.',
    'Include GTID sources',
  ),
  'gtid.source.excludes': sources(
    'Sources of GTIDs whose rows are not captured: Java regular expressions; not together with gtid.source.includes.',
    'Exclude GTID sources',
  ),
  'gtid.source.filter.dml.events': options.boolean({
    default: 'true',
    doc: 'false: gtid.source.includes and gtid.source.excludes only say which sources must be among the server’s when streaming goes on.',
    importance: 'MEDIUM',
    group,
    displayName: 'Filter DML events',
  }),
  'gtid.ignore.on.recovery': options.boolean({
    default: 'false',
    doc: 'Streaming goes on by file and position though the offset has GTIDs.',
    importance: 'LOW',
    group,
    displayName: 'Ignore GTID on recovery',
  }),
  'binlog.buffer.size': limited(
    ['0'],
    {},
    {
      default: '0',
      doc: 'Debezium can look ahead whether a transaction is rolled back. The binlog holds committed ones (and what a rollback could not undo), so only 0 is taken.',
      group,
      displayName: 'Binlog reader buffer size',
    },
  ),
  'event.deserialization.failure.handling.mode': limited(
    ['fail'],
    { warn: stops, skip: stops, ignore: stops },
    {
      default: 'fail',
      doc: 'Older name of event.processing.failure.handling.mode.',
      group,
      displayName: 'Event deserialization failure handling',
    },
  ),
  'inconsistent.schema.handling.mode': limited(
    ['fail'],
    {
      warn: 'rows of a table whose columns are not known stop the task',
      skip: 'rows of a table whose columns are not known stop the task',
    },
    {
      default: 'fail',
      doc: 'What happens to rows of a table whose columns are not known: the task stops. With binlog_row_metadata=FULL the binlog itself tells them.',
      group,
      displayName: 'Inconsistent schema failure handling',
    },
  ),
  'resolve.create.table.like.schema': limited(
    ['false'],
    { true: 'set binlog_row_metadata=FULL, with which the rows tell their columns' },
    {
      default: 'false',
      doc: 'CREATE TABLE ... LIKE a table that is not known: the rows that follow tell its columns.',
      group,
      displayName: 'Resolve CREATE TABLE LIKE reference schema',
    },
  ),
  'source.struct.version': limited(
    ['v2'],
    { v1: 'the source block has the form of version 2' },
    {
      default: 'v2',
      doc: 'Debezium 1.x: the form of the source block, always that of version 2.',
      group: 'Connector',
      displayName: 'Source struct maker version',
    },
  ),
  ...unsupportedOptions({
    'gtid.new.channel.position': 'New sources are read from their beginning, which was its only value in later versions of Debezium.',
    'schema.include.list': noSchemas,
    'schema.exclude.list': noSchemas,
    'schema.whitelist': noSchemas,
    'schema.blacklist': noSchemas,
    'database.dbname': noSchemas,
  }),
};

/** When a snapshot is taken, and what it locks. */
export const snapshotModeOptions = {
  'snapshot.mode': limited(
    ['always', 'initial', 'initial_only', 'no_data', 'recovery', 'when_needed', 'schema_only', 'schema_only_recovery'],
    {
      configuration_based: 'use initial, initial_only, no_data, recovery, always or when_needed',
      custom: noPlugins,
      never: 'the binlog does not reach back to the making of the tables; use no_data',
    },
    {
      default: 'initial',
      doc: 'When a snapshot is taken: initial (where there is no offset yet), initial_only (and nothing is streamed after it), always (at every start), when_needed (also where the offset’s position or the schema history is lost), no_data (of the schema only), recovery (of the schema only, in place of a lost schema history; right if no table has changed since). schema_only and schema_only_recovery are older names of no_data and recovery.',
      group: snapshot,
      displayName: 'Snapshot mode',
    },
  ),
  'snapshot.locking.mode': limited(
    ['minimal', 'extended', 'none'],
    {
      custom: noPlugins,
      minimal_percona: 'use minimal, which locks no longer than it takes to open the view',
      minimal_percona_no_table_locks: 'use minimal, which locks no longer than it takes to open the view',
      minimal_at_least_once: 'use minimal',
    },
    {
      default: 'minimal',
      doc: 'minimal: writes wait while the position is read and the view of the database is opened: by FLUSH TABLES WITH READ LOCK, without the right to it by LOCK TABLES on the captured tables. extended: until all is read. none: nobody waits; MariaDB tells the position of a view by itself, on MySQL changes of that moment may come twice.',
      group: snapshot,
      displayName: 'Snapshot locking mode',
    },
  ),
  'snapshot.lock.timeout.ms': options.long({
    default: '10000',
    min: 1,
    doc: 'Milliseconds to wait for the lock; the server counts whole seconds.',
    importance: 'MEDIUM',
    group: snapshot,
    displayName: 'Snapshot lock timeout (ms)',
  }),
};

/** Of MySQL only. */
export const mysqlOnlyOptions = {
  'ddl.parser.type': limited(
    ['default'],
    { legacy: 'there is one parser' },
    { default: 'default', doc: 'Debezium has two parsers of DDL.', group, displayName: 'DDL Parser Type' },
  ),
};

/** Options that do not go together. */
export function checkBinlog(raw: RawConfig, report: ConfigReport): void {
  if (raw['gtid.source.includes'] !== undefined && raw['gtid.source.excludes'] !== undefined)
    report.fault('gtid.source.excludes', '"gtid.source.includes" is already specified; set one of the two.');
}

type Binlog = ConfigOf<typeof binlogOptions> & ConfigOf<typeof snapshotModeOptions>;

export function readBinlog(config: Binlog): Pick<MysqlSettings, 'includesQuery' | 'gtidSource' | 'filtersRowsBySource' | 'ignoresGtids'> {
  return {
    includesQuery: config['include.query'],
    gtidSource: sourceFilter(config['gtid.source.includes'], config['gtid.source.excludes']),
    filtersRowsBySource: config['gtid.source.filter.dml.events'],
    ignoresGtids: config['gtid.ignore.on.recovery'],
  };
}

function sourceFilter(include: PatternList | null, exclude: PatternList | null): MysqlSettings['gtidSource'] {
  if (include !== null) return source => include.matches(source);
  return exclude === null ? null : source => !exclude.matches(source);
}

export function readLocking(config: Binlog): { locking: LockingMode; lockTimeoutMs: number } {
  return { locking: config['snapshot.locking.mode'], lockTimeoutMs: config['snapshot.lock.timeout.ms'] };
}
