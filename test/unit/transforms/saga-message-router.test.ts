import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ConnectRecord, schemas, structSchema, type Value } from '../../../src/contract/index.ts';
import { sagaMessageRouter } from '../../../transforms/saga-message-router.ts';
import { change, envelopeSchema, idKey, struct, tombstone } from './debezium/golden.ts';
import { transformOf } from './debezium/transform-under-test.ts';
import { record, transformError } from './records.ts';

const columns = [
  ['position', schemas.int64],
  ['saga', schemas.string],
  ['topic', schemas.string],
  ['message_key', schemas.optionalBytes],
  ['message_value', schemas.optionalBytes],
  ['headers', schemas.string],
  ['timestamp_ms', schemas.optionalInt64],
] as const;
const schemaOf = (names: readonly (typeof columns)[number][]) => {
  const envelope = envelopeSchema(structSchema(names, { name: 'srv.sluice_sagas.messages.Value' }), 'srv.sluice_sagas.messages');
  return { envelope, row: envelope.field('after')!.schema };
};
const { envelope, row } = schemaOf(columns);
const bytes = Uint8Array.of(0, 255);
const message = {
  ...{ position: 1n, saga: 's', topic: 'inventory-commands', message_key: bytes, message_value: bytes },
  headers: '[["type","QQ=="],["none",null]]',
  timestamp_ms: null,
};

function inserted(fields: Readonly<Record<string, Value>> = {}, op = 'c'): ConnectRecord {
  const after = struct(row, { ...message, ...fields });
  return change(envelope, {
    ...{ op, key: idKey(1), tsMs: 1n },
    after: op === 'd' ? null : after,
    before: op === 'c' || op === 'r' ? null : after,
  });
}
const route = transformOf(sagaMessageRouter, {});

describe('SagaMessageRouter', () => {
  test('makes the message of an inserted row, and of one that was there', () => {
    for (const op of ['c', 'r']) {
      const found = route(inserted({}, op))!;
      assert.deepEqual([found.topic, found.timestamp], ['inventory-commands', null]);
      assert.deepEqual(
        [found.key, found.keySchema, found.value, found.valueSchema],
        [bytes, schemas.optionalBytes, bytes, schemas.optionalBytes],
      );
      assert.deepEqual(
        found.headers.map(({ key, schema, value }) => [key, schema, value === null ? null : [...(value as Uint8Array)]]),
        [
          ['type', schemas.optionalBytes, [65]],
          ['none', schemas.optionalBytes, null],
        ],
      );
    }
    const empty = route(inserted({ message_key: null, message_value: null, headers: '[]', timestamp_ms: 1_700_000_000_123n }))!;
    assert.deepEqual([empty.key, empty.value, empty.headers, empty.timestamp], [null, null, [], 1_700_000_000_123]);
  });

  test('drops what is deleted or changed, and lets pass what is no change', () => {
    for (const op of ['d', 'u', 't']) assert.equal(route(inserted({}, op)), null);
    assert.equal(route(tombstone(idKey(1))), null);
    const heartbeat = record({ value: 'beat', valueSchema: schemas.string });
    assert.equal(route(heartbeat), heartbeat);
  });

  test('refuses what is no message, and tells the column without its value', () => {
    const secret = 'c2VjcmV0';
    for (const headers of [secret, `{"a":"${secret}"}`, `["${secret}"]`, `[["a"]]`, `[["a",1]]`, `[[1,"${secret}"]]`])
      assert.throws(
        () => route(inserted({ headers })),
        (error: Error) => transformError(/SagaMessageRouter.*column 'headers' is no list/)(error) && !error.message.includes(secret),
      );
    const other = schemaOf(columns.filter(([name]) => name !== 'timestamp_ms'));
    const { timestamp_ms: _gone, ...rest } = message;
    const strange = change(other.envelope, { op: 'c', key: idKey(1), tsMs: 1n, after: struct(other.row, rest), before: null });
    assert.throws(() => route(strange), transformError(/the table has no column 'timestamp_ms', so it holds no messages of sagas/));
  });
});
