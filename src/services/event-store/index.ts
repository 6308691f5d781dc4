/** What `sluice/event-store` is: event stores as a library, without a worker. */
export { type JsonObject, type JsonValue, SluiceError, StreamConflictError } from '../../contract/index.ts';
export type * from './event-store.ts';
export { publishedEvent } from './published-event.ts';
export { openSqliteEventStore, type SqliteEventStore, type SqliteEventStoreOptions } from './sqlite/sqlite-event-store.ts';
export { formatStream, parseStream } from './stream-id.ts';
