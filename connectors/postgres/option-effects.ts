import { optionEffects } from '../debezium/option-effects.ts';

/** What changing an option of a PostgreSQL connector does. */
export const postgresEffects = optionEffects({
  // A new slot knows nothing of what was changed before it was made.
  'slot.name': 'position',
  'database.dbname': 'server',
  'publish.via.partition.root': 'topics',
  'message.prefix.include.list': 'records',
  'message.prefix.exclude.list': 'records',
  'hstore.handling.mode': 'records',
  'money.fraction.digits': 'records',
  'include.unknown.datatypes': 'records',
});
