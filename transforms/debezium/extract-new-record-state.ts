import {
  type ConnectRecord,
  type Header,
  type Logger,
  type Plugin,
  type Schema,
  SluiceError,
  type Struct,
  schemas,
  type Transform,
} from '../../src/contract/index.ts';
import { envelopeOf, layoutOf, operations, structAt, textAt, transformFailed } from './envelope.ts';
import { FieldDropper } from './unwrap/drop-fields.ts';
import { bindReferences, type FieldReader } from './unwrap/field-reference.ts';
import { type UnwrapConfig, unwrapSpec } from './unwrap/options.ts';
import { RowExtender } from './unwrap/row-extender.ts';

/**
 * io.debezium.transforms.ExtractNewRecordState: an envelope becomes the row after the change. Deletes and tombstones follow
 * `delete.tombstone.handling.mode`, truncates are dropped, records without an envelope pass as they are.
 */
export const extractNewRecordState: Plugin<UnwrapConfig, Transform> = {
  spec: unwrapSpec,
  sharedHeaders: 'adds then copies',
  create(config, { logger }) {
    const unwrapper = new Unwrapper(config, logger);
    return record => {
      try {
        return unwrapper.apply(record);
      } catch (error) {
        throw error instanceof SluiceError ? error : transformFailed('ExtractNewRecordState', record, (error as Error).message, error);
      }
    };
  },
};

class Unwrapper {
  readonly #config: UnwrapConfig;
  readonly #logger: Logger;
  /** Rows of inserts and updates; of deletes too, where nothing is dropped between the two steps. */
  readonly #rows: RowExtender;
  /** The two steps of a rewritten delete whose fields are dropped in between. */
  readonly #marking: RowExtender;
  readonly #adding: RowExtender;
  readonly #dropper: FieldDropper | null;
  readonly #headerReaders = new WeakMap<Schema, readonly FieldReader[]>();
  readonly #tombstoneHeaders: readonly Header[];

  constructor(config: UnwrapConfig, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
    const added = (envelope: Schema) => bindReferences(config.addedFields, envelope, 'add.fields', logger);
    const { replaceNulls } = config;
    this.#rows = new RowExtender({ marked: config.deleteHandling.deletes === 'rewrite', replaceNulls, added });
    this.#marking = new RowExtender({ marked: true, replaceNulls, added: () => [] });
    this.#adding = new RowExtender({ marked: false, replaceNulls, added });
    this.#dropper = config.dropping && new FieldDropper(config.dropping);
    const operationNames = config.addedHeaders.filter(({ field }) => field === 'op').map(({ newName }) => newName);
    if (config.operationHeader) operationNames.push('__op');
    this.#tombstoneHeaders = operationNames.map(key => ({ key, schema: schemas.string, value: operations.delete }));
  }

  apply<R extends ConnectRecord>(record: R): R | null {
    if (record.value === null) {
      if (!this.#config.deleteHandling.keepsTombstones) return null;
      return withHeaders(record, this.#tombstoneHeaders);
    }
    const envelope = envelopeOf(record);
    if (envelope === null) return record;
    const { before, after } = layoutOf(envelope.schema);
    if (after < 0) throw new Error('the envelope has no field after');
    const newRow = structAt(envelope, after);
    const oldRow = structAt(envelope, before);
    if (newRow !== null) return this.#change(record, envelope, newRow);
    // Neither row: a truncate.
    return oldRow === null ? null : this.#delete(record, envelope, oldRow);
  }

  #change<R extends ConnectRecord>(record: R, envelope: Struct, row: Struct): R {
    const value = this.#rows.extend(envelope, row, this.#config.deleteHandling.deletes === 'rewrite' ? 'false' : null);
    const unwrapped = {
      ...record,
      topic: this.#topicOf(record, row),
      headers: this.#headersOf(record, envelope),
      valueSchema: value.schema,
      value,
    };
    return this.#dropper ? this.#dropper.drop(unwrapped) : unwrapped;
  }

  #delete<R extends ConnectRecord>(record: R, envelope: Struct, row: Struct): R | null {
    const { deletes } = this.#config.deleteHandling;
    if (deletes === 'drop') return null;
    const unwrapped = { ...record, topic: this.#topicOf(record, row), headers: this.#headersOf(record, envelope) };
    if (deletes !== 'rewrite') {
      const valueSchema = deletes === 'null' ? (envelope.schema.field('after')?.schema ?? null) : null;
      const gone = { ...unwrapped, valueSchema, value: null };
      return this.#dropper ? this.#dropper.drop(gone) : gone;
    }
    if (this.#dropper === null) {
      const value = this.#rows.extend(envelope, row, 'true');
      return { ...unwrapped, valueSchema: value.schema, value };
    }
    // Here fields are dropped before others are added, with inserts and updates after it (as in the reference).
    const marked = this.#marking.extend(envelope, row, 'true');
    const dropped = this.#dropper.drop({ ...unwrapped, valueSchema: marked.schema, value: marked });
    const value = this.#adding.extend(envelope, dropped.value as Struct, null);
    return { ...dropped, valueSchema: value.schema, value };
  }

  #topicOf(record: ConnectRecord, row: Struct): string {
    const { routeByField } = this.#config;
    if (routeByField === null) return record.topic;
    const field = row.schema.field(routeByField);
    if (field === undefined || field.schema.type !== 'string') throw new Error(`route.by.field: there is no text column '${routeByField}'`);
    const topic = textAt(row, field.index);
    return topic === null || topic.trim() === '' ? record.topic : topic;
  }

  #headersOf(record: ConnectRecord, envelope: Struct): readonly Header[] {
    const { addedHeaders, operationHeader } = this.#config;
    if (addedHeaders.length === 0 && !operationHeader) return record.headers;
    let readers = this.#headerReaders.get(envelope.schema);
    if (readers === undefined) {
      readers = bindReferences(addedHeaders, envelope.schema, 'add.headers', this.#logger);
      this.#headerReaders.set(envelope.schema, readers);
    }
    const headers = record.headers.slice();
    for (const reader of readers) headers.push({ key: reader.name, schema: reader.schema, value: reader.read(envelope) });
    if (operationHeader) headers.push({ key: '__op', schema: schemas.string, value: textAt(envelope, layoutOf(envelope.schema).op) });
    return headers;
  }
}

function withHeaders<R extends ConnectRecord>(record: R, added: readonly Header[]): R {
  return added.length === 0 ? record : { ...record, headers: [...record.headers, ...added] };
}
