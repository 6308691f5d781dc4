import {
  type ConnectRecord,
  type Field,
  type Header,
  type Logger,
  type Plugin,
  type Schema,
  SluiceError,
  type Struct,
  type Transform,
  type Value,
} from '../../src/contract/index.ts';
import { envelopeOf, layoutOf, operations, structAt, textAt, transformFailed } from './envelope.ts';
import { nameAdjuster } from './name-adjustment.ts';
import { readJsonDocument } from './outbox/json-document.ts';
import { JsonSchemaInference } from './outbox/json-schema-inference.ts';
import { type OutboxConfig, outboxSpec } from './outbox/options.ts';
import { OutboxValueSchemas } from './outbox/value-schemas.ts';

/**
 * io.debezium.transforms.outbox.EventRouter: rows inserted into an outbox table become events. The topic comes from one column, the key
 * and the value from others. Deletes and tombstones are dropped, updates are skipped with a warning, records without an envelope pass.
 */
export const eventRouter: Plugin<OutboxConfig, Transform> = {
  spec: outboxSpec,
  create(config, { logger }) {
    const router = new OutboxRouter(config, logger);
    return record => {
      try {
        return router.apply(record);
      } catch (error) {
        throw error instanceof SluiceError ? error : transformFailed('EventRouter', record, (error as Error).message, error);
      }
    };
  },
};

/** How much of a unit of a timestamp column makes a millisecond. */
const unitsPerMillisecond: Readonly<Record<string, bigint>> = {
  'io.debezium.time.Timestamp': 1n,
  'io.debezium.time.MicroTimestamp': 1_000n,
  'io.debezium.time.NanoTimestamp': 1_000_000n,
};

type Payload = { readonly schema: Schema; readonly value: Value };

class OutboxRouter {
  readonly #config: OutboxConfig;
  readonly #logger: Logger;
  readonly #valueSchemas: OutboxValueSchemas;
  readonly #inference: JsonSchemaInference;

  constructor(config: OutboxConfig, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
    this.#valueSchemas = new OutboxValueSchemas(config.additional, config.skipsMissing);
    this.#inference = new JsonSchemaInference(config.jsonNulls, nameAdjuster(config.fieldNames, 'field'));
  }

  apply<R extends ConnectRecord>(record: R): R | null {
    if (record.value === null) return null;
    const envelope = envelopeOf(record);
    if (envelope === null) return record;
    const layout = layoutOf(envelope.schema);
    const op = textAt(envelope, layout.op);
    if (op === operations.delete) return null;
    if (op === operations.update) return this.#update(record);
    const event = structAt(envelope, layout.after);
    if (event === null) throw new Error(`an event of operation '${op}' has no row`);
    return this.#event(record, envelope, event);
  }

  #update(record: ConnectRecord): null {
    const { onUpdate } = this.#config;
    if (onUpdate === 'fatal') throw new Error('a row of the outbox table was updated (table.op.invalid.behavior is fatal)');
    this.#logger[onUpdate]({ topic: record.topic }, 'A row of the outbox table was updated; the update is skipped');
    return null;
  }

  #event<R extends ConnectRecord>(record: R, envelope: Struct, event: Struct): R {
    const { idField, keyField, payloadField, routeByField } = this.#config;
    const id = column(event, idField, 'table.field.event.id');
    const key = column(event, keyField, 'table.field.event.key');
    const timestamp = this.#timestamp(envelope, event);
    const payload = this.#payload(event, column(event, payloadField, 'table.field.event.payload'));
    const route = textIn(event, column(event, routeByField, 'route.by.field'), 'route.by.field');
    if (route === null) throw new Error(`column '${routeByField}' is null, so there is no topic (route.by.field)`);
    const headers: Header[] = [...record.headers, { key: 'id', schema: id.schema, value: valueIn(event, id) }];
    const value = this.#value(event, payload, route);
    const partition = this.#place(event, headers);
    return {
      ...record,
      topic: this.#config.route(route) ?? route,
      partition,
      timestamp,
      keySchema: key.schema,
      key: valueIn(event, key),
      valueSchema: value.schema,
      value: value.value,
      headers,
    };
  }

  #value(event: Struct, { schema, value }: Payload, route: string): { schema: Schema | null; value: Value } {
    const struct = this.#valueSchemas.used ? this.#valueSchemas.valueOf(event, schema, value, route, this.#version(event)) : null;
    const empty = value === null || (typeof value === 'string' && value.trim() === '');
    if (empty && this.#config.tombstones) return { schema: null, value: null };
    return struct === null ? { schema, value } : { schema: struct.schema, value: struct };
  }

  #version(event: Struct): number | null | undefined {
    const { schemaVersionField } = this.#config;
    return schemaVersionField === null ? undefined : intIn(event, schemaVersionField, 'table.field.event.schema.version');
  }

  /** Adds the columns placed in headers and answers the partition; null: none chosen. */
  #place(event: Struct, headers: Header[]): number | null {
    let partition: number | null = null;
    for (const { field, placement, alias } of this.#config.additional) {
      if (this.#config.skipsMissing && event.schema.field(field) === undefined) continue;
      const placed = column(event, field, 'table.fields.additional.placement');
      if (placement === 'header') headers.push({ key: alias, schema: placed.schema, value: valueIn(event, placed) });
      else if (placement === 'partition') partition = intIn(event, field, 'table.fields.additional.placement');
    }
    return partition;
  }

  #timestamp(envelope: Struct, event: Struct): number | null {
    const { timestampField } = this.#config;
    const eventTime = envelope.values[layoutOf(envelope.schema).tsMs] ?? null;
    const readAtMs = typeof eventTime === 'bigint' ? Number(eventTime) : null;
    if (timestampField === null) return readAtMs;
    const { index, schema } = column(event, timestampField, 'table.field.event.timestamp');
    if (schema.type !== 'int64') throw new Error(`column '${timestampField}' is no timestamp (table.field.event.timestamp)`);
    const value = event.values[index] ?? null;
    if (value === null) return readAtMs;
    const units = unitsPerMillisecond[schema.name ?? ''];
    if (typeof value !== 'bigint' || units === undefined)
      throw new Error(
        `column '${timestampField}' is of type ${schema.name ?? schema.type}, which is no timestamp (table.field.event.timestamp)`,
      );
    return Number(value / units);
  }

  /** The payload as it is in the table, or expanded. */
  #payload(event: Struct, field: Field): Payload {
    const value = valueIn(event, field);
    if (!this.#config.expandsJson || value === null) return { schema: field.schema, value };
    if (typeof value !== 'string') {
      this.#logger.warn({ column: field.name }, 'table.expand.json.payload is set, but the payload is no text; it stays as it is');
      return { schema: field.schema, value };
    }
    try {
      const expanded = this.#expanded(field.name, value);
      return { schema: expanded.schema, value: expanded };
    } catch (error) {
      this.#logger.warn({ column: field.name, reason: (error as Error).message }, 'The payload cannot be expanded; it stays as it is');
      return { schema: field.schema, value };
    }
  }

  #expanded(name: string, text: string): Struct {
    if (!text.startsWith('{')) throw new Error('not a JSON object');
    const expanded = this.#inference.read(name, readJsonDocument(text));
    if (expanded === null) throw new Error('not a JSON object');
    return expanded;
  }
}

/** A column of the outbox table. Throws an Error, which names the option, where the table lacks it. */
function column(event: Struct, name: string, option: string): Field {
  const field = event.schema.field(name);
  if (field === undefined) throw new Error(`the outbox table has no column '${name}' (${option})`);
  return field;
}

/** With the column's default for null, as Connect's `Struct.get`. */
function valueIn(event: Struct, { index, schema }: Field): Value {
  return event.values[index] ?? schema.default ?? null;
}

function textIn(event: Struct, { name, index, schema }: Field, option: string): string | null {
  if (schema.type !== 'string') throw new Error(`column '${name}' is no text (${option})`);
  return textAt(event, index);
}

function intIn(event: Struct, name: string, option: string): number | null {
  const { index, schema } = column(event, name, option);
  if (schema.type !== 'int32') throw new Error(`column '${name}' is no 32-bit integer (${option})`);
  const value = event.values[index] ?? null;
  return typeof value === 'number' ? value : null;
}
