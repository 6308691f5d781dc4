import { configSpec, misspeltSourceField, options, type RawConfig } from '../../src/contract/index.ts';
import { connectionOptions, withLogin } from '../sql/connection-options.ts';
import { markerOptions, retentionOf } from '../sql/marker-retention.ts';
import type { TargetAddress } from '../sql/target-url.ts';
import { refusedOptions } from './refused-options.ts';

export type InsertMode = 'insert' | 'upsert' | 'update';
export type PrimaryKeyMode = 'none' | 'kafka' | 'record_key' | 'record_value' | 'record_header';

export type JdbcConfig = {
  readonly address: TargetAddress;
  readonly insertMode: InsertMode;
  readonly deleteEnabled: boolean;
  readonly truncateEnabled: boolean;
  readonly keyMode: PrimaryKeyMode;
  /** Empty: all fields. */
  readonly keyFields: readonly string[];
  readonly schemaEvolution: 'none' | 'basic';
  readonly collectionNameFormat: string;
  readonly quoteIdentifiers: boolean;
  /** By topic and field (`topic:field`, or the field alone); null: all. */
  readonly include: readonly string[] | null;
  readonly exclude: readonly string[];
  readonly unavailable: string;
  /** Most rows of one statement. */
  readonly rowsMax: number;
  readonly tracking: 'partition' | 'key';
  /** How long the versions of deleted rows are kept; null: for good. */
  readonly markerRetentionMs: number | null;
};

const group = 'Connector';

export const jdbcSpec = configSpec({
  doc: 'Keeps plain tables in step with topics, by bulk upserts and deletes in one transaction with the offsets: the options of Debezium’s JDBC sink, for PostgreSQL and SQLite.',
  options: {
    ...connectionOptions,
    'insert.mode': options.choice(['insert', 'upsert', 'update'], {
      default: 'insert',
      doc: 'How a change is written. `upsert` inserts or replaces by the key, `update` changes rows that are there, `insert` only adds rows.',
      importance: 'LOW',
      group,
      displayName: 'Insert mode',
    }),
    'delete.enabled': options.boolean({
      default: 'false',
      doc: 'Whether deletes and tombstones delete the row. Needs primary.key.mode=record_key.',
      importance: 'LOW',
      group,
      displayName: 'Delete enabled',
    }),
    'truncate.enabled': options.boolean({
      default: 'false',
      doc: 'Whether a truncation of the source’s table empties the table here.',
      importance: 'LOW',
      group,
      displayName: 'Truncate enabled',
    }),
    'primary.key.mode': options.choice(['none', 'kafka', 'record_key', 'record_value', 'record_header'], {
      default: 'none',
      doc: 'Where the key’s columns come from: the record’s key, its value, its headers, or its place in the log (`kafka`: the columns __connect_topic, __connect_partition, __connect_offset). With `none` tables have no key.',
      importance: 'LOW',
      group,
      displayName: 'Primary key mode',
    }),
    'primary.key.fields': options.list({
      default: '',
      doc: 'Fields that are the key; by default all fields of the record’s key. Needed with record_value.',
      importance: 'LOW',
      group,
      displayName: 'Primary key fields',
    }),
    'schema.evolution': options.choice(['none', 'basic'], {
      default: 'none',
      doc: 'With `basic` missing tables are made and missing columns are added, by the records’ schemas; with `none` they must be there.',
      importance: 'LOW',
      group,
      displayName: 'Schema evolution',
      refusedValues: { 'validate-only': 'it is checked at each start whether the tables are there' },
    }),
    'collection.name.format': options.string({
      default: '${topic}',
      aliases: ['table.name.format'],
      doc: 'The table of a record, with its schema before a dot if need be: `${topic}` is the topic with underscores for its dots, `${source.db}`, `${source.schema}`, `${source.table}` are fields of the envelope’s source.',
      importance: 'MEDIUM',
      group,
      displayName: 'Collection name format',
      validate: checkNameFormat,
    }),
    'quote.identifiers': options.boolean({
      default: 'false',
      doc: 'Whether names of tables and columns keep their case; otherwise they are written in small letters, as Postgres folds them.',
      importance: 'LOW',
      group,
      displayName: 'Quote identifiers',
    }),
    'field.include.list': options.list({
      default: null,
      doc: 'Fields that are written, as `field` or `topic:field`; all by default. Not to be used together with field.exclude.list.',
      importance: 'MEDIUM',
      group,
      displayName: 'Include fields',
    }),
    'field.exclude.list': options.list({
      default: '',
      doc: 'Fields that are not written, as `field` or `topic:field`.',
      importance: 'MEDIUM',
      group,
      displayName: 'Exclude fields',
    }),
    'batch.size': options.int({
      default: '5000',
      min: 1,
      doc: 'Most rows of one statement.',
      importance: 'LOW',
      group,
      displayName: 'Batch size',
    }),
    'version.tracking': options.choice(['partition', 'key'], {
      default: 'partition',
      doc: 'How a record that comes late is told from a new one. `partition`: by the version reached in its partition, which costs nothing; what a replay or a refused record needs beside is kept by key. `key`: by the version of each key, in a table beside, always: twice the work, but a dead letter that failed in a converter or transform can be redelivered also behind later records of its partition.',
      importance: 'LOW',
      group,
      displayName: 'Version tracking',
    }),
    'use.reduction.buffer': options.boolean({
      default: 'true',
      doc: 'Several changes of a row in a batch are written as its last. With a key it is always so: `false` is refused.',
      importance: 'LOW',
      group,
      displayName: 'Use reduction buffer',
    }),
    ...markerOptions,
    ...refusedOptions,
  },
  check(raw, report): void {
    const mode = raw['primary.key.mode']?.toLowerCase() ?? 'none';
    const fields = raw['primary.key.fields']?.trim() ?? '';
    const insert = raw['insert.mode']?.toLowerCase() ?? 'insert';
    if (isTrue(raw, 'delete.enabled') && mode !== 'record_key')
      report.fault('delete.enabled', 'When delete.enabled is true, primary.key.mode must be record_key.');
    if (insert !== 'insert' && (mode === 'none' || mode === 'kafka'))
      report.fault('primary.key.mode', `insert.mode=${insert} needs primary.key.mode record_key, record_value or record_header.`);
    if (mode === 'record_value' && fields === '')
      report.fault('primary.key.fields', 'primary.key.mode=record_value needs the fields that are the key.');
    if (raw['field.include.list'] && raw['field.exclude.list'])
      report.fault('field.exclude.list', 'field.include.list and field.exclude.list cannot be used together.');
    if (raw['use.reduction.buffer']?.toLowerCase() === 'false' && mode !== 'none' && mode !== 'kafka')
      report.fault(
        'use.reduction.buffer',
        'A row is written once a batch, in its last state: use.reduction.buffer=false is not supported.',
      );
  },
  refine(config): JdbcConfig {
    return {
      address: withLogin(config['connection.url'], config['connection.username'], config['connection.password']),
      insertMode: config['insert.mode'],
      deleteEnabled: config['delete.enabled'],
      truncateEnabled: config['truncate.enabled'],
      keyMode: config['primary.key.mode'],
      keyFields: config['primary.key.fields'],
      schemaEvolution: config['schema.evolution'],
      collectionNameFormat: config['collection.name.format'],
      quoteIdentifiers: config['quote.identifiers'],
      include: config['field.include.list'],
      exclude: config['field.exclude.list'],
      unavailable: config['unavailable.value.placeholder'],
      rowsMax: config['batch.size'],
      tracking: config['version.tracking'],
      markerRetentionMs: retentionOf(config),
    };
  },
});

function isTrue(raw: RawConfig, name: string): boolean {
  return raw[name]?.trim().toLowerCase() === 'true';
}

function checkNameFormat(text: string): void {
  for (const [, name] of text.matchAll(/\$\{([^}]*)\}/g)) {
    const field = /^source\.(\w+)$/.exec(name!)?.[1];
    if (name !== 'topic' && field === undefined) throw new Error(`it knows \${topic} and \${source.FIELD}, not \${${name}}`);
    const meant = field === undefined ? null : misspeltSourceField(field);
    if (meant !== null) throw new Error(`a record's source has no field '${field}'; did you mean \${source.${meant}}?`);
  }
  if (text.split('.').length > 2 && !text.includes('${source.')) throw new Error('a name has a schema and a table at most');
}
