import { type ConnectRecord, readChange, readDocumentKey, type Schema, Struct, type Value } from '../../src/contract/index.ts';

/** A row's or key's fields as the record holds them: nothing is copied. */
export type Fields = Struct | ReadonlyMap<string, Value>;

/** What a record says of a row, as `readChange` tells it. */
export type RecordChange = {
  readonly kind: 'upsert' | 'delete' | 'truncate' | 'none';
  readonly key: Fields | null;
  /** The row as it is now; null unless it is an upsert. */
  readonly row: Fields | null;
  /** The row as it was, where a delete tells it. */
  readonly before: Fields | null;
  /** Whether it is MongoDB's. */
  readonly ofDocument?: boolean;
};

/** `documents`: it is MongoDB's, with texts in the place of rows. */
type Envelope = { readonly op: number; readonly before: number; readonly after: number; readonly documents: boolean };
const envelopes = new WeakMap<Schema, Envelope | null>();

/** Where an envelope with a schema has its parts; null where the schema is of something else. Looked up once a schema. */
function envelopeOf(schema: Schema): Envelope | null {
  let found = envelopes.get(schema);
  if (found === undefined) {
    const [op, before, after] = [schema.indexOf('op'), schema.indexOf('before'), schema.indexOf('after')];
    const documents = schema.fields[after]?.schema.type === 'string';
    found = op >= 0 && before >= 0 && after >= 0 && schema.indexOf('source') >= 0 ? { op, before, after, documents } : null;
    envelopes.set(schema, found);
  }
  return found;
}

function fieldsOf(value: Value | undefined): Fields | null {
  if (value instanceof Struct) return value;
  return value instanceof Map ? (value as ReadonlyMap<string, Value>) : null;
}

const otherwise = { key: null, row: null, before: null };

/** A row alone: where it says that it is deleted, or that it is of something else. Looked up once a schema. */
const plainRows = new WeakMap<Schema, { readonly deleted: number; readonly isRow: boolean }>();

function plainChange(record: ConnectRecord, value: Struct, key: Fields | null): RecordChange {
  let plain = plainRows.get(value.schema);
  if (plain === undefined) {
    plain = { deleted: value.schema.indexOf('__deleted'), isRow: readChange(record).kind !== 'none' };
    plainRows.set(value.schema, plain);
  }
  if (!plain.isRow) return { ...otherwise, kind: 'none' };
  if (plain.deleted >= 0 && String(value.values[plain.deleted]) === 'true') return { kind: 'delete', key, row: null, before: value };
  return { kind: 'upsert', key, row: value, before: null };
}

/** Topics of documents that are held in mind. */
const topicsMax = 10_000;

/**
 * Reads the changes of a task's records. A tombstone does not say whether the text in its key is a text or a document's id: so the topics of documents
 * are held in mind, and the delete that comes before a tombstone tells. Otherwise the two would name one row in two ways.
 */
export class RecordChanges {
  readonly #documents = new Set<string>();

  read(record: ConnectRecord): RecordChange {
    const { topic, value } = record;
    if (value !== null) {
      const change = recordChange(record);
      if (change.ofDocument === true && this.#documents.size < topicsMax) this.#documents.add(topic);
      return change;
    }
    const key = this.#documents.has(topic) ? readDocumentKey(record.key) : null;
    return key === null ? recordChange(record) : { kind: 'delete', key: key.fields, row: null, before: null };
  }
}

/** Envelopes of rows with a schema are read in place, everything else by the contract's `readChange`. */
function recordChange(record: ConnectRecord): RecordChange {
  const { value } = record;
  const key = fieldsOf(record.key);
  const envelope = value instanceof Struct ? envelopeOf(value.schema) : null;
  if (envelope !== null && !envelope.documents && value instanceof Struct) {
    const row = fieldsOf(value.values[envelope.after]);
    switch (value.values[envelope.op]) {
      case 'c':
      case 'r':
      case 'u':
        return row === null ? { ...otherwise, kind: 'none' } : { kind: 'upsert', key, row, before: null };
      case 'd':
        return { kind: 'delete', key, row: null, before: fieldsOf(value.values[envelope.before]) };
      case 't':
        return { ...otherwise, kind: 'truncate' };
    }
  }
  if (value instanceof Struct && envelope === null) return plainChange(record, value, key);
  const change = readChange(record);
  // A document's id, which the record's key holds as text.
  const read = change.key?.schema === null ? change.key.fields : key;
  const ofDocument = change.source?.fields.get('connector') === 'mongodb';
  return { kind: change.kind, key: read, row: change.after?.fields ?? null, before: change.before?.fields ?? null, ofDocument };
}

/** A field's value; undefined where there is no such field. */
export function fieldOf(fields: Fields, name: string): Value | undefined {
  return fields.get(name);
}
