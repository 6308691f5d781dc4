import type { EventJsonObject, PublishedEvent, RecordedEvent } from './event-store.ts';

/** What is published of an event: the value of its record on `domain-events`, whose key is the aggregate's id. */
export function publishedEvent(event: RecordedEvent): PublishedEvent {
  return {
    id: event.id,
    aggregateType: event.stream.type,
    aggregateId: event.stream.id,
    type: event.type,
    version: Number(event.version),
    data: event.data,
    // Read from JSON: no field of it is undefined.
    metadata: event.metadata as EventJsonObject,
    schemaVersion: event.schemaVersion,
    timestamp: new Date(event.timestampMs).toISOString(),
  };
}
