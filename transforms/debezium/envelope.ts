import { type ConnectRecord, type Schema, SluiceError, Struct, type Value } from '../../src/contract/index.ts';

/** Places of an envelope's fields in `Struct.values`; -1 where the schema has no such field. */
export type EnvelopeLayout = {
  readonly before: number;
  readonly after: number;
  readonly source: number;
  readonly op: number;
  readonly tsMs: number;
};

/** Operation codes of an envelope (io.debezium.data.Envelope.Operation). */
export const operations = { read: 'r', create: 'c', update: 'u', delete: 'd', truncate: 't', message: 'm' } as const;

const layouts = new WeakMap<Schema, EnvelopeLayout>();

/** Whether a schema is an envelope's: by its name alone, as Debezium's own transforms decide it (SmtManager.isValidEnvelope). */
export function isEnvelopeSchema(schema: Schema | null): boolean {
  return schema?.name?.endsWith('.Envelope') ?? false;
}

/** The record's envelope, or null for a tombstone and for a record that has none: rows already unwrapped, heartbeats, schema changes. */
export function envelopeOf(record: ConnectRecord): Struct | null {
  return record.value instanceof Struct && isEnvelopeSchema(record.valueSchema) ? record.value : null;
}

/** Where an envelope's fields are. Compiled once a schema. */
export function layoutOf(schema: Schema): EnvelopeLayout {
  let layout = layouts.get(schema);
  if (layout === undefined) {
    layout = {
      before: schema.indexOf('before'),
      after: schema.indexOf('after'),
      source: schema.indexOf('source'),
      op: schema.indexOf('op'),
      tsMs: schema.indexOf('ts_ms'),
    };
    layouts.set(schema, layout);
  }
  return layout;
}

/** A struct in one field of another, or null where the field is null, absent (index -1) or no struct. */
export function structAt(struct: Struct, index: number): Struct | null {
  const value = struct.values[index];
  return value instanceof Struct ? value : null;
}

/** A text in one field of a struct, or null where the field is null, absent (index -1) or no text. */
export function textAt(struct: Struct, index: number): string | null {
  const value: Value | undefined = struct.values[index];
  return typeof value === 'string' ? value : null;
}

/** What a transform throws for a record that it cannot map. `problem` names options and fields, never a value. */
export function transformFailed(transform: string, record: ConnectRecord, problem: string, cause?: unknown): SluiceError {
  return new SluiceError('TRANSFORM_FAILED', `${transform} failed on a record of topic '${record.topic}': ${problem}`, { cause });
}
