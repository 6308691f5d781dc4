import { type ConfigOf, type ConfigReport, type OptionPattern, options, type RawConfig } from '../../../src/contract/index.ts';
import { limited, unsupportedOptions } from './limited.ts';

const group = 'Schema history';
const prefix = 'schema.history.internal';
/** Until 1.9. */
const formerPrefix = 'database.history';

const notInLog = 'The schema history is kept in the log, with the offsets';
const debeziumsFilter = 'What is left out are the statements that Debezium leaves out by default.';
const kafkaHistory = 'io.debezium.storage.kafka.history.KafkaSchemaHistory';
const formerKafkaHistory = 'io.debezium.relational.history.KafkaDatabaseHistory';

function former(name: string): { readonly aliases: readonly string[] } {
  return { aliases: [`${formerPrefix}.${name}`] };
}

/** Where databases that do not send their schema with each change keep it, as far as all of them share it. */
export const schemaHistoryOptions = {
  [prefix]: limited(
    [kafkaHistory, formerKafkaHistory],
    {
      'io.debezium.storage.file.history.FileSchemaHistory': notInLog,
      'io.debezium.relational.history.MemorySchemaHistory': notInLog,
      'io.debezium.storage.jdbc.history.JdbcSchemaHistory': notInLog,
      'io.debezium.storage.redis.history.RedisSchemaHistory': notInLog,
      'io.debezium.storage.rocketmq.history.RocketMqSchemaHistory': notInLog,
      'io.debezium.storage.s3.history.S3SchemaHistory': notInLog,
      'io.debezium.storage.azure.blob.history.AzureBlobSchemaHistory': notInLog,
    },
    {
      default: kafkaHistory,
      doc: 'What keeps the schema history: the log that the records and offsets go to, in Debezium’s Kafka form.',
      group,
      displayName: 'Database schema history class',
      aliases: [formerPrefix],
    },
  ),
  [`${prefix}.kafka.topic`]: options.string({
    default: null,
    doc: 'The topic of the schema history, in the embedded log too; left out: schemahistory. and the topic.prefix. Never delete it, nor let its records expire.',
    importance: 'HIGH',
    group,
    displayName: 'Database schema history topic name',
    ...former('kafka.topic'),
  }),
  [`${prefix}.skip.unparseable.ddl`]: options.boolean({
    default: 'false',
    doc: 'true: statements that cannot be read are logged as information, not as warnings. They never stop a task by themselves: what the binlog says of the rows corrects what is known of the table.',
    importance: 'LOW',
    group,
    displayName: 'Skip DDL statements that cannot be parsed',
    ...former('skip.unparseable.ddl'),
  }),
  [`${prefix}.store.only.captured.tables.ddl`]: options.boolean({
    default: 'false',
    doc: 'true: only statements about captured tables are recorded and published.',
    importance: 'LOW',
    group,
    displayName: 'Store only DDL that modifies tables that are captured based on include/exclude lists',
    aliases: [`${formerPrefix}.store.only.captured.tables.ddl`, `${formerPrefix}.store.only.monitored.tables.ddl`],
  }),
  [`${prefix}.store.only.captured.databases.ddl`]: options.boolean({
    default: 'false',
    doc: 'true: only statements about databases that are captured are recorded and published.',
    importance: 'LOW',
    group,
    displayName: 'Store only DDL that modifies tables of databases that are captured based on include/exclude lists',
    ...former('store.only.captured.databases.ddl'),
  }),
  'include.schema.changes': options.boolean({
    default: 'true',
    doc: 'Whether schema changes are published, to the topic that topic.prefix names.',
    importance: 'MEDIUM',
    group,
    displayName: 'Include database schema changes',
  }),
  'include.schema.comments': options.boolean({
    default: 'false',
    doc: 'Whether schema changes tell the comments of tables and columns.',
    importance: 'MEDIUM',
    group,
    displayName: 'Include Table and Column Comments',
  }),
  ...unsupportedOptions({
    'schema.history.internal.ddl.filter': debeziumsFilter,
    'internal.schema.history.internal.ddl.filter': debeziumsFilter,
    'schema.history.internal.prefer.ddl': 'Tables are recovered as they were recorded, from the DDL where there is nothing else.',
  }),
};

/** About clients of Debezium's own, which are not needed: a warning tells that they are not used. */
const withoutUse =
  /^(?:schema\.history\.internal|database\.history)\.(?:name$|kafka\.(?:bootstrap\.servers|recovery\.(?:poll\.interval\.ms|attempts)|query\.timeout\.ms|create\.timeout\.ms|buffer\.batch\.size)$|(?:producer|consumer)\.)/;

export const schemaHistoryPatterns: readonly OptionPattern[] = [
  {
    pattern: withoutUse,
    doc: `Accepted with a warning, and not used: ${notInLog.toLowerCase()}, so there is no client of its own to set up.`,
    example: 'schema.history.internal.kafka.bootstrap.servers',
  },
];

/** For a spec's `check`. */
export function checkSchemaHistory(raw: RawConfig, report: ConfigReport): void {
  for (const name of Object.keys(raw)) if (withoutUse.test(name)) report.warning(name, `'${name}' is not used: ${notInLog.toLowerCase()}.`);
}

/** What is kept of schema changes, and published. */
export type SchemaHistoryOptions = {
  readonly topic: string;
  readonly quietUnreadable: boolean;
  readonly onlyCapturedTables: boolean;
  readonly onlyCapturedDatabases: boolean;
  readonly published: boolean;
  readonly comments: boolean;
};

export function readSchemaHistory(config: ConfigOf<typeof schemaHistoryOptions>, topicPrefix: string): SchemaHistoryOptions {
  return {
    topic: config[`${prefix}.kafka.topic`] ?? `schemahistory.${topicPrefix}`,
    quietUnreadable: config[`${prefix}.skip.unparseable.ddl`],
    onlyCapturedTables: config[`${prefix}.store.only.captured.tables.ddl`],
    onlyCapturedDatabases: config[`${prefix}.store.only.captured.databases.ddl`],
    published: config['include.schema.changes'],
    comments: config['include.schema.comments'],
  };
}
