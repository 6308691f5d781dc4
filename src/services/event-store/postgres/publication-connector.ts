import type { RawConfig } from '../../../contract/index.ts';
import type { ServiceConnector } from '../../hosting/service.ts';
import { insertedRowsConfig, slotName } from './inserted-rows.ts';

/** How the events of a store in PostgreSQL are published. */
export type PublicationConnectorOptions = {
  /** Of the connector; its topics' names do not hold it. */
  readonly name: string;
  /** How the connector reaches the database: its options `database.*`, with `database.dbname`; placeholders may stay. */
  readonly database: RawConfig;
  /** Default `public`. */
  readonly schema?: string;
  /** Default `event_store`. */
  readonly table?: string;
  /** Of all events; default `domain-events`. */
  readonly topic?: string;
  /** store: all go to `topic` (default). type: each to the topic of its type. A record goes to one topic: for both take two connectors of two names. */
  readonly routeBy?: 'store' | 'type';
  /** Default: made of the connector's name and the database's, since slots are the whole server's. */
  readonly slot?: string;
  /** Default: as the slot. */
  readonly publication?: string;
};

/** The Postgres connector that publishes a store: every event once, in the order of the commits (`insertedRowsConfig`). */
export function publicationConnector(options: PublicationConnectorOptions): ServiceConnector {
  const { name, database, schema = 'public', table = 'event_store', topic = 'domain-events', routeBy = 'store' } = options;
  const slot = options.slot ?? slotName(name, database['database.dbname'] ?? '');
  return {
    name,
    config: {
      ...insertedRowsConfig({ name, database, schema, table, slot, publication: options.publication ?? slot }),
      'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter.schemas.enable': 'false',
      transforms: 'events',
      'transforms.events.type': 'EventStoreRouter',
      'transforms.events.topic': topic,
      'transforms.events.route.by': routeBy,
    },
  };
}
