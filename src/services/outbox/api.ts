/** What `sluice/outbox` is: events of services that are not event-sourced, published with the transaction that they are a part of. */
export { SluiceError } from '../../contract/index.ts';
export { type DomainEvent, defineEvent, type EventDefinition, type EventDefinitionOptions, type EventDetails } from './define-event.ts';
export { type OutboxRouting, outboxRouting } from './outbox-routing.ts';
export { type OutboxDialect, type OutboxTable, outboxSql } from './outbox-table.ts';
export { createPublisher, type OutboxConnection, type Publisher } from './publisher.ts';
