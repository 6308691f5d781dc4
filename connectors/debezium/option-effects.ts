import type { OptionEffect } from '../../src/contract/index.ts';

/** Options of all Debezium connectors whose change does more than start the task anew. */
const shared: Readonly<Record<string, OptionEffect>> = {
  // Offsets are stored under it.
  'topic.prefix': 'position',
  'database.server.name': 'position',
  'database.hostname': 'server',
  'database.port': 'server',
  'schema.include.list': 'tables',
  'schema.exclude.list': 'tables',
  'database.include.list': 'tables',
  'database.exclude.list': 'tables',
  'table.include.list': 'tables',
  'table.exclude.list': 'tables',
  'table.ignore.builtin': 'tables',
  'signal.data.collection': 'tables',
  'topic.delimiter': 'topics',
  'topic.naming.strategy': 'topics',
  'topic.heartbeat.prefix': 'topics',
  'topic.heartbeat.name': 'topics',
  'topic.transaction': 'topics',
  'heartbeat.interval.ms': 'topics',
  'provide.transaction.metadata': 'records',
  'column.include.list': 'records',
  'column.exclude.list': 'records',
  'message.key.columns': 'records',
  'tombstones.on.delete': 'records',
  'skipped.operations': 'records',
  'truncate.handling.mode': 'records',
  'skip.messages.without.change': 'records',
  'schema.name.adjustment.mode': 'records',
  'field.name.adjustment.mode': 'records',
  'sanitize.field.names': 'records',
  'extended.headers.enabled': 'records',
  'decimal.handling.mode': 'records',
  'time.precision.mode': 'records',
  'interval.handling.mode': 'records',
  'binary.handling.mode': 'records',
  'unavailable.value.placeholder': 'records',
};

/** `column.mask.with.8.chars`, `column.truncate.to.20.chars`, `datatype.propagate.source.type` ... */
const ofColumns = /^(?:column|datatype)\.(?:mask|truncate|propagate)\./;

/** What changing an option does; `own`: the connector's, which win. */
export function optionEffects(own: Readonly<Record<string, OptionEffect>>): (option: string) => OptionEffect | null {
  return option => own[option] ?? shared[option] ?? (ofColumns.test(option) ? 'records' : null);
}
