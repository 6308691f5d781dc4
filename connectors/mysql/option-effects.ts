import { optionEffects } from '../debezium/option-effects.ts';

/** What changing an option of a MySQL or MariaDB connector does. */
export const mysqlEffects = optionEffects({
  // What the binlog's rows mean is known from there alone.
  'schema.history.internal.kafka.topic': 'position',
  'gtid.source.includes': 'server',
  'gtid.source.excludes': 'server',
  'include.schema.changes': 'topics',
  'include.query': 'records',
  'bigint.unsigned.handling.mode': 'records',
  'enable.time.adjuster': 'records',
});
