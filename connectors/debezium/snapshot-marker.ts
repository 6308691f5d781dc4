import { type ConnectRecord, type Schema, type SchemaOptions, Struct, schemaOf } from '../../src/contract/index.ts';

/** The `snapshot` field of a source block: where in a snapshot a record stands, or `false` in the stream. */
export type SnapshotMarker = 'true' | 'first' | 'first_in_data_collection' | 'last_in_data_collection' | 'last' | 'false' | 'incremental';

const markers: SchemaOptions = {
  optional: true,
  default: 'false',
  name: 'io.debezium.data.Enum',
  version: 1,
  parameters: { allowed: 'true,first,first_in_data_collection,last_in_data_collection,last,false,incremental' },
};

/** The schema of that field. */
export const snapshotMarkerSchema: Schema = schemaOf('string', markers);

/** The field's value. Debezium leaves the default unset: a transform that adds the field sees null. */
export function markerValue(marker: SnapshotMarker): SnapshotMarker | null {
  return marker === 'false' ? null : marker;
}

/**
 * The same record with another marker: for the last one of a snapshot, which is known as the last only when all tables after it turned out
 * to be empty.
 */
export function withSnapshotMarker(record: ConnectRecord, marker: SnapshotMarker): ConnectRecord {
  const envelope = record.value;
  if (!(envelope instanceof Struct)) return record;
  const place = envelope.schema.indexOf('source');
  const source = envelope.values[place];
  if (!(source instanceof Struct)) return record;
  const marked = new Struct(source.schema, source.values.with(source.schema.indexOf('snapshot'), marker));
  return { ...record, value: new Struct(envelope.schema, envelope.values.with(place, marked)) };
}
