import { optionEffects } from '../debezium/option-effects.ts';

/** What changing an option of a MongoDB connector does. */
export const mongodbEffects = optionEffects({
  'mongodb.connection.string': 'server',
  'collection.include.list': 'tables',
  'collection.exclude.list': 'tables',
  'filters.match.mode': 'tables',
  'capture.scope': 'tables',
  'capture.target': 'tables',
  'capture.mode': 'records',
  'capture.mode.full.update.type': 'records',
  'cursor.pipeline': 'records',
  'cursor.pipeline.order': 'records',
  'json.serialization.mode': 'records',
  'field.exclude.list': 'records',
  'field.renames': 'records',
});
