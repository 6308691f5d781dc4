import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { documentText, documentWriter, Struct, schemaOf, schemas, structSchema, type Value } from '../../../src/contract/index.ts';
import { unscaledBytes } from '../../../src/contract/java-numbers.ts';

function json(
  name: string | null,
  type: 'int32' | 'int64' | 'string' | 'bytes',
  value: Value,
  parameters: Record<string, string> = {},
): string {
  return documentWriter(schemaOf(type, { name, parameters }))(value);
}

test('logical types are written for readers without a schema', () => {
  assert.equal(json('io.debezium.time.Date', 'int32', 19_753), '"2024-01-31"');
  assert.equal(json('io.debezium.time.MicroTime', 'int64', 45_296_000_500n), '"12:34:56.0005"');
  assert.equal(json(schemas.connectTime, 'int32', 86_400_000), '"24:00:00"');
  assert.equal(json('io.debezium.time.Timestamp', 'int64', -1n), '"1969-12-31T23:59:59.999Z"');
  assert.equal(json('io.debezium.time.MicroTimestamp', 'int64', 1_706_704_496_123_456n), '"2024-01-31T12:34:56.123456Z"');
  assert.equal(json('io.debezium.time.NanoTimestamp', 'int64', 1_000_000_001n), '"1970-01-01T00:00:01.000000001Z"');
  assert.equal(json('io.debezium.time.MicroTimestamp', 'int64', 9_223_372_036_825_200_000n), '9223372036825200000', 'infinity');
  assert.equal(json(schemas.connectDecimal, 'bytes', unscaledBytes(-5n), { scale: '3' }), '-0.005');
  assert.equal(json(schemas.connectDecimal, 'bytes', unscaledBytes(12n), { scale: '-2' }), '1200');
  assert.equal(json('io.debezium.data.Json', 'string', '{"a":\n1}'), '{"a": 1}');
  assert.equal(json('io.debezium.data.Json', 'string', '__debezium_unavailable_value'), '"__debezium_unavailable_value"');
  assert.equal(json(null, 'int64', 9_007_199_254_740_993n), '9007199254740993');
  assert.equal(json(null, 'bytes', new Uint8Array([1, 2])), '"AQI="');
});

test('structs, arrays, maps and what has no schema become objects and arrays', () => {
  const inner = structSchema([['x', schemas.float64]]);
  const schema = structSchema([
    ['a"b', schemas.string],
    ['inner', inner],
    ['none', schemas.optionalInt32],
  ]);
  assert.equal(
    documentWriter(schema)(new Struct(schema, ['q"', new Struct(inner, [Number.NaN]), null])),
    '{"a\\"b":"q\\"","inner":{"x":"NaN"},"none":null}',
  );
  const loose = new Map<Value, Value>([
    ['list', [1, true, null]],
    ['map', new Map([['k', 2n]])],
  ]);
  assert.equal(documentWriter(null)(loose), '{"list":[1,true,null],"map":{"k":2}}');
});

test('a decimal keeps every digit', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.integer({ min: 0, max: 20 }), (unscaled, scale) => {
      const text = json(schemas.connectDecimal, 'bytes', unscaledBytes(unscaled), { scale: String(scale) });
      assert.equal(BigInt(text.replace('.', '')), unscaled);
      assert.equal(text.includes('.') ? text.length - text.indexOf('.') - 1 : 0, scale);
      assert.ok(Number.isFinite(JSON.parse(text)));
    }),
  );
});

test('a timestamp of nanoseconds says the same instant', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), nanoseconds => {
      const text = JSON.parse(json('io.debezium.time.NanoTimestamp', 'int64', nanoseconds)) as string;
      const [, whole, fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(text)!;
      assert.equal(BigInt(Date.parse(`${whole}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0')), nanoseconds);
    }),
  );
});

test('text has no quotes', () => {
  assert.equal(documentText(schemas.string, 'a"b'), 'a"b');
  assert.equal(documentText(schemas.int64, 5n), '5');
  assert.equal(documentText(schemaOf('int32', { name: 'io.debezium.time.Date' }), 0), '1970-01-01');
  assert.equal(documentText(null, null), null);
});
