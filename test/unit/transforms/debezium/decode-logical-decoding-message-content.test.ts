import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ConnectRecord, Struct, schemas, structSchema } from '../../../../src/contract/index.ts';
import { decodeLogicalDecodingMessageContent } from '../../../../transforms/debezium/decode-logical-decoding-message-content.ts';
import { eventRouter } from '../../../../transforms/debezium/event-router.ts';
import { tombstone, writeValue } from './golden.ts';
import { transformOf } from './transform-under-test.ts';

const messageSchema = structSchema([
  ['prefix', schemas.optionalString],
  ['content', schemas.optionalBytes],
]);
const valueSchema = structSchema(
  [
    ['op', schemas.string],
    ['ts_ms', schemas.optionalInt64],
    ['message', messageSchema],
  ],
  { name: 'io.debezium.connector.postgresql.MessageValue' },
);

function message(content: string): ConnectRecord {
  const value = new Struct(valueSchema, ['m', 5n, new Struct(messageSchema, ['p', Buffer.from(content)])]);
  return { ...tombstone(null), keySchema: schemas.string, key: 'p', valueSchema, value };
}
const decode = (options: Record<string, string> = {}) => transformOf(decodeLogicalDecodingMessageContent, options);

describe('DecodeLogicalDecodingMessageContent', () => {
  test('makes an insert event of the message', () => {
    const result = decode()(message('{"id": 1, "none": null, "in": {"a": true}}'));
    assert.equal(result?.key, null);
    assert.equal(result?.keySchema, null);
    assert.equal(result?.valueSchema?.name, 'io.debezium.connector.postgresql.MessageValue.Envelope');
    assert.deepEqual(writeValue(result?.value ?? null), { op: 'c', ts_ms: 5, after: { id: 1, in: { a: true } } });
  });

  test('keeps nulls if told so, and one schema for messages of one shape', () => {
    const transform = decode({ 'fields.null.include': 'true' });
    const result = transform(message('{"a": null}'));
    assert.deepEqual(result?.valueSchema?.field('after')?.schema.field('a')?.schema.type, 'bytes');
    assert.equal(transform(message('{"a": null}'))?.valueSchema, result?.valueSchema);
  });

  test('feeds the outbox router', () => {
    const content = '{"id": "e", "aggregateid": "o-1", "aggregatetype": "order", "payload": "x"}';
    const decoded = decode()(message(content));
    assert.ok(decoded);
    const event = transformOf(eventRouter, {})(decoded);
    assert.deepEqual([event?.topic, event?.key, event?.value, event?.timestamp], ['outbox.event.order', 'o-1', 'x', 5]);
  });

  test('passes other records and fails on other content, without showing it', () => {
    const gone = tombstone(null);
    assert.equal(decode()(gone), gone);
    for (const content of ['secret', '[1]', '"secret"'])
      assert.throws(
        () => decode()(message(content)),
        (error: Error & { code?: string }) => error.code === 'TRANSFORM_FAILED' && !error.message.includes('secret'),
      );
  });
});
