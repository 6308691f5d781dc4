import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConnectText, type Value } from '../../../src/contract/index.ts';

const typeOf = (text: string): [string | null, Value] => {
  const { schema, value } = parseConnectText(text);
  return [schema && (schema.name ?? schema.type), value];
};

test('texts are what they look like', () => {
  assert.deepEqual(typeOf('true'), ['boolean', true]);
  assert.deepEqual(typeOf(' false '), ['boolean', false]);
  assert.deepEqual(typeOf('null'), [null, null]);
  assert.deepEqual(typeOf('12'), ['int8', 12]);
  assert.deepEqual(typeOf('-129'), ['int16', -129]);
  assert.deepEqual(typeOf('70000'), ['int32', 70000]);
  assert.deepEqual(typeOf('9223372036854775807'), ['int64', 9223372036854775807n]);
  assert.deepEqual(typeOf('9223372036854775808')[0], 'org.apache.kafka.connect.data.Decimal');
  assert.deepEqual(typeOf('2.0'), ['int8', 2]);
  assert.deepEqual(typeOf('12.5'), ['float32', 12.5]);
  assert.deepEqual(typeOf('1.23456789012345'), ['float32', Math.fround(1.23456789012345)]);
  assert.deepEqual(typeOf('-.5'), ['float32', -0.5]);
  assert.deepEqual(typeOf('2.5e40'), ['float64', 2.5e40]);
  assert.deepEqual(typeOf('1e400')[0], 'org.apache.kafka.connect.data.Decimal');
  assert.deepEqual(typeOf('2024-10-04'), ['org.apache.kafka.connect.data.Date', 20000]);
  assert.deepEqual(typeOf('01:01:01.001Z'), ['org.apache.kafka.connect.data.Time', 3661001]);
  assert.deepEqual(typeOf('2023-11-14T22:13:20.123Z'), ['org.apache.kafka.connect.data.Timestamp', 1700000000123n]);
});

test('any other text is a string, untouched', () => {
  for (const text of [
    '',
    '  ',
    'plain',
    ' spaced ',
    'true}',
    'null=',
    'true,false',
    '[1 2]',
    '[1, null]',
    '{"a":1,"b":null}',
    '2024-01-02x',
    '[foo]',
    '{foo: 3}',
    '{3: foo}',
    '{null: 3}',
    '["a"',
    '0x10',
  ])
    assert.deepEqual(typeOf(text), ['string', text]);
});

test('arrays and maps take the type that holds all their parts', () => {
  assert.deepEqual(typeOf('[1, 300, 70000]'), ['array', [1, 300, 70000]]);
  assert.equal(parseConnectText('[1, 300, 70000]').schema!.valueSchema!.type, 'int32');
  assert.deepEqual(typeOf('[1, 9223372036854775807]'), ['array', [1n, 9223372036854775807n]]);
  assert.deepEqual(typeOf('["a\\"b"]'), ['array', ['a\\"b']]);
  assert.deepEqual(typeOf('[null, null]'), ['array', [null, null]]);
  assert.deepEqual(typeOf('[1, 2,]'), ['array', [1, 2]]);
  assert.deepEqual(typeOf('{"a":1 "b":2,}'), [
    'map',
    new Map([
      ['a', 1],
      ['b', 2],
    ]),
  ]);
  assert.deepEqual(typeOf('{"a":1,"b":[2]}')[0], 'map');
  assert.deepEqual(typeOf('{ "a" : "x" }'), ['map', new Map([['a', 'x']])]);
  assert.equal(parseConnectText('[1, "a"]').schema!.valueSchema, null);
  assert.deepEqual(typeOf('[]'), ['array', []]);
  assert.deepEqual(typeOf('{}'), ['map', new Map()]);
});

test('what follows a value behind a delimiter is forgotten', () => {
  assert.deepEqual(typeOf('1,2'), ['int8', 1]);
  assert.deepEqual(typeOf('12:34'), ['int8', 12]);
  assert.deepEqual(typeOf('[1,2]x'), ['array', [1, 2]]);
  assert.deepEqual(typeOf('01:01:01.001Z,x'), ['org.apache.kafka.connect.data.Time', 3661001]);
});

test('nesting without end is a string, not a crash', () => {
  const deep = '['.repeat(100_000);
  assert.deepEqual(typeOf(deep), ['string', deep]);
});
