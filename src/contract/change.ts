import { readDocumentJson } from './document-json.ts';
import { SluiceError } from './errors.ts';
import type { ConnectRecord } from './record.ts';
import type { Schema } from './schema.ts';
import { Struct, type Value } from './value.ts';

/** A row, a key or a document as its fields, in their order; `schema` is the struct's, null where the record came without one. */
export type Row = {
  readonly schema: Schema | null;
  readonly fields: ReadonlyMap<string, Value>;
  /** The values alone, by the schema's fields, where they lie there already: who needs no names saves making `fields`. */
  readonly values?: readonly Value[];
};

/** What a record says of a row. */
export type Change = {
  /**
   * `upsert`: the row is `after`; `delete`: the row of this key is gone; `truncate`: all rows of the table are; `none`: the record is of
   * something else (a message, a schema change, a transaction's boundary, a heartbeat).
   */
  readonly kind: 'upsert' | 'delete' | 'truncate' | 'none';
  /** Debezium's `op` (`c`, `u`, `d`, `r`, `t`, `m`); null in records without an envelope, and of a document's update that comes without it. */
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
 * (ExtractNewRecordState), a rewritten delete (`__deleted` is `true`) included; a document of MongoDB, which its envelope holds as text; and a
 * tombstone.
 *
 * A document becomes a row of its fields, with the values of `readDocumentJson`. Its `_id` is the row's `id`, as in the record's key, so that
 * key, row and the row as it was name it alike. An update that comes without its document (it was deleted before it was looked up, and its
 * delete follows; or `capture.mode` asks for none) is of no row. Throws SluiceError RECORD_REFUSED for a document that cannot be read, or that
 * has another field `id`.
 *
 * @param unavailable the source's `unavailable.value.placeholder`
 */
export function readChange(record: ConnectRecord, unavailable: string = defaultUnavailablePlaceholder): Change {
  const key = rowOf(record.key);
  const nothing = { key, before: null, after: null, missing: [], source: null, changedAtMs: null, operation: null } as const;
  if (record.value === null) return { ...nothing, key: documentKey(key, documentIdText), kind: 'delete' };
  const operation = fieldIn(record.value, 'op');
  const source = fieldIn(record.value, 'source');
  if (typeof operation === 'string' && operations.has(operation) && source !== undefined) {
    const at = fieldIn(source, 'ts_ms') ?? fieldIn(record.value, 'ts_ms') ?? null;
    const ofDocument = fieldIn(source, 'connector') === 'mongodb';
    const rowIn = ofDocument ? documentRow : rowOf;
    const [before, after] = [rowIn(fieldIn(record.value, 'before') ?? null), rowIn(fieldIn(record.value, 'after') ?? null)];
    return {
      kind: kindOf(operation, after),
      operation: ofDocument && operation === 'u' && after === null ? null : operation,
      key: ofDocument ? documentKey(key, anyText) : key,
      before,
      after,
      missing: after === null ? [] : missingIn(after, unavailable),
      source: rowOf(source),
      changedAtMs: at === null ? null : Number(at),
    };
  }
  const value = rowOf(record.value);
  if (value === null || isOther(value)) return { ...nothing, kind: 'none' };
  const deleted = String(fieldIn(record.value, '__deleted') ?? 'false') === 'true';
  if (deleted) return { ...nothing, kind: 'delete', before: value };
  return { ...nothing, kind: 'upsert', after: value, missing: missingIn(value, unavailable) };
}

/** When the database made a record's change, as `readChange` tells it; the row is not read. */
export function changedAtMs({ value }: Pick<ConnectRecord, 'value'>): number | null {
  const source = fieldIn(value, 'source');
  if (source === undefined || typeof fieldIn(value, 'op') !== 'string') return null;
  const at = fieldIn(source, 'ts_ms') ?? fieldIn(value, 'ts_ms') ?? null;
  return at === null ? null : Number(at);
}

/** Whether a record is a document's update that came without the document, so that it is of no row. */
export function lacksDocument({ value }: Pick<ConnectRecord, 'value'>): boolean {
  if (fieldIn(value, 'after') !== null || fieldIn(value, 'op') !== 'u') return false;
  return fieldIn(fieldIn(value, 'source'), 'connector') === 'mongodb';
}

function fieldIn(value: Value | undefined, name: string): Value | undefined {
  if (value instanceof Struct) return value.get(name);
  return value instanceof Map ? (value as ReadonlyMap<string, Value>).get(name) : undefined;
}

/** The document in an envelope; where a transform has made fields of it, these. */
function documentRow(value: Value): Row | null {
  if (typeof value !== 'string') return rowOf(value);
  const document = readDocumentJson(value);
  if (!(document instanceof Map)) throw new SluiceError('RECORD_REFUSED', 'A record’s document cannot be read: its text is no document.');
  if (document.has('_id') && document.has('id'))
    throw new SluiceError('RECORD_REFUSED', 'A document has a field id beside its _id, which is the id of its row.', {
      remedy: 'Give that field another name at the source (field.renames), or unwrap the record with ExtractNewDocumentState.',
    });
  const fields = new Map<string, Value>();
  for (const [name, field] of document as ReadonlyMap<string, Value>) fields.set(name === '_id' ? 'id' : name, field);
  return { schema: null, fields };
}

const anyText = /^/;
/** What a text is only as the id of a document: of a tombstone nothing else tells where it comes from. */
const documentIdText = /^\{"\$\w+":/;

/** The key of a record that is known to be of a document: its one field `id` is JSON text. Of a tombstone nothing else tells what its text means. */
export function readDocumentKey(key: Value): Row | null {
  return documentKey(rowOf(key), anyText);
}

/** The key of a document, whose one field `id` is its JSON text, where that has the form. */
function documentKey(key: Row | null, form: RegExp): Row | null {
  const id = key?.fields.get('id');
  if (key?.fields.size !== 1 || typeof id !== 'string' || !form.test(id)) return key;
  try {
    return { schema: null, fields: new Map([['id', readDocumentJson(id)]]) };
  } catch {
    return key;
  }
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
  if (value instanceof Struct) return new StructRow(value);
  if (!(value instanceof Map)) return null;
  return { schema: null, fields: value as ReadonlyMap<string, Value> };
}

/** Most of a record's rows (its key, its source block, often the row as it was) are not looked into: only one that is has its fields by name. */
class StructRow implements Row {
  readonly #struct: Struct;
  #fields: ReadonlyMap<string, Value> | null = null;

  constructor(struct: Struct) {
    this.#struct = struct;
  }

  get schema(): Schema {
    return this.#struct.schema;
  }

  get values(): readonly Value[] {
    return this.#struct.values;
  }

  get fields(): ReadonlyMap<string, Value> {
    if (this.#fields === null) {
      const fields = new Map<string, Value>();
      const { schema, values } = this.#struct;
      for (const { name, index } of schema.fields) fields.set(name, values[index]!);
      this.#fields = fields;
    }
    return this.#fields;
  }
}

function missingIn(row: Row, unavailable: string): readonly string[] {
  const { schema, values } = row;
  if (schema === null || values === undefined)
    return [...row.fields].filter(([, value]) => isUnavailable(value, unavailable)).map(([name]) => name);
  const missing: string[] = [];
  for (let index = 0; index < values.length; index++)
    if (isUnavailable(values[index]!, unavailable)) missing.push(schema.fields[index]!.name);
  return missing;
}

/** The placeholder as Debezium writes it: a text, its bytes, or an array of it. */
function isUnavailable(value: Value, unavailable: string): boolean {
  if (typeof value === 'string') return value === unavailable;
  if (value instanceof Uint8Array) return value.length === unavailable.length && Buffer.from(value).equals(Buffer.from(unavailable));
  return Array.isArray(value) && value.length === 1 && isUnavailable(value[0] as Value, unavailable);
}
