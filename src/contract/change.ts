import type { ConnectRecord } from './record.ts';
import type { Schema } from './schema.ts';
import { Struct, type Value } from './value.ts';

/** A row, a key or a document as its fields, in their order; `schema` is the struct's, null where the record came without one. */
export type Row = { readonly schema: Schema | null; readonly fields: ReadonlyMap<string, Value> };

/** What a record says of a row. */
export type Change = {
  /**
   * `upsert`: the row is `after`; `delete`: the row of this key is gone; `truncate`: all rows of the table are; `none`: the record is of
   * something else (a message, a schema change, a transaction's boundary, a heartbeat).
   */
  readonly kind: 'upsert' | 'delete' | 'truncate' | 'none';
  /** Debezium's `op` (`c`, `u`, `d`, `r`, `t`, `m`); null in records without an envelope. */
  readonly operation: string | null;
  /** The key's fields; null where the record has no key, or one that is not made of fields. */
  readonly key: Row | null;
  readonly before: Row | null;
  readonly after: Row | null;
  /** Fields of `after` whose value the database did not send (unchanged TOAST, a partial image): the record holds a placeholder there. */
  readonly missing: readonly string[];
  /** The envelope's `source`; null without one. */
  readonly source: Row | null;
  /** When the database made the change, in milliseconds since 1970; null where the record does not say. */
  readonly changedAtMs: number | null;
};

/** Debezium's default of `unavailable.value.placeholder`. */
export const defaultUnavailablePlaceholder = '__debezium_unavailable_value';

const operations = new Set(['c', 'u', 'd', 'r', 't', 'm']);

/**
 * Reads a change from a record of any of the forms in which they are published: Debezium's envelope, with or without schema; the row alone
 * (ExtractNewRecordState), a rewritten delete (`__deleted` is `true`) included; and a tombstone.
 *
 * @param unavailable the source's `unavailable.value.placeholder`
 */
export function readChange(record: ConnectRecord, unavailable: string = defaultUnavailablePlaceholder): Change {
  const key = rowOf(record.key);
  const nothing = { key, before: null, after: null, missing: [], source: null, changedAtMs: null, operation: null } as const;
  if (record.value === null) return { ...nothing, kind: 'delete' };
  const value = rowOf(record.value);
  if (value === null) return { ...nothing, kind: 'none' };
  const operation = value.fields.get('op');
  if (typeof operation === 'string' && operations.has(operation) && value.fields.has('source')) {
    const [before, after] = [rowOf(value.fields.get('before') ?? null), rowOf(value.fields.get('after') ?? null)];
    const source = rowOf(value.fields.get('source') ?? null);
    const at = source?.fields.get('ts_ms') ?? value.fields.get('ts_ms') ?? null;
    return {
      kind: kindOf(operation, after),
      operation,
      key,
      before,
      after,
      missing: after === null ? [] : missingIn(after, unavailable),
      source,
      changedAtMs: at === null ? null : Number(at),
    };
  }
  if (isOther(value)) return { ...nothing, kind: 'none' };
  const deleted = String(value.fields.get('__deleted') ?? 'false') === 'true';
  if (deleted) return { ...nothing, kind: 'delete', before: value };
  return { ...nothing, kind: 'upsert', after: value, missing: missingIn(value, unavailable) };
}

function kindOf(operation: string, after: Row | null): Change['kind'] {
  if (operation === 't') return 'truncate';
  if (operation === 'd') return 'delete';
  return operation === 'm' || after === null ? 'none' : 'upsert';
}

/** Debezium's records that are of no row: schema changes, transaction boundaries and heartbeats, by the names of their schemas. */
function isOther({ schema }: Row): boolean {
  return /\.(SchemaChangeValue|TransactionMetadataValue|Heartbeat|ServerNameKey)$/.test(schema?.name ?? '');
}

/** A struct, or an object without schema, as its fields; null for anything else. */
export function rowOf(value: Value | undefined): Row | null {
  if (value instanceof Struct) {
    const fields = new Map<string, Value>();
    for (const { name, index } of value.schema.fields) fields.set(name, value.values[index]!);
    return { schema: value.schema, fields };
  }
  if (!(value instanceof Map)) return null;
  return { schema: null, fields: value as ReadonlyMap<string, Value> };
}

function missingIn(row: Row, unavailable: string): readonly string[] {
  const missing: string[] = [];
  for (const [name, value] of row.fields) if (isUnavailable(value, unavailable)) missing.push(name);
  return missing;
}

/** The placeholder as Debezium writes it: a text, its bytes, or an array of it. */
function isUnavailable(value: Value, unavailable: string): boolean {
  if (typeof value === 'string') return value === unavailable;
  if (value instanceof Uint8Array) return value.length === unavailable.length && Buffer.from(value).equals(Buffer.from(unavailable));
  return Array.isArray(value) && value.length === 1 && isUnavailable(value[0] as Value, unavailable);
}
