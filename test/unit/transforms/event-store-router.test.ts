import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type ConnectRecord,
  type JsonValue,
  Struct,
  schemaOf,
  schemas,
  structSchema,
  topicOfType,
  type Value,
} from '../../../src/contract/index.ts';
import type { RecordedEvent } from '../../../src/services/event-store/event-store.ts';
import { eventRecord } from '../../../src/services/event-store/publication/event-record.ts';
import { eventStoreRouter } from '../../../transforms/event-store-router.ts';
import { change, envelopeSchema, idKey, struct, tombstone } from './debezium/golden.ts';
import { faultsOf, type LogLine, transformOf } from './debezium/transform-under-test.ts';
import { record, transformError } from './records.ts';

const json = schemaOf('string', { name: 'io.debezium.data.Json', version: 1 });
const columns = [
  ['position', schemas.int64],
  ['event_id', schemas.string],
  ['aggregate_type', schemas.string],
  ['aggregate_id', schemas.string],
  ['event_type', schemas.string],
  ['event_data', json],
  ['version', schemas.int64],
  ['schema_version', schemas.int32],
  ['timestamp', schemaOf('string', { name: 'io.debezium.time.ZonedTimestamp', version: 1 })],
  ['metadata', json],
] as const;
const rowSchemaOf = (names: readonly (readonly [string, (typeof columns)[number][1]])[]) => {
  const envelope = envelopeSchema(structSchema(names, { name: 'srv.public.event_store.Value' }), 'srv.public.event_store');
  return { envelope, row: envelope.field('after')!.schema };
};
const { envelope, row } = rowSchemaOf(columns);

const event = {
  position: 77n,
  event_id: 'e-1',
  aggregate_type: 'order',
  aggregate_id: '4711',
  event_type: 'OrderCreated',
  event_data: '{"items": [1, 2.5, null, {"deep": true}]}',
  version: 3n,
  schema_version: 2,
  timestamp: '2026-11-22T12:00:00Z',
  metadata: '{"correlationId": "c-1", "userId": "u-1"}',
};

/** Long after the event, unless it says. */
const readAtMs = BigInt(Date.UTC(2027, 0, 1));

function inserted(fields: Readonly<Record<string, Value>> = {}, op = 'c', tsMs = readAtMs): ConnectRecord {
  const after = struct(row, { ...event, ...fields });
  return change(envelope, {
    ...{ op, key: idKey(1), tsMs },
    after: op === 'd' ? null : after,
    before: op === 'c' || op === 'r' ? null : after,
  });
}
const route = (options: Record<string, string> = {}, log: LogLine[] = []) => transformOf(eventStoreRouter, options, log);

describe('EventStoreRouter', () => {
  test('makes the same record of a row as a store of the worker’s own makes of the event', () => {
    const stored: RecordedEvent = {
      id: 'e-1',
      stream: { type: 'order', id: '4711' },
      type: 'OrderCreated',
      version: 3n,
      position: 77n,
      data: JSON.parse(event.event_data) as JsonValue,
      metadata: { correlationId: 'c-1', userId: 'u-1' },
      schemaVersion: 2,
      timestampMs: Date.UTC(2026, 10, 22, 12),
    };
    const expected = eventRecord(stored, 'domain-events', Number.MAX_SAFE_INTEGER);
    for (const op of ['c', 'r']) {
      const found = route()(inserted({}, op))!;
      for (const part of ['topic', 'timestamp', 'keySchema', 'key', 'valueSchema', 'value', 'headers'] as const)
        assert.deepEqual(found[part], expected[part], part);
    }
    const bare = route()(inserted({ metadata: '{}', event_data: 'null' }))!;
    assert.deepEqual(
      bare.headers.map(({ key }) => key),
      ['id', 'type', 'version'],
    );
    assert.equal((bare.value as ReadonlyMap<Value, Value>).get('data'), null);
  });

  test('dates a record by its event, and one that is dated ahead by when it was read', () => {
    assert.equal(route()(inserted({}, 'c', 5n))!.timestamp, 5);
    assert.equal(route()(inserted({ timestamp: '1970-01-01T00:00:00.001Z' }, 'c', 5n))!.timestamp, 1);
  });

  test('sends each type to a topic of its own where it is told so', () => {
    const byType = route({ 'route.by': 'type', 'type.topic.prefix': 'shop.' });
    assert.equal(byType(inserted())!.topic, 'shop.order-created');
    assert.equal(byType(inserted({ event_type: '$stream-deleted' }))!.topic, 'shop.stream-deleted');
    assert.throws(() => byType(inserted({ event_type: '$$' })), transformError(/nothing that a topic’s name could be made of/));
    assert.equal(route({ topic: 'orders' })(inserted())!.topic, 'orders');
  });

  test('names a type’s topic in kebab case', () => {
    const topics = {
      OrderCreated: 'order-created',
      HTTPRequestSeen: 'http-request-seen',
      order_paid: 'order-paid',
      'Größe geändert': 'gr-e-ge-ndert',
      v2Order: 'v2-order',
      'a.b': 'a.b',
      '--': null,
      [`X${'y'.repeat(300)}`]: `x${'y'.repeat(248)}`,
    };
    for (const [type, topic] of Object.entries(topics)) assert.equal(topicOfType(type), topic, type);
  });

  test('keeps every digit of an integer', () => {
    const data = (text: string) => (route()(inserted({ event_data: text }))!.value as ReadonlyMap<Value, Value>).get('data');
    assert.equal(data('9007199254740993'), 9007199254740993n);
    assert.equal(data('"9007199254740993"'), '9007199254740993');
    assert.deepEqual(data('[12345678901234567890, 0.1234567890123456]'), [12345678901234567890n, 0.1234567890123456]);
  });

  test('drops what is no new event, and passes what is no change', () => {
    const log: LogLine[] = [];
    assert.equal(route()(inserted({}, 'd')), null);
    assert.equal(route()(tombstone(idKey(1))), null);
    assert.equal(route({}, log)(inserted({}, 'u')), null);
    assert.deepEqual(
      log.map(({ level }) => level),
      ['warn'],
    );
    assert.throws(() => route({ 'table.op.invalid.behavior': 'fatal' })(inserted({}, 'u')), transformError(/was updated/));
    const heartbeat = record({ value: 'beat' });
    assert.equal(route()(heartbeat), heartbeat);
  });

  test('refuses rows that are no events, and says which column it is', () => {
    const others = rowSchemaOf(columns.filter(([name]) => name !== 'metadata'));
    const { metadata, ...rest } = event;
    const record = change(others.envelope, { op: 'c', key: idKey(1), tsMs: 1n, before: null, after: struct(others.row, rest) });
    assert.throws(() => route()(record), transformError(/no column 'metadata'/));
    const secret = inserted({ event_data: '{"password": nonsense}' });
    assert.throws(() => route()(secret), transformError(/column 'event_data' cannot be read: it is not JSON$/));
    assert.throws(() => route()(inserted({ timestamp: 'infinity' })), transformError(/column 'timestamp'/));
    assert.ok(secret.value instanceof Struct);
    assert.ok(metadata);
  });

  test('refuses options that cannot be', () => {
    assert.deepEqual(faultsOf(eventStoreRouter, { topic: 'no topic', 'route.by': 'both', 'type.topic.prefix': 'ä' }), [
      'topic',
      'route.by',
      'type.topic.prefix',
    ]);
  });
});
