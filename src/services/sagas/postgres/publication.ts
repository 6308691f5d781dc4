import type { RawConfig } from '../../../contract/index.ts';
import { insertedRowsConfig, slotName } from '../../event-store/postgres/inserted-rows.ts';
import type { ServiceConnector } from '../../hosting/service.ts';
import { messagesTable } from './tables.ts';

/** The connector that publishes what sagas send. The worker's file holds it, so REST can neither change nor delete it. */
export const sagaPublicationName = 'saga-publication';

/** What sagas that are kept in a schema are published by. */
export type SagaPublication = {
  /** How the connector reaches the database: its options `database.*`; placeholders may stay. */
  readonly database: RawConfig;
  readonly schema: string;
};

/** Slots are the whole server's: each database, and each schema of sagas in it, has one of its own. */
export function sagaSlot({ database, schema }: SagaPublication): string {
  return slotName(sagaPublicationName, `${database['database.dbname'] ?? ''}_${schema}`);
}

const bytes = 'org.apache.kafka.connect.converters.ByteArrayConverter';

/** The Postgres connector that publishes commands and dead letters: each once, in the order of the commits (`insertedRowsConfig`), to the byte. */
export function sagaPublication(publication: SagaPublication): ServiceConnector {
  const { database, schema } = publication;
  const slot = sagaSlot(publication);
  return {
    name: sagaPublicationName,
    config: {
      ...insertedRowsConfig({ name: sagaPublicationName, database, schema, table: messagesTable, slot, publication: slot }),
      'topic.creation.default.partitions': '-1',
      'topic.creation.default.replication.factor': '-1',
      'key.converter': bytes,
      'value.converter': bytes,
      'header.converter': bytes,
      transforms: 'messages',
      'transforms.messages.type': 'SagaMessageRouter',
    },
  };
}
