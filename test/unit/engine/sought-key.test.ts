import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type SchemaAndValue, SluiceError, Struct, schemas, structSchema } from '../../../src/contract/index.ts';
import { soughtKey } from '../../../src/engine/sink/sought-key.ts';

const { int32, int64, string, bytes } = schemas;
const two = structSchema([
  ['region', string],
  ['id', int64],
]);
const one = structSchema([['id', int64]]);

/** Whether a text names a key. */
function names(text: string, key: SchemaAndValue['value']): boolean {
  return soughtKey(text, { deserialize: () => ({ schema: null, value: key }) })({ topic: 't', key: Buffer.from('k') });
}

describe('the key that a request names', () => {
  test('by the value of its one column', () => {
    assert.ok(names('7', new Struct(one, [7n])));
    assert.ok(names('9007199254740993', new Struct(one, [9_007_199_254_740_993n])));
    assert.ok(!names('9007199254740992', new Struct(one, [9_007_199_254_740_993n])));
    assert.ok(names('7', new Map([['id', 7]])));
    assert.ok(names('7', 7));
    assert.ok(names('seven', 'seven'));
    assert.ok(names('"seven"', new Map([['name', 'seven']])));
    assert.ok(names('7', '7'));
    assert.ok(names('{"$oid": "65f1"}', new Map([['id', '{"$oid": "65f1"}']])));
    assert.ok(names('AQI=', new Struct(structSchema([['id', bytes]]), [new Uint8Array([1, 2])])));
    assert.ok(!names('"7"', new Struct(structSchema([['id', int32]]), [7])));
    assert.ok(!names('8', new Struct(one, [7n])));
    assert.ok(!names('7', new Struct(two, ['7', 7n])));
  });

  test('by its JSON, whatever the order of its fields', () => {
    const key = new Struct(two, ['eu', 9_007_199_254_740_993n]);
    assert.ok(names('{"id": 9007199254740993, "region": "eu"}', key));
    assert.ok(!names('{"id": 9007199254740992, "region": "eu"}', key));
    assert.ok(!names('{"id": 9007199254740993}', key));
    assert.ok(!names('{"region": "eu", "id": "9007199254740993"}', key));
    assert.ok(names('{"a": [1, {"b": null}]}', new Map([['a', [1, new Map([['b', null]])]]])));
  });

  test('a record without a key, and one whose key cannot be read, is another', () => {
    const unreadable = soughtKey('7', {
      deserialize() {
        throw new SluiceError('CONVERSION_FAILED', 'It is no JSON.');
      },
    });
    assert.ok(!unreadable({ topic: 't', key: Buffer.from('7') }));
    assert.ok(!soughtKey('null', { deserialize: () => ({ schema: null, value: null }) })({ topic: 't', key: null }));
    assert.ok(!names('null', null));
  });
});
