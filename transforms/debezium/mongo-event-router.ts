import {
  type ConfigSpec,
  type ConnectRecord,
  configSpec,
  type Logger,
  type Option,
  type Plugin,
  type RawConfig,
  type Schema,
  Struct,
  schemaOf,
  schemas,
  structSchema,
  type Transform,
  type Value,
} from '../../src/contract/index.ts';
import type { BsonDocument, BsonValue } from './documents/bson-value.ts';
import { DocumentStructs } from './documents/document-struct.ts';
import { readBsonDocument } from './documents/read-document.ts';
import { writeIndented } from './documents/write-document.ts';
import { envelopeOf, layoutOf, operations, textAt } from './envelope.ts';
import { eventRouter } from './event-router.ts';
import { type OutboxConfig, outboxSpec } from './outbox/options.ts';
import { SchemaInterner } from './outbox/schema-interning.ts';

type MongoOutboxConfig = {
  readonly outbox: OutboxConfig;
  readonly timestampField: string | null;
  readonly payloadField: string;
  readonly expandsPayload: boolean;
};

/** EventRouter's options of the table, under MongoDB's name: `collection.field.event.id` is `table.field.event.id`. */
const tableName = (name: string) =>
  name === 'collection.expand.json.payload' ? 'table.expand.json.payload' : name.replace(/^collection\./, 'table.');

/** What MongoEventRouter has no counterpart of. */
const ofTablesOnly = new Set(['table.json.payload.null.behavior', 'field.name.adjustment.mode']);

const mongoOptions: Readonly<Record<string, Option<unknown>>> = Object.fromEntries(
  Object.entries(outboxSpec.options)
    .filter(([name]) => !ofTablesOnly.has(name))
    .map(([name, option]): [string, Option<unknown>] => {
      const own = name.replace(/^table\./, 'collection.');
      const doc = option.doc.replaceAll('table.', 'collection.').replaceAll('the outbox table', 'the outbox collection');
      return [own, { ...option, doc: doc.replaceAll('column', 'field'), ...(name === 'table.field.event.id' ? { default: '_id' } : {}) }];
    }),
);

/** The payload is expanded here, so EventRouter is not told to. */
function toTable(raw: RawConfig): RawConfig {
  const entries = Object.entries(raw).map(([name, value]) => [tableName(name), value] as const);
  const { 'table.expand.json.payload': _, ...rest } = Object.fromEntries(entries);
  return { 'table.field.event.id': '_id', ...rest };
}

const mongoOutboxSpec: ConfigSpec<MongoOutboxConfig> = configSpec({
  doc: 'The outbox pattern for MongoDB: an insert into an outbox collection becomes the event it holds, on the topic it names. Deletes are dropped.',
  options: mongoOptions,
  refine(_config, raw, report): MongoOutboxConfig {
    const parsed = outboxSpec.parse(toTable(raw));
    for (const { option, message } of parsed.faults)
      report.fault(option.replace(/^table\./, 'collection.'), message.replaceAll('table.', 'collection.'));
    return {
      // Where there are faults nothing is made of the config.
      outbox: parsed.config ?? outboxSpec.parse({}).config!,
      timestampField: raw['collection.field.event.timestamp'] ?? null,
      payloadField: raw['collection.field.event.payload'] ?? 'payload',
      expandsPayload: raw['collection.expand.json.payload']?.trim().toLowerCase() === 'true',
    };
  },
});

/** Schemas kept at most: events may have payloads of any shape. */
const schemasMax = 1_000;

/** A timestamp as EventRouter reads it: milliseconds. */
const timestampSchema = schemaOf('int64', { name: 'io.debezium.time.Timestamp', version: 1 });

/**
 * io.debezium.connector.mongodb.transforms.outbox.MongoEventRouter: the inserted document, read from its JSON, as EventRouter takes a row. A
 * payload that is a document becomes canonical extended JSON, or a struct with `collection.expand.json.payload`.
 */
export const mongoEventRouter: Plugin<MongoOutboxConfig, Transform> = {
  spec: mongoOutboxSpec,
  create(config, context) {
    const route = eventRouter.create(config.outbox, context);
    const expander = new AfterExpander(config, context.logger);
    return record => route(expander.apply(record));
  },
};

class AfterExpander {
  readonly #config: MongoOutboxConfig;
  readonly #logger: Logger;
  readonly #structs = new DocumentStructs({ arrays: 'array', fieldName: name => name, adjusted: false });
  readonly #interner = new SchemaInterner(schemasMax);

  constructor(config: MongoOutboxConfig, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
  }

  /** The record with its document as a struct. Other operations than inserts are EventRouter's affair. */
  apply<R extends ConnectRecord>(record: R): R {
    const envelope = envelopeOf(record);
    if (envelope === null) return record;
    const layout = layoutOf(envelope.schema);
    const after = textAt(envelope, layout.after);
    const op = textAt(envelope, layout.op);
    if (after === null || op === operations.delete || op === operations.update) return record;
    try {
      const event = this.#event(readBsonDocument(after), envelope.schema.field('after')!.schema.name);
      const fields = envelope.schema.fields.map(({ name, schema }) => [name, name === 'after' ? event.schema : schema] as const);
      const valueSchema = this.#interner.intern(structSchema(fields, { name: envelope.schema.name }));
      return { ...record, valueSchema, value: new Struct(valueSchema, envelope.values.with(layout.after, event)) };
    } catch (error) {
      // EventRouter then fails for want of a row, by the connector's error policy.
      this.#logger.warn({ topic: record.topic, reason: (error as Error).message }, 'The document of an outbox event cannot be read');
      return record;
    }
  }

  #event(document: BsonDocument, name: string | null): Struct {
    const { timestampField, payloadField, expandsPayload } = this.#config;
    const fields = new Map<string, Schema>();
    const payload = document.get(payloadField);
    const asText = payload?.type === 'document' && !expandsPayload ? writeIndented(payload.fields) : null;
    for (const key of document.keys()) {
      if (key === timestampField) fields.set(key, timestampSchema);
      else if (key === payloadField && asText !== null) fields.set(key, schemas.optionalString);
    }
    this.#structs.addFields(fields, document, name);
    const schema = this.#interner.intern(structSchema([...fields], { name }));
    const values = new Array<Value>(schema.fields.length).fill(null);
    const special = new Map<string, Value>();
    if (asText !== null) special.set(payloadField, asText);
    const time = timestampField === null ? undefined : document.get(timestampField);
    if (timestampField !== null && time !== undefined) special.set(timestampField, millisecondsOf(time));
    const rest = new Map([...document].filter(([key]) => !special.has(key)));
    this.#structs.putValues(schema, values, rest);
    for (const [key, value] of special) values[schema.indexOf(key)] = value;
    return new Struct(schema, values);
  }
}

function millisecondsOf(value: BsonValue): bigint {
  if (value.type === 'int64') return value.value;
  throw new Error(`the timestamp is of type ${value.type} and not a 64-bit integer (collection.field.event.timestamp)`);
}
