import { parseExactIntegers } from '../../../contract/index.ts';
import type { EventJson, EventMetadata, RecordedEvent } from '../event-store.ts';

/** A row of the events' table as `eventColumns` selects it. */
export type EventRow = {
  readonly position: string;
  readonly event_id: string;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly event_type: string;
  readonly event_data: string;
  readonly version: string;
  readonly schema_version: number;
  readonly timestamp_ms: string;
  readonly metadata: string;
};

/** The columns of an event, of the table that is called `e`. JSON as text: pg would read it with numbers alone. */
export const eventColumns =
  'e.position, e.event_id, e.aggregate_type, e.aggregate_id, e.event_type, e.event_data::text as event_data, e.version, e.schema_version, ' +
  '(extract(epoch from e.timestamp) * 1000)::bigint as timestamp_ms, e.metadata::text as metadata';

export function recordedEvent(row: EventRow): RecordedEvent {
  return {
    id: row.event_id,
    stream: { type: row.aggregate_type, id: row.aggregate_id },
    type: row.event_type,
    version: BigInt(row.version),
    position: BigInt(row.position),
    data: parseExactIntegers(row.event_data) as EventJson,
    metadata: row.metadata === '{}' ? {} : (parseExactIntegers(row.metadata) as EventMetadata),
    schemaVersion: row.schema_version,
    timestampMs: Number(row.timestamp_ms),
  };
}
