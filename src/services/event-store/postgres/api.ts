/** What `sluice/event-store/postgres` is: an event store in PostgreSQL as a library, beside what `sluice/event-store` has. It needs the package `pg`. */
export {
  openPostgresEventStore,
  type PostgresConnection,
  type PostgresEventStore,
  type PostgresEventStoreOptions,
} from './postgres-event-store.ts';
export { type PublicationConnectorOptions, publicationConnector } from './publication-connector.ts';
export type { SqlClient } from './sql-client.ts';
export { eventStoreSql, type TableNames } from './tables.ts';
