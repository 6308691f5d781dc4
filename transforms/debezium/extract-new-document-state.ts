import {
  type ConnectRecord,
  type Header,
  type Logger,
  type Plugin,
  type PluginContext,
  type Schema,
  SluiceError,
  Struct,
  schemas,
  structSchema,
  type Transform,
  type Value,
} from '../../src/contract/index.ts';
import { flatten } from '../flatten.ts';
import type { BsonDocument, BsonValue } from './documents/bson-value.ts';
import { DocumentStructs } from './documents/document-struct.ts';
import { type DocumentConfig, documentSpec } from './documents/options.ts';
import { readBsonDocument, readBsonValue } from './documents/read-document.ts';
import { envelopeOf, layoutOf, operations, structAt, textAt, transformFailed } from './envelope.ts';
import { nameAdjuster } from './name-adjustment.ts';
import { SchemaInterner } from './outbox/schema-interning.ts';
import { bindReferences, type FieldReader } from './unwrap/field-reference.ts';

/** Schemas kept at most: documents of one collection may have any number of shapes. */
const schemasMax = 1_000;

/**
 * io.debezium.connector.mongodb.transforms.ExtractNewDocumentState: the document after the change in place of MongoDB's envelope, as a
 * struct with the schema that it itself tells. Updates without the document hold what they set.
 */
export const extractNewDocumentState: Plugin<DocumentConfig, Transform> = {
  spec: documentSpec,
  sharedHeaders: 'adds then copies',
  create(config, context) {
    const unwrapper = new DocumentUnwrapper(config, context);
    return record => {
      try {
        return unwrapper.apply(record);
      } catch (error) {
        throw error instanceof SluiceError ? error : transformFailed('ExtractNewDocumentState', record, (error as Error).message, error);
      }
    };
  },
};

class DocumentUnwrapper {
  readonly #config: DocumentConfig;
  readonly #logger: Logger;
  readonly #structs: DocumentStructs;
  readonly #interner = new SchemaInterner(schemasMax);
  readonly #flatten: Transform | null;
  readonly #schemaName: (name: string) => string;
  readonly #readers = new WeakMap<Schema, { readonly headers: readonly FieldReader[]; readonly fields: readonly FieldReader[] }>();
  readonly #tombstoneHeaders: readonly Header[];

  constructor(config: DocumentConfig, context: PluginContext) {
    this.#config = config;
    this.#logger = context.logger;
    const { fieldNames, arrays, flattenDelimiter, unwrap } = config;
    const adjusted = fieldNames !== 'none';
    this.#structs = new DocumentStructs({ arrays, fieldName: nameAdjuster(fieldNames, 'field'), adjusted });
    this.#flatten = flattenDelimiter === null ? null : flatten.value.create({ delimiter: flattenDelimiter }, context);
    // Avro looks at each part of a name by itself.
    const adjustPart = nameAdjuster(fieldNames, 'schema');
    this.#schemaName = name => (adjusted ? name.split('.').map(adjustPart).join('.') : name);
    const operationNames = unwrap.addedHeaders.filter(({ field }) => field === 'op').map(({ newName }) => newName);
    if (unwrap.operationHeader) operationNames.push('__op');
    this.#tombstoneHeaders = operationNames.map(key => ({ key, schema: schemas.string, value: operations.delete }));
  }

  apply<R extends ConnectRecord>(record: R): R | null {
    if (!(record.key instanceof Struct) || !(record.keySchema?.name?.endsWith('.Key') ?? false)) return record;
    const id = textAt(record.key, record.key.schema.indexOf('id'));
    if (id === null) throw new Error('the key has no text named id');
    const key = new Map([['id', readBsonValue(id)]]);
    const { deleteHandling } = this.#config.unwrap;
    if (record.value === null) {
      if (!deleteHandling.keepsTombstones) return null;
      return this.#made({ ...record, headers: [...record.headers, ...this.#tombstoneHeaders] }, key, null, null);
    }
    const envelope = envelopeOf(record);
    if (envelope === null) return record;
    const { before, after } = layoutOf(envelope.schema);
    const update = structAt(envelope, envelope.schema.indexOf('updateDescription'));
    const document = textAt(envelope, after);
    const gone = document === null && update === null;
    if (gone && deleteHandling.deletes === 'drop') return null;
    const headed = { ...record, headers: this.#headersOf(record, envelope) };
    if (gone && deleteHandling.deletes !== 'rewrite') return this.#made(headed, key, null, null);
    const left = gone ? textAt(envelope, before) : document;
    const fields = new Map<string, BsonValue>(left !== null ? readBsonDocument(left) : update === null ? [] : this.#updated(update, key));
    if (deleteHandling.deletes === 'rewrite') {
      fields.set('__deleted', { type: 'boolean', value: gone });
      if (this.#config.rewritesWithId && !fields.has('_id')) fields.set('_id', key.get('id')!);
    }
    return this.#made(headed, key, fields, envelope);
  }

  /** What an update set, without what it took away; a field's path is its name. */
  #updated(update: Struct, key: BsonDocument): Iterable<[string, BsonValue]> {
    const updated = textAt(update, update.schema.indexOf('updatedFields'));
    const removed = update.get('removedFields');
    const fields = new Map<string, BsonValue>(updated === null ? [] : readBsonDocument(updated));
    if (Array.isArray(removed)) for (const name of removed as readonly Value[]) fields.delete(String(name));
    if (!fields.has('_id')) fields.set('_id', key.get('id')!);
    const delimiter = this.#config.flattenDelimiter;
    if (delimiter === null) return fields;
    return [...fields].map(([name, value]): [string, BsonValue] => [name.replaceAll('.', delimiter), value]);
  }

  #made<R extends ConnectRecord>(record: R, key: BsonDocument, document: BsonDocument | null, envelope: Struct | null): R {
    const keySchema = this.#schema(null, key, []);
    const keyed = { ...record, keySchema, key: this.#structs.struct(keySchema, key) };
    if (document === null || document.size === 0 || envelope === null) return { ...keyed, valueSchema: null, value: null };
    const added = this.#readersOf(envelope.schema).fields;
    const name = this.#schemaName((record.valueSchema?.name ?? '').replace(/\.Envelope$/, ''));
    const valueSchema = this.#schema(name, document, added);
    const values = new Array<Value>(valueSchema.fields.length).fill(null);
    this.#structs.putValues(valueSchema, values, document);
    for (const reader of added) values[valueSchema.indexOf(reader.name)] = reader.read(envelope);
    const unwrapped = { ...keyed, valueSchema, value: new Struct(valueSchema, values) };
    return this.#flatten === null ? unwrapped : (this.#flatten(unwrapped) ?? unwrapped);
  }

  #schema(name: string | null, document: BsonDocument, added: readonly FieldReader[]): Schema {
    const fields = new Map<string, Schema>();
    this.#structs.addFields(fields, document, name);
    for (const reader of added) {
      if (fields.has(reader.name)) throw new Error(`the document already has a field named ${reader.name} (add.fields)`);
      fields.set(reader.name, reader.schema);
    }
    return this.#interner.intern(structSchema([...fields], { name }));
  }

  #headersOf(record: ConnectRecord, envelope: Struct): readonly Header[] {
    const { addedHeaders, operationHeader } = this.#config.unwrap;
    if (addedHeaders.length === 0 && !operationHeader) return record.headers;
    const headers = record.headers.slice();
    for (const reader of this.#readersOf(envelope.schema).headers)
      headers.push({ key: reader.name, schema: reader.schema, value: reader.read(envelope) });
    if (operationHeader) headers.push({ key: '__op', schema: schemas.string, value: textAt(envelope, layoutOf(envelope.schema).op) });
    return headers;
  }

  #readersOf(envelope: Schema) {
    let readers = this.#readers.get(envelope);
    if (readers === undefined) {
      const { addedHeaders, addedFields } = this.#config.unwrap;
      readers = {
        headers: bindReferences(addedHeaders, envelope, 'add.headers', this.#logger),
        fields: bindReferences(addedFields, envelope, 'add.fields', this.#logger),
      };
      this.#readers.set(envelope, readers);
    }
    return readers;
  }
}
