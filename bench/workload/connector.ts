import type { BenchDatabase } from './database.ts';

export type ConnectorOptions = {
  readonly topicPrefix: string;
  readonly slot: string;
  /** Also the publication's name. */
  readonly table: string;
  readonly snapshot: 'initial' | 'no_data';
  readonly transforms: boolean;
};

/** Four transforms as a user of Debezium has them: into another topic, the row alone, a column masked, a field added. */
const chain = {
  transforms: 'route,unwrap,mask,insert',
  'transforms.route.type': 'org.apache.kafka.connect.transforms.RegexRouter',
  'transforms.route.regex': '(.*)\\.public\\.(.*)',
  'transforms.route.replacement': '$1.routed.$2',
  'transforms.unwrap.type': 'io.debezium.transforms.ExtractNewRecordState',
  'transforms.mask.type': 'org.apache.kafka.connect.transforms.MaskField$Value',
  'transforms.mask.fields': 'note',
  'transforms.insert.type': 'org.apache.kafka.connect.transforms.InsertField$Value',
  'transforms.insert.static.field': 'site',
  'transforms.insert.static.value': 'north',
};

/** The topic that a connector's records come to. */
export function topicOf({ topicPrefix, table, transforms }: ConnectorOptions): string {
  return `${topicPrefix}.${transforms ? 'routed' : 'public'}.${table}`;
}

/** A connector's config: the same text for Debezium and for Sluice. */
export function connectorConfig({ server, database }: BenchDatabase, options: ConnectorOptions): Record<string, string> {
  const json = 'org.apache.kafka.connect.json.JsonConverter';
  return {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'tasks.max': '1',
    'database.hostname': server.host,
    'database.port': String(server.port),
    'database.user': server.user,
    'database.password': server.password,
    'database.dbname': database.name,
    'plugin.name': 'pgoutput',
    'topic.prefix': options.topicPrefix,
    'table.include.list': `public.${options.table}`,
    'slot.name': options.slot,
    'publication.name': options.table,
    'publication.autocreate.mode': 'disabled',
    'snapshot.mode': options.snapshot,
    'key.converter': json,
    'key.converter.schemas.enable': 'false',
    'value.converter': json,
    'value.converter.schemas.enable': 'false',
    ...(options.transforms && chain),
  };
}
