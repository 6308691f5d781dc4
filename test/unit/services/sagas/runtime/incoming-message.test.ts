import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LogRecord, SerializedHeader } from '../../../../../src/contract/index.ts';
import { correlationOf, readMessage } from '../../../../../src/services/sagas/runtime/incoming-message.ts';

function aRecord(value: unknown, headers: Readonly<Record<string, string>> = {}): LogRecord {
  const bytes = typeof value === 'string' ? value : JSON.stringify(value);
  return {
    topic: 'payment-failed',
    partition: 2,
    offset: 7n,
    timestampMs: 0,
    key: null,
    value: Buffer.from(bytes),
    headers: Object.entries(headers).map(([key, text]): SerializedHeader => ({ key, value: Buffer.from(text) })),
  };
}

describe('a message', () => {
  test('is its value, with type and idempotency key as fields', () => {
    const value = { type: 'PaymentFailed', idempotencyKey: 's:o:A:1', orderId: 'o' };
    assert.deepEqual(readMessage(aRecord(value)), {
      topic: 'payment-failed',
      type: 'PaymentFailed',
      idempotencyKey: 's:o:A:1',
      data: value,
    });
  });

  test('has type and idempotency key as headers first, also as Connect’s converters write them', () => {
    const read = readMessage(aRecord({ type: 'Other', orderId: 'o' }, { type: '"PaymentFailed"', idempotencyKey: 's:o:A:1' }));
    assert.deepEqual([read?.type, read?.idempotencyKey], ['PaymentFailed', 's:o:A:1']);
  });

  test('that the event store published has its data in `data`', () => {
    assert.deepEqual(readMessage(aRecord({ id: 'e', type: 'OrderCreated', data: { orderId: 'o' }, version: 1 }))?.data, { orderId: 'o' });
  });

  test('in Connect’s JSON with a schema is the payload', () => {
    assert.deepEqual(readMessage(aRecord({ schema: {}, payload: { orderId: 'o' } }))?.data, { orderId: 'o' });
  });

  test('that is a tombstone says nothing', () => {
    assert.equal(readMessage({ ...aRecord({}), value: null }), null);
  });

  test('that cannot be read is refused with its place, and without what it holds', () => {
    const place = /^The message at offset 7 of partition 2 of topic 'payment-failed' /;
    for (const value of ['{"secret":', '[1]', '"secret"', 'null'])
      assert.throws(
        () => readMessage(aRecord(value)),
        (error: Error) => place.test(error.message) && !error.message.includes('secret'),
      );
  });

  test('that is larger than an instance may hold is refused', () => {
    assert.throws(() => readMessage(aRecord({ orderId: 'o', note: 'x'.repeat(300_000) })), /has 300\d{3} bytes; a saga takes 262144/);
  });

  test('is of the affair that a path leads to', () => {
    const record = aRecord({});
    assert.equal(correlationOf({ orderId: 'o-1' }, 'orderId', record), 'o-1');
    assert.equal(correlationOf({ order: { id: 4711 } }, 'order.id', record), '4711');
    for (const data of [{}, { orderId: '' }, { orderId: null }, { orderId: { id: 1 } }])
      assert.throws(() => correlationOf(data, 'orderId', record), /no correlation id: 'orderId'/);
    assert.throws(() => correlationOf({}, 'constructor.name', record), /no correlation id/);
    assert.equal(correlationOf({ orderId: 'é'.repeat(1_000) }, 'orderId', record), 'é'.repeat(1_000));
    for (const orderId of ['é'.repeat(1_001), 'a\0', 'a\ud800'])
      assert.throws(() => correlationOf({ orderId }, 'orderId', record), /no correlation id that can be one: 'orderId' has more than 2000/);
  });
});
