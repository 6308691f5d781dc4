import { type ConfigOf, options, type RawConfig } from '../../../src/contract/index.ts';
import type { Operation } from '../envelope.ts';
import type { TopicSettings } from '../topic-naming.ts';
import { limited } from './limited.ts';

const group = 'Connector';
const topics = 'Topics';

function topicName(text: string): void {
  if (!/^[a-zA-Z0-9_.-]+$/.test(text)) throw new Error('only the underscore, hyphen, dot and alphanumeric characters are allowed');
}

const skippable: readonly string[] = ['c', 'u', 'd', 't'];

/** Reads `c,u,d,t` or `none`. */
function skippedOperations(text: string): ReadonlySet<Operation> {
  const codes = text.split(',').map(code => code.trim());
  if (codes.includes('none')) {
    if (codes.length > 1) throw new Error("'none' cannot be specified with other skipped operation types");
    return new Set();
  }
  const unknown = codes.find(code => !skippable.includes(code));
  if (unknown !== undefined) throw new Error(`'${unknown}' is no operation that can be skipped; use c, u, d, t or none`);
  return new Set(codes as Operation[]);
}

const adjustments = ['none', 'avro', 'avro_unicode'] as const;

const furtherStrategies = {
  'io.debezium.schema.SchemaRegexTopicNamingStrategy': 'use the transform io.debezium.transforms.ByLogicalTableRouter',
  'io.debezium.schema.DefaultRegexTopicNamingStrategy': 'use the transform io.debezium.transforms.ByLogicalTableRouter',
  'io.debezium.schema.SchemaUnicodeTopicNamingStrategy': 'characters a topic cannot have become underscores',
  'io.debezium.schema.DefaultUnicodeTopicNamingStrategy': 'characters a topic cannot have become underscores',
};

const ownStrategy = 'topics here are named';

/** Topics named `PREFIX.schema.table`. */
export const schemaNamingOptions = {
  'topic.naming.strategy': limited(
    ['io.debezium.schema.SchemaTopicNamingStrategy'],
    {
      'io.debezium.schema.DefaultTopicNamingStrategy': `${ownStrategy} PREFIX.schema.table; rename them with a RegexRouter`,
      ...furtherStrategies,
    },
    {
      default: 'io.debezium.schema.SchemaTopicNamingStrategy',
      doc: 'How topics are named: PREFIX.schema.table.',
      group: topics,
      displayName: 'Topic naming strategy class',
    },
  ),
};

/** Topics named `PREFIX.database.table`. */
export const databaseNamingOptions = {
  'topic.naming.strategy': limited(
    ['io.debezium.schema.DefaultTopicNamingStrategy'],
    {
      'io.debezium.schema.SchemaTopicNamingStrategy': `${ownStrategy} PREFIX.database.table; rename them with a RegexRouter`,
      ...furtherStrategies,
    },
    {
      default: 'io.debezium.schema.DefaultTopicNamingStrategy',
      doc: 'How topics are named: PREFIX.database.table.',
      group: topics,
      displayName: 'Topic naming strategy class',
    },
  ),
};

/** What records are published and how they are named. */
export const recordShapeOptions = {
  'topic.prefix': options.string({
    doc: 'The connector’s logical name: every topic’s name begins with it, and source.name holds it. Do not change it later.',
    importance: 'HIGH',
    group,
    displayName: 'Topic prefix',
    aliases: ['database.server.name'],
    validate: topicName,
  }),
  'topic.delimiter': options.string({
    default: '.',
    doc: 'What stands between the parts of a topic’s name.',
    importance: 'LOW',
    group: topics,
    displayName: 'Topic delimiter',
    validate: topicName,
  }),
  'topic.cache.size': options.int({
    default: '10000',
    min: 1,
    doc: 'Topic names Debezium keeps at most. Here a name is made once for each version of a table and goes with it, so it never keeps more than the tables in use.',
    importance: 'LOW',
    group: topics,
    displayName: 'Topic cache size',
  }),
  'topic.heartbeat.prefix': options.string({
    default: '__debezium-heartbeat',
    doc: 'Heartbeats go to this, the delimiter and topic.prefix.',
    importance: 'LOW',
    group: topics,
    displayName: 'Prefix name of heartbeat topic',
    aliases: ['heartbeat.topics.prefix'],
    validate: topicName,
  }),
  'topic.heartbeat.name': options.string({
    default: null,
    doc: 'The whole name of the heartbeat topic, in place of the prefix.',
    importance: 'LOW',
    group: topics,
    displayName: 'Full name of heartbeat topic',
    validate: text => {
      if (text !== '') topicName(text);
    },
  }),
  'topic.transaction': options.string({
    default: 'transaction',
    doc: 'Transaction metadata goes to topic.prefix, the delimiter and this.',
    importance: 'LOW',
    group: topics,
    displayName: 'Transaction topic name',
    validate: topicName,
  }),
  'heartbeat.interval.ms': options.int({
    default: '0',
    min: 0,
    doc: 'Milliseconds between heartbeat records; 0: none. The database is told to free its log without them too.',
    importance: 'MEDIUM',
    group,
    displayName: 'Connector heartbeat interval (milli-seconds)',
  }),
  'heartbeat.action.query': options.string({
    default: null,
    doc: 'SQL run on the database with each heartbeat.',
    importance: 'MEDIUM',
    group,
    displayName: 'An optional query to execute with every heartbeat',
  }),
  'provide.transaction.metadata': options.boolean({
    default: 'false',
    doc: 'Publishes the begin and end of each transaction and adds a transaction block to its events.',
    importance: 'LOW',
    group,
    displayName: 'Store transaction metadata information in a dedicated topic.',
  }),
  'tombstones.on.delete': options.boolean({
    default: 'true',
    doc: 'Whether a tombstone (a record with the key and a null value) follows each delete.',
    importance: 'MEDIUM',
    group,
    displayName: 'Change the behaviour of Debezium with regards to delete operations',
  }),
  'skipped.operations': options.parsed(
    'LIST',
    {
      default: 't',
      doc: 'Operations not to publish: c (create), u (update), d (delete), t (truncate), separated by commas; none: publish all.',
      importance: 'LOW',
      group,
      displayName: 'Skipped Operations',
    },
    skippedOperations,
  ),
  'truncate.handling.mode': options.choice(['skip', 'include'], {
    default: null,
    doc: 'Debezium 1.x: whether truncates are published. Use skipped.operations.',
    importance: 'LOW',
    group,
    displayName: 'Truncate handling mode',
  }),
  'skip.messages.without.change': options.boolean({
    default: 'false',
    doc: 'Leaves out updates that change none of the columns shown. PostgreSQL needs REPLICA IDENTITY FULL for it.',
    importance: 'LOW',
    group,
    displayName: 'Enable skipping messages without change',
  }),
  'schema.name.adjustment.mode': options.choice(adjustments, {
    default: 'none',
    doc: 'What becomes of characters that Avro does not allow in names of schemas: kept, underscores, or _uXXXX.',
    importance: 'MEDIUM',
    group,
    displayName: 'Schema Name Adjustment',
  }),
  'field.name.adjustment.mode': options.choice(adjustments, {
    default: 'none',
    doc: 'What becomes of characters that Avro does not allow in names of fields: kept, underscores, or _uXXXX.',
    importance: 'MEDIUM',
    group,
    displayName: 'Field Name Adjustment',
  }),
  'sanitize.field.names': options.boolean({
    default: null,
    doc: 'Debezium 1.x: true is field.name.adjustment.mode=avro.',
    importance: 'LOW',
    group,
    displayName: 'Sanitize field names to adhere to Avro naming conventions',
  }),
  'extended.headers.enabled': options.boolean({
    default: 'true',
    doc: 'Adds the headers __debezium.context.* (logical name, task, connector, run) to the records of tables.',
    importance: 'LOW',
    group,
    displayName: 'Enable extended headers',
  }),
};

type Shape = ConfigOf<typeof recordShapeOptions>;

export function readTopics(config: Shape): TopicSettings {
  return {
    prefix: config['topic.prefix'],
    delimiter: config['topic.delimiter'],
    heartbeatPrefix: config['topic.heartbeat.prefix'],
    heartbeatName: config['topic.heartbeat.name'] || null,
    transaction: config['topic.transaction'],
  };
}

/** With 1.x's option, which decides on truncates where skipped.operations is left at its default and adds to it otherwise. */
export function readSkippedOperations(config: Shape, raw: RawConfig): ReadonlySet<Operation> {
  const truncate = config['truncate.handling.mode'];
  if (truncate === null) return config['skipped.operations'];
  const given = raw['skipped.operations'] === undefined ? new Set<Operation>() : config['skipped.operations'];
  return truncate === 'skip' ? new Set([...given, 't']) : given;
}
