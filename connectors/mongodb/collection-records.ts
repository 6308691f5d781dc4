import {
  arraySchema,
  type ConnectRecord,
  type Header,
  type Schema,
  Struct,
  schemaOf,
  schemas,
  structSchema,
} from '../../src/contract/index.ts';
import type { EventOrder } from '../debezium/captured-table.ts';
import { type Instant, type Operation, transactionBlockSchema } from '../debezium/envelope.ts';
import type { EventCounts, TableEventCounts } from '../debezium/event-counts.ts';
import type { NameAdjuster } from '../debezium/name-adjustment.ts';
import type { SnapshotMarker } from '../debezium/snapshot-marker.ts';
import type { TopicNaming } from '../debezium/topic-naming.ts';
import { findElement } from './bson/elements.ts';
import type { ChangeEvent } from './change-event.ts';
import { type CollectionId, namespaceOf, tableId } from './collection-id.ts';
import { type FieldRules, readUpdate } from './field-rules.ts';
import type { ExtendedJson } from './json/extended-json.ts';
import type { StreamPosition } from './position.ts';
import type { SourceInfo } from './source-info.ts';

const json = schemaOf('string', { optional: true, name: 'io.debezium.data.Json', version: 1 });

const truncatedArraySchema = structSchema(
  [
    ['field', schemas.string],
    ['size', schemas.int32],
  ],
  { name: 'io.debezium.connector.mongodb.changestream.truncatedarray', version: 1 },
);

const updateDescriptionSchema = structSchema(
  [
    ['removedFields', arraySchema(schemas.string, { optional: true })],
    ['updatedFields', json],
    ['truncatedArrays', arraySchema(truncatedArraySchema, { optional: true })],
  ],
  { name: 'io.debezium.connector.mongodb.changestream.updatedescription', version: 1, optional: true },
);

/** How a task writes documents: `key` of ids, `document` of before and after, `update` of updated fields. */
export type JsonForms = { readonly key: ExtendedJson; readonly document: ExtendedJson; readonly update: ExtendedJson };

/** How a task makes records: one object a task. */
export type RecordParts = {
  readonly topics: TopicNaming;
  readonly schemaName: NameAdjuster;
  readonly sourceInfo: SourceInfo;
  readonly forms: JsonForms;
  readonly tombstonesOnDelete: boolean;
  readonly headers: readonly Header[];
  readonly events: EventCounts;
};

/** Makes the records of one collection (MongoDbCollectionSchema and its emitters). Its schemas are made once. */
export class CollectionRecords {
  readonly id: CollectionId;
  readonly name: string;
  readonly topic: string;
  readonly #parts: RecordParts;
  readonly #counts: TableEventCounts;
  readonly #fields: FieldRules | null;
  readonly #keySchema: Schema;
  readonly #valueSchema: Schema;

  /** `fields`: null: documents are published as they are. */
  constructor(id: CollectionId, parts: RecordParts, fields: FieldRules | null) {
    this.id = id;
    this.name = namespaceOf(id);
    this.#parts = parts;
    this.#counts = parts.events.of(this.name);
    this.#fields = fields;
    this.topic = parts.topics.dataChangeTopic(tableId(id));
    this.#keySchema = structSchema([['id', schemas.string]], { name: parts.schemaName(`${this.topic}.Key`) });
    this.#valueSchema = structSchema(
      [
        ['before', json],
        ['after', json],
        ['updateDescription', updateDescriptionSchema],
        ['source', parts.sourceInfo.schema],
        ['op', schemas.optionalString],
        ['ts_ms', schemas.optionalInt64],
        ['transaction', transactionBlockSchema],
      ],
      { name: parts.schemaName(`${this.topic}.Envelope`) },
    );
  }

  /** A document that a snapshot read. */
  emitRead(out: ConnectRecord[], document: Buffer, marker: SnapshotMarker, at: Instant): void {
    this.#emitRead(out, document, this.#parts.sourceInfo.read(this.id, marker, at), at);
  }

  /** A document of an incremental snapshot, published at this place of the stream. */
  emitChunkRow(out: ConnectRecord[], document: Buffer, position: StreamPosition, at: Instant): void {
    this.#emitRead(out, document, this.#parts.sourceInfo.incremental(this.id, position, at), at);
  }

  #emitRead(out: ConnectRecord[], document: Buffer, source: Struct, at: Instant): void {
    this.#emit(out, this.#key(document), null, this.#document(document), null, source, 'r', at.ms, null);
  }

  /** A change; `lsid`: its session as JSON. */
  emitChange(out: ConnectRecord[], event: ChangeEvent, lsid: string | null, at: Instant, transaction: EventOrder | null): void {
    const { operation, clusterTime, wallTimeMs, txnNumber } = event;
    const op: Operation = operation === 'insert' ? 'c' : operation === 'delete' ? 'd' : 'u';
    const source = this.#parts.sourceInfo.change(this.id, { clusterTime, wallTimeMs, lsid, txnNumber });
    const key = this.#key(event.documentKey!);
    const before = op === 'c' ? null : this.#document(event.fullDocumentBeforeChange);
    const after = op === 'd' ? null : this.#document(event.fullDocument);
    const update = op === 'u' && event.updateDescription !== null ? this.#update(event.updateDescription) : null;
    this.#emit(out, key, before, after, update, source, op, at.ms, transaction === null ? null : transaction.event(this.name));
    if (op !== 'd' || !this.#parts.tombstonesOnDelete) return;
    const { topic, headers } = { topic: this.topic, headers: this.#parts.headers };
    out.push({ topic, partition: null, timestamp: null, keySchema: this.#keySchema, key, valueSchema: null, value: null, headers });
  }

  #key(document: Buffer): Struct {
    const id = findElement(document, 0, '_id');
    const text = id === null ? 'null' : this.#parts.forms.key.value(document, id.type, id.at, id.end);
    return new Struct(this.#keySchema, [text]);
  }

  #document(document: Buffer | null): string | null {
    if (document === null) return null;
    return this.#parts.forms.document.document(this.#fields === null ? document : this.#fields.ofDocument(document));
  }

  #update(description: Buffer): Struct {
    const { removed, updated, truncated } = readUpdate(description, this.#fields);
    return new Struct(updateDescriptionSchema, [
      removed.length === 0 ? null : removed,
      updated === null ? null : this.#parts.forms.update.document(updated),
      truncated.length === 0 ? null : truncated.map(({ field, size }) => new Struct(truncatedArraySchema, [field, size])),
    ]);
  }

  #emit(
    out: ConnectRecord[],
    key: Struct,
    before: string | null,
    after: string | null,
    update: Struct | null,
    source: Struct,
    op: Operation,
    ms: bigint,
    transaction: Struct | null,
  ): void {
    this.#counts.count(op);
    out.push({
      topic: this.topic,
      partition: null,
      timestamp: null,
      keySchema: this.#keySchema,
      key,
      valueSchema: this.#valueSchema,
      value: new Struct(this.#valueSchema, [before, after, update, source, op, ms, transaction]),
      headers: this.#parts.headers,
    });
  }
}
