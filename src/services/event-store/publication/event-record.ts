import { type ConnectRecord, type Header, schemas, type Value } from '../../../contract/index.ts';
import type { EventJson, EventMetadata, RecordedEvent } from '../event-store.ts';
import { publishedEvent } from '../published-event.ts';

/** JSON as a value without schema: objects are maps. */
export function valueOfJson(json: EventJson | undefined): Value {
  if (typeof json !== 'object' || json === null) return json ?? null;
  if (Array.isArray(json)) return json.map(valueOfJson);
  const map = new Map<Value, Value>();
  for (const [name, field] of Object.entries(json)) if (field !== undefined) map.set(name, valueOfJson(field));
  return map;
}

/** About how many characters a value's JSON has. */
export function jsonSize(json: EventJson | EventMetadata | undefined): number {
  if (typeof json === 'string') return json.length + 2;
  if (typeof json === 'bigint') return String(json).length;
  if (typeof json !== 'object' || json === null) return 8;
  let size = 2;
  if (Array.isArray(json)) for (const item of json) size += jsonSize(item) + 1;
  else for (const [name, field] of Object.entries(json)) size += name.length + 4 + jsonSize(field);
  return size;
}

/**
 * An event's record: key the aggregate's id, value the `PublishedEvent`, headers by which a reader knows it without reading the value. Its timestamp is when the
 * event happened, and never later than `nowMs`: brokers refuse a record that lies ahead of them, and nothing behind it would be published any more.
 */
export function eventRecord(event: RecordedEvent, topic: string, nowMs: number): ConnectRecord {
  return {
    topic,
    partition: null,
    timestamp: Math.min(event.timestampMs, nowMs),
    keySchema: schemas.string,
    key: event.stream.id,
    valueSchema: null,
    value: valueOfJson(publishedEvent(event)),
    headers: headersOf(event),
  };
}

function headersOf({ id, type, version, metadata: { correlationId } }: RecordedEvent): readonly Header[] {
  return [
    { key: 'id', schema: schemas.string, value: id },
    { key: 'type', schema: schemas.string, value: type },
    { key: 'version', schema: schemas.int64, value: version },
    ...(typeof correlationId === 'string' ? [{ key: 'correlationId', schema: schemas.string, value: correlationId }] : []),
  ];
}
