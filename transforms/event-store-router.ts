import {
  type ConnectRecord,
  type Header,
  type Logger,
  type Plugin,
  SluiceError,
  type Struct,
  schemas,
  type Transform,
  topicOfType,
  type Value,
} from '../src/contract/index.ts';
import { envelopeOf, layoutOf, operations, structAt, textAt, transformFailed } from './debezium/envelope.ts';
import { valueOfJson } from './event-store/json-value.ts';
import { type EventStoreRouterConfig, eventStoreRouterSpec } from './event-store/options.ts';
import { type RowLayout, rowLayoutOf } from './event-store/row-layout.ts';
import { perTopic } from './records/schema-cache.ts';

/** EventStoreRouter: rows inserted into an event store's table become domain events. See docs/event-store.md. */
export const eventStoreRouter: Plugin<EventStoreRouterConfig, Transform> = {
  spec: eventStoreRouterSpec,
  create(config, { logger }) {
    const router = new Router(config, logger);
    return record => {
      try {
        return router.apply(record);
      } catch (error) {
        throw error instanceof SluiceError ? error : transformFailed('EventStoreRouter', record, (error as Error).message, error);
      }
    };
  },
};

class Router {
  readonly #config: EventStoreRouterConfig;
  readonly #logger: Logger;
  readonly #topicOfType: (type: string) => string;

  constructor(config: EventStoreRouterConfig, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
    this.#topicOfType = perTopic(type => {
      const topic = topicOfType(type);
      if (topic === null) throw new Error('the event’s type has nothing that a topic’s name could be made of (route.by=type)');
      return `${config.typePrefix}${topic}`;
    });
  }

  apply<R extends ConnectRecord>(record: R): R | null {
    if (record.value === null) return null;
    const envelope = envelopeOf(record);
    if (envelope === null) return record;
    const layout = layoutOf(envelope.schema);
    const op = textAt(envelope, layout.op);
    if (op === operations.delete || op === operations.truncate) return null;
    if (op === operations.update) return this.#update(record);
    const row = structAt(envelope, layout.after);
    if (row === null) throw new Error(`an event of operation '${op}' has no row`);
    return this.#event(record, row, rowLayoutOf(row.schema), envelope.values[layout.tsMs]);
  }

  #update(record: ConnectRecord): null {
    const { onUpdate } = this.#config;
    if (onUpdate === 'fatal') throw new Error('a stored event was updated (table.op.invalid.behavior is fatal)');
    this.#logger[onUpdate]({ topic: record.topic }, 'A stored event was updated; the update is skipped: events do not change');
    return null;
  }

  #event<R extends ConnectRecord>(record: R, row: Struct, layout: RowLayout, readAtMs: Value | undefined): R {
    const id = textIn(row, layout, 'event_id');
    const type = textIn(row, layout, 'event_type');
    const aggregateId = textIn(row, layout, 'aggregate_id');
    const version = integerIn(row, layout, 'version');
    const metadata = jsonIn(row, layout, 'metadata');
    const timestampMs = momentIn(row, layout);
    const value = new Map<Value, Value>([
      ['id', id],
      ['aggregateType', textIn(row, layout, 'aggregate_type')],
      ['aggregateId', aggregateId],
      ['type', type],
      ['version', Number(version)],
      ['data', jsonIn(row, layout, 'event_data')],
      ['metadata', metadata],
      ['schemaVersion', Number(integerIn(row, layout, 'schema_version'))],
      ['timestamp', new Date(timestampMs).toISOString()],
    ]);
    return {
      ...record,
      topic: this.#config.byType ? this.#topicOfType(type) : this.#config.topic,
      // When it happened, and never later than it was read: brokers refuse a record that lies ahead of them.
      timestamp: typeof readAtMs === 'bigint' ? Math.min(timestampMs, Number(readAtMs)) : timestampMs,
      keySchema: schemas.string,
      key: aggregateId,
      valueSchema: null,
      value,
      headers: [...record.headers, ...headersOf(id, type, version, metadata)],
    };
  }
}

function headersOf(id: string, type: string, version: bigint, metadata: Value): readonly Header[] {
  const correlationId = metadata instanceof Map ? metadata.get('correlationId') : undefined;
  return [
    { key: 'id', schema: schemas.string, value: id },
    { key: 'type', schema: schemas.string, value: type },
    { key: 'version', schema: schemas.int64, value: version },
    ...(typeof correlationId === 'string' ? [{ key: 'correlationId', schema: schemas.string, value: correlationId }] : []),
  ];
}

function textIn(row: Struct, layout: RowLayout, column: keyof RowLayout): string {
  const text = textAt(row, layout[column]);
  if (text === null) throw new Error(`column '${column}' is no text, or null`);
  return text;
}

function integerIn(row: Struct, layout: RowLayout, column: keyof RowLayout): bigint {
  const value = row.values[layout[column]];
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  throw new Error(`column '${column}' is no integer, or null`);
}

function jsonIn(row: Struct, layout: RowLayout, column: keyof RowLayout): Value {
  try {
    return valueOfJson(textIn(row, layout, column));
  } catch (error) {
    throw new Error(`column '${column}' cannot be read: ${(error as Error).message}`);
  }
}

/** Milliseconds since 1970, of what the connector writes for a `timestamptz`. */
function momentIn(row: Struct, layout: RowLayout): number {
  const ms = Date.parse(textIn(row, layout, 'timestamp'));
  if (Number.isNaN(ms)) throw new Error("column 'timestamp' is no moment of the calendar");
  return ms;
}
