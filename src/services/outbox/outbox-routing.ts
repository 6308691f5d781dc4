import type { RawConfig } from '../../contract/index.ts';

export type OutboxRouting = {
  /** Topics; `$1` is the aggregate's type. Default `outbox.event.$1`, Debezium's own. */
  readonly topic?: string;
};

/**
 * What a connector of the database needs beside its own options (`table.include.list` names the outbox table) to publish an outbox: key is the aggregate's
 * id, value the event's data as JSON, headers `id`, `type`, `schemaVersion`, `correlationId`, `causationId`, `userId`, timestamp when it happened.
 */
export function outboxRouting({ topic = 'outbox.event.$1' }: OutboxRouting = {}): RawConfig {
  const headers = [
    ['type', 'type'],
    ['schema_version', 'schemaVersion'],
    ['correlation_id', 'correlationId'],
    ['causation_id', 'causationId'],
    ['user_id', 'userId'],
  ];
  return {
    'tombstones.on.delete': 'false',
    'extended.headers.enabled': 'false',
    'skipped.operations': 'u,d,t',
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
    transforms: 'outbox',
    'transforms.outbox.type': 'io.debezium.transforms.outbox.EventRouter',
    'transforms.outbox.route.topic.regex': '(.*)',
    'transforms.outbox.route.topic.replacement': topic,
    'transforms.outbox.table.field.event.timestamp': 'occurred_at',
    'transforms.outbox.table.fields.additional.placement': headers.map(([column, header]) => `${column}:header:${header}`).join(','),
  };
}
