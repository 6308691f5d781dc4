import type { Schema } from './schema.ts';
import type { Value } from './value.ts';

/** One header, with its own schema as in Connect. */
export type Header = { readonly key: string; readonly schema: Schema | null; readonly value: Value };

/**
 * What a source emits and a transform maps: Connect's ConnectRecord. A null value is a tombstone. Records are immutable; a
 * transform answers a new one (`{ ...record, topic }`). `headers` arrays are shared between records: converters cache their bytes by
 * identity, so keep the array where nothing changes.
 */
export type ConnectRecord = {
  readonly topic: string;
  /** null: the log chooses by the key's bytes, as Kafka's default partitioner does. */
  readonly partition: number | null;
  /** Milliseconds since 1970; null: the log's own time of append. */
  readonly timestamp: number | null;
  readonly keySchema: Schema | null;
  readonly key: Value;
  readonly valueSchema: Schema | null;
  readonly value: Value;
  readonly headers: readonly Header[];
};
