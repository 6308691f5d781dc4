import type { TableId } from './table.ts';

/** What topic names are made of: `topic.prefix`, `topic.delimiter`, `topic.heartbeat.prefix`, `topic.heartbeat.name`, `topic.transaction`. */
export type TopicSettings = {
  readonly prefix: string;
  readonly delimiter: string;
  readonly heartbeatPrefix: string;
  /** The whole name; null: made of the two prefixes. */
  readonly heartbeatName: string | null;
  readonly transaction: string;
};

/** Names of the topics a connector writes to (Debezium's SchemaTopicNamingStrategy and DefaultTopicNamingStrategy). */
export type TopicNaming = {
  /** Of a table's changes; also the beginning of its schemas' names. */
  dataChangeTopic(id: TableId): string;
  readonly heartbeatTopic: string;
  readonly transactionTopic: string;
  /** Of logical decoding messages; always with a dot. */
  readonly messageTopic: string;
};

const longestTopic = 249;

/** A name that Kafka takes: every other character becomes an underscore; too long a name is cut. */
export function sanitizedTopicName(name: string): string {
  const sanitized = name.replace(/[^._\-A-Za-z0-9]/g, '_').slice(0, longestTopic);
  return sanitized === '.' || sanitized === '..' ? sanitized.replaceAll('.', '_') : sanitized;
}

/** `PREFIX.schema.table`, or `PREFIX.database.table` where a database has no schemas; parts that are empty are left out. */
export function topicNaming({ prefix, delimiter, heartbeatPrefix, heartbeatName, transaction }: TopicSettings): TopicNaming {
  return {
    dataChangeTopic: ({ catalog, schema, table }) =>
      sanitizedTopicName([prefix, schema === '' ? catalog : schema, table].filter(part => part.trim() !== '').join(delimiter)),
    heartbeatTopic: heartbeatName ?? [heartbeatPrefix, prefix].join(delimiter),
    transactionTopic: [prefix, transaction].join(delimiter),
    messageTopic: `${prefix}.message`,
  };
}
