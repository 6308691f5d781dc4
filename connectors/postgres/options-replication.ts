import { type ConfigOf, type ConfigReport, options, type RawConfig } from '../../src/contract/index.ts';
import { limited, unsupportedOptions } from '../debezium/options/limited.ts';
import { patternList } from '../debezium/patterns.ts';
import { quoteIdentifier, quoteLiteral } from './connection.ts';
import type { PublicationSettings } from './publication.ts';
import { replicaIdentityRules } from './replica-identity.ts';
import type { SlotSettings } from './slot.ts';

const group = 'Replication';

const otherPlugin = 'only pgoutput, which every server from version 10 on has, can be read; give the connector a slot.name of its own';
const ownLog = 'what the server may free is decided by the durable offsets; without that it would keep its whole log';
const skipsChanges = 'it skips changes between the stored offset and the slot; use snapshot.mode=when_needed';
const oneView = 'all readers of a snapshot share one view of the database, which needs repeatable_read at least';

function slotName(text: string): void {
  if (!/^[a-z0-9_]{1,63}$/.test(text))
    throw new Error('Valid replication slot name must contain only digits, lowercase characters and underscores with length <= 63');
}

/** `name=value;name=value` as START_REPLICATION takes it. */
function streamParameters(text: string): string {
  return text
    .split(';')
    .filter(part => part.trim() !== '')
    .map(part => {
      const [, name, value] = /^\s*([^=\s]+)\s*=(.*)$/s.exec(part) ?? [];
      if (name === undefined || value === undefined) throw new Error(`'${part}' is not of the form name=value`);
      return `${quoteIdentifier(name)} ${quoteLiteral(value.trim())}`;
    })
    .join(', ');
}

/** Slot, publication and stream. */
export const replicationOptions = {
  'plugin.name': limited(
    ['pgoutput'],
    { decoderbufs: otherPlugin, wal2json: otherPlugin, wal2json_rds: otherPlugin, wal2json_streaming: otherPlugin },
    { default: 'pgoutput', doc: 'The logical decoding plugin. Debezium’s default is decoderbufs.', group, displayName: 'Plugin' },
  ),
  'slot.name': options.string({
    default: 'debezium',
    doc: 'The replication slot, made where it does not exist. Each connector needs its own.',
    importance: 'MEDIUM',
    group,
    displayName: 'Slot',
    validate: slotName,
  }),
  'slot.drop.on.stop': options.boolean({
    default: 'false',
    doc: 'Drops the slot when the connector stops, and with it the changes not read yet. For tests.',
    importance: 'MEDIUM',
    group,
    displayName: 'Drop slot on stop',
    aliases: ['slot.drop_on_stop'],
  }),
  'slot.failover': options.boolean({
    default: 'false',
    doc: 'Makes the slot one that standbys keep in step (PostgreSQL 17 and newer).',
    importance: 'MEDIUM',
    group,
    displayName: 'Create failover slot',
  }),
  'slot.max.retries': options.int({
    default: '6',
    min: 0,
    doc: 'How often a slot that another connection reads is looked at again before the task gives up, to be tried again as after any fault that heals by itself (errors.max.retries).',
    importance: 'LOW',
    group,
    displayName: 'Retry count',
  }),
  'slot.retry.delay.ms': options.long({
    default: '10000',
    min: 1,
    doc: 'Milliseconds between two looks at a slot that another connection reads (slot.max.retries).',
    importance: 'LOW',
    group,
    displayName: 'Retry delay',
  }),
  'slot.stream.params': options.parsed(
    'STRING',
    {
      default: '',
      doc: 'Further parameters of the plugin, as name=value separated by semicolons, such as origin=any.',
      importance: 'LOW',
      group,
      displayName: 'Optional parameters to pass to the logical decoder when the stream is started.',
    },
    streamParameters,
  ),
  'publication.name': options.string({
    default: 'dbz_publication',
    doc: 'The publication whose changes are streamed.',
    importance: 'MEDIUM',
    group,
    displayName: 'Publication',
  }),
  'publication.autocreate.mode': options.choice(['all_tables', 'disabled', 'filtered', 'no_tables'], {
    default: 'all_tables',
    doc: 'How the publication is made where it does not exist: for all tables, not at all, for the captured tables (which it then follows), or without tables.',
    importance: 'MEDIUM',
    group,
    displayName: 'Publication Auto Create Mode',
  }),
  'publish.via.partition.root': options.boolean({
    default: 'false',
    doc: 'Whether a publication made here tells changes of partitions as changes of their root table.',
    importance: 'MEDIUM',
    group,
    displayName: 'Publish via partition root',
  }),
  'replica.identity.autoset.values': options.parsed(
    'STRING',
    {
      default: null,
      doc: 'Replica identities to give to captured tables: schema.table:FULL, separated by commas; the table is a Java regular expression, the identity DEFAULT, FULL, NOTHING or INDEX name.',
      importance: 'MEDIUM',
      group,
      displayName: 'Replica Identity Auto Set Values',
    },
    replicaIdentityRules,
  ),
  'message.prefix.include.list': options.parsed(
    'LIST',
    {
      default: null,
      doc: 'Prefixes of logical decoding messages to capture: Java regular expressions; all where it is not set.',
      importance: 'MEDIUM',
      group,
      displayName: 'Include Logical Decoding Message Prefixes',
    },
    patternList,
  ),
  'message.prefix.exclude.list': options.parsed(
    'LIST',
    {
      default: null,
      doc: 'Prefixes of logical decoding messages not to capture: Java regular expressions.',
      importance: 'MEDIUM',
      group,
      displayName: 'Exclude Logical Decoding Message Prefixes',
    },
    patternList,
  ),
  'status.update.interval.ms': options.int({
    default: '10000',
    min: 1,
    doc: 'Milliseconds between reports to the server of how far it may free its log.',
    importance: 'MEDIUM',
    group,
    displayName: 'Status update interval (ms)',
  }),
  'lsn.flush.mode': limited(
    ['connector', 'connector_and_driver'],
    { manual: ownLog },
    {
      default: 'connector',
      doc: 'Who tells the server what it may free. Always the connector, up to the last durable offset; keepalive positions of an idle database count too, so both values mean the same.',
      group,
      displayName: 'LSN flush mode',
    },
  ),
  'flush.lsn.source': limited(
    ['true'],
    { false: ownLog },
    {
      default: 'true',
      doc: 'Debezium 1.x and 2.x: true is lsn.flush.mode=connector.',
      group,
      displayName: 'Flush LSN in the source database',
    },
  ),
  'offset.mismatch.strategy': limited(
    ['no_validation', 'trust_offset'],
    { trust_slot: skipsChanges, trust_greater_lsn: skipsChanges },
    {
      default: 'no_validation',
      doc: 'What happens where the slot is ahead of the stored offset. The changes in between are lost, so with either value the task stops and says so, or takes a new snapshot (snapshot.mode=when_needed).',
      group,
      displayName: 'Offset Slot Mismatch Strategy',
    },
  ),
  'internal.slot.seek.to.known.offset.on.start': options.boolean({
    default: null,
    doc: 'Debezium 2.x: true is offset.mismatch.strategy=trust_offset, false no_validation; both mean the same here.',
    importance: 'LOW',
    group,
    displayName: 'Seek to last known offset on the replication slot',
    aliases: ['slot.seek.to.known.offset.on.start'],
  }),
  'schema.refresh.mode': options.choice(['columns_diff', 'columns_diff_exclude_unchanged_toast'], {
    default: 'columns_diff',
    doc: 'When the columns of a table are read anew. The server says when they have changed, with all columns, so both values mean the same.',
    importance: 'MEDIUM',
    group,
    displayName: 'Schema refresh mode',
  }),
  'snapshot.isolation.mode': limited(
    ['serializable', 'repeatable_read'],
    { read_committed: oneView, read_uncommitted: oneView },
    {
      default: 'serializable',
      doc: 'Isolation of the transactions that read a snapshot. They only read, all under one view of the database, so both values mean the same.',
      group: 'Snapshot',
      displayName: 'Snapshot isolation mode',
    },
  ),
  'xmin.fetch.interval.ms': limited(
    ['0'],
    {},
    {
      default: '0',
      doc: 'How often the slot’s xmin is read. It is not read here, so source.xmin is always null, and only 0 is taken.',
      group,
      displayName: 'Xmin fetch interval (ms)',
    },
  ),
  'include.schema.changes': options.boolean({
    default: null,
    doc: 'Has no effect on this connector, as in Debezium: PostgreSQL has no schema change topic.',
    importance: 'LOW',
    group: 'Connector',
    displayName: 'Include database schema changes',
  }),
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
    'lsn.flush.timeout.ms': 'A report to the server is one message that nobody waits for.',
    'lsn.flush.timeout.action': 'A report to the server is one message that nobody waits for.',
    'internal.create.slot.command.timeout': 'Making a slot waits for the transactions that are open, as long as they are.',
    'include.schema.comments': 'Comments of tables and columns are not part of records.',
  }),
};

type Replication = ConfigOf<typeof replicationOptions>;

/** Options that do not go together, or have no effect. */
export function checkReplication(raw: RawConfig, report: ConfigReport): void {
  if (raw['message.prefix.include.list'] !== undefined && raw['message.prefix.exclude.list'] !== undefined)
    report.fault('message.prefix.exclude.list', '"message.prefix.include.list" is already specified; set one of the two.');
  if (raw['include.schema.changes']?.trim().toLowerCase() === 'true')
    report.warning('include.schema.changes', "The option 'include.schema.changes' has no effect: PostgreSQL has no schema change topic.");
}

export function readSlot(config: Replication): SlotSettings {
  return {
    name: config['slot.name'],
    dropOnStop: config['slot.drop.on.stop'],
    failover: config['slot.failover'],
    retriesMax: config['slot.max.retries'],
    retryDelayMs: config['slot.retry.delay.ms'],
  };
}

/** `skipped` are the operations that no record is made of; `given`: `skipped.operations` is set, not left to its default. */
export function readPublication(config: Replication, skipped: ReadonlySet<string>, given: boolean): PublicationSettings {
  const operations = publishedOperations.filter(([letter]) => !skipped.has(letter)).map(([, operation]) => operation);
  return {
    name: config['publication.name'],
    autocreateMode: config['publication.autocreate.mode'],
    publishViaPartitionRoot: config['publish.via.partition.root'],
    operations,
    // As Debezium's PostgresReplicationConnection.buildPublishOptionValue.
    publish: given && skipped.size > 0 ? operations : null,
  };
}

/** Debezium's letters of the operations, with Postgres' names. */
const publishedOperations = [
  ['c', 'insert'],
  ['u', 'update'],
  ['d', 'delete'],
  ['t', 'truncate'],
] as const;

/** Whether a logical decoding message with that prefix is published. */
export function messageFilter(config: Replication): (prefix: string) => boolean {
  const include = config['message.prefix.include.list'];
  const exclude = config['message.prefix.exclude.list'];
  if (include !== null) return prefix => include.matches(prefix);
  return exclude === null ? () => true : prefix => !exclude.matches(prefix);
}
