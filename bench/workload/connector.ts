import { until } from '../../test/support/until.ts';
import type { Worker } from '../subjects/worker.ts';
import type { BenchDatabase, RunStart } from './bench-database.ts';

/** The one connector of a worker. */
export const connectorName = 'bench';

const stoppedMsMax = 60_000;

export type ConnectorOptions = {
  readonly topicPrefix: string;
  readonly table: string;
  /** Where it begins. */
  readonly run: RunStart;
  readonly snapshot: 'initial' | 'no_data';
  readonly transforms: boolean;
};

/** Four transforms as a user of Debezium has them: into another topic, the row alone, a column masked, a field added. */
function chain(namespace: string): Readonly<Record<string, string>> {
  return {
    transforms: 'route,unwrap,mask,insert',
    'transforms.route.type': 'org.apache.kafka.connect.transforms.RegexRouter',
    'transforms.route.regex': `(.*)\\.${namespace}\\.(.*)`,
    'transforms.route.replacement': '$1.routed.$2',
    'transforms.unwrap.type': 'io.debezium.transforms.ExtractNewRecordState',
    'transforms.mask.type': 'org.apache.kafka.connect.transforms.MaskField$Value',
    'transforms.mask.fields': 'note',
    'transforms.insert.type': 'org.apache.kafka.connect.transforms.InsertField$Value',
    'transforms.insert.static.field': 'site',
    'transforms.insert.static.value': 'north',
  };
}

/** The topic that a connector's records come to. */
export function topicOf({ namespace }: BenchDatabase, { topicPrefix, table, transforms }: ConnectorOptions): string {
  return `${topicPrefix}.${transforms ? 'routed' : namespace}.${table}`;
}

/** A connector's config: the same text for Debezium and for Sluice. */
function connectorConfig(database: BenchDatabase, options: ConnectorOptions, kafka: string | null): Record<string, string> {
  const json = 'org.apache.kafka.connect.json.JsonConverter';
  return {
    'tasks.max': '1',
    'topic.prefix': options.topicPrefix,
    'snapshot.mode': options.snapshot,
    ...database.connectorConfig(options.table, { topicPrefix: options.topicPrefix, kafka }),
    ...options.run.config,
    'key.converter': json,
    'key.converter.schemas.enable': 'false',
    'value.converter': json,
    'value.converter.schemas.enable': 'false',
    ...(options.transforms && chain(database.namespace)),
  };
}

/** Submits the connector, with the offset that its run begins at. */
export async function submit({ rest, readFrom }: Worker, database: BenchDatabase, options: ConnectorOptions): Promise<void> {
  const config = connectorConfig(database, options, 'kafka' in readFrom ? readFrom.kafka : null);
  const { offset } = options.run;
  if (offset === null) return rest.putConfig(connectorName, config);
  await rest.call('POST', '/connectors', { name: connectorName, config, initial_state: 'STOPPED' });
  const stopped = async () => (await rest.status(connectorName))?.connector.state === 'STOPPED';
  await until(stopped, { what: 'the connector to be there, stopped', timeoutMs: stoppedMsMax, everyMs: 10 });
  await rest.call('PATCH', `/connectors/${connectorName}/offsets`, { offsets: [offset(options.topicPrefix)] });
  await rest.call('PUT', `/connectors/${connectorName}/resume`);
}
