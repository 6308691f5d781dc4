import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { elementText } from '../../../../sinks/sql/composite-text.ts';
import { decimalText } from '../../../../sinks/sql/decimal-text.ts';
import { targetType } from '../../../../sinks/sql/target-type.ts';
import { dateText, timestampText, timestampTextOfNanos, timeText } from '../../../../sinks/sql/temporal-text.ts';
import { columnWriter } from '../../../../sinks/sql/value-text.ts';
import { arraySchema, type Schema, Struct, schemaOf, schemas, structSchema, type Value } from '../../../../src/contract/index.ts';

const named = (type: Parameters<typeof schemaOf>[0], name: string, parameters: Record<string, string> | null = null) =>
  schemaOf(type, { name, parameters });

const written: readonly (readonly [schema: Schema | null, column: string, value: Exclude<Value, null>, wanted: unknown])[] = [
  [schemas.int64, 'bigint', 9_007_199_254_740_993n, 9_007_199_254_740_993n],
  [schemas.boolean, 'boolean', true, true],
  [schemas.boolean, 'integer', true, 1],
  [schemas.bytes, 'bytea', Uint8Array.of(1, 255), Uint8Array.of(1, 255)],
  [named('bytes', schemas.connectDecimal, { scale: '2' }), 'numeric', Uint8Array.of(0xff, 0x85), '-1.23'],
  [named('int32', 'io.debezium.time.Date'), 'date', 20_000, '2024-10-04'],
  [named('int32', 'io.debezium.time.Date'), 'date', -719_529, '0002-12-31 BC'],
  [named('int64', 'io.debezium.time.MicroTime'), 'time', 86_399_000_001n, '23:59:59.000001'],
  [named('int64', 'io.debezium.time.Timestamp'), 'timestamp', -1n, '1969-12-31 23:59:59.999000'],
  [named('int64', 'io.debezium.time.MicroTimestamp'), 'timestamp', 1_700_000_000_000_001n, '2023-11-14 22:13:20.000001'],
  [named('int64', 'io.debezium.time.MicroTimestamp'), 'timestamp', 9_223_372_036_825_200_000n, 'infinity'],
  [named('int64', 'io.debezium.time.NanoTimestamp'), 'timestamp', -1n, '1969-12-31 23:59:59.999999'],
  [named('string', 'io.debezium.time.ZonedTimestamp'), 'timestamptz', '2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z'],
  [named('int64', 'io.debezium.time.MicroDuration'), 'interval', 5_000_000n, '5000000 microseconds'],
  [named('bytes', 'io.debezium.data.Bits', { length: '10' }), 'bit varying(10)', Uint8Array.of(0b101, 0b10), '1000000101'],
  [named('string', 'io.debezium.data.Json'), 'jsonb', '{"a":1}', '{"a":1}'],
  [arraySchema(schemas.optionalString), 'text[]', ['a', null, 'say "hi"\\'], '{"a",NULL,"say \\"hi\\"\\\\"}'],
  [arraySchema(arraySchema(schemas.int32)), 'integer[]', [[1], [2]], '{{1},{2}}'],
  [arraySchema(schemas.int32), 'jsonb', [1, 2], '[1,2]'],
  [structSchema([['x', schemas.int64]]), 'json', new Struct(structSchema([['x', schemas.int64]]), [1n]), '{"x":1}'],
  [null, 'date', 20_000, '2024-10-04'],
  [null, 'boolean', true, true],
  [null, 'jsonb', new Map([['a', [1n, null]]]), '{"a":[1,null]}'],
];

test('values of each logical type as SQL writes them', () => {
  for (const [schema, column, value, wanted] of written)
    assert.deepEqual(columnWriter(schema, targetType(column))(value), wanted, `${schema?.name ?? schema?.type} into ${column}`);
});

test('a number for a time without a schema is refused, since nobody knows its unit', () => {
  assert.throws(() => columnWriter(null, targetType('timestamp'))(1_700_000_000_000), /its unit is not known/);
});

test('decimals: the digits of any number at any scale', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 100n), max: 2n ** 100n }), fc.integer({ min: 0, max: 30 }), (unscaled, scale) => {
      const bytes = Buffer.from(BigInt.asUintN(112, unscaled).toString(16).padStart(28, '0'), 'hex');
      const text = decimalText(bytes, scale);
      assert.equal(BigInt(text.replace('.', '')), unscaled);
      assert.equal(text.split('.')[1]?.length ?? 0, scale);
    }),
  );
});

test('dates and moments: the same as Date has them', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), date => {
      const iso = date.toISOString();
      const millis = date.getTime();
      assert.equal(dateText(Math.floor(millis / 86_400_000)), iso.slice(0, 10));
      assert.equal(
        timestampText(BigInt(millis) * 1000n)
          .padEnd(23, '.000')
          .slice(0, 23),
        iso.replace('T', ' ').slice(0, 23),
      );
      assert.equal(timestampTextOfNanos(BigInt(millis) * 1_000_000n), timestampText(BigInt(millis) * 1000n));
    }),
  );
});

test('times of the day', () => {
  assert.equal(timeText(0), '00:00:00');
  assert.equal(timeText(86_400_000_000), '24:00:00');
});

test('elements of an array literal', () => {
  assert.equal(elementText(null), 'NULL');
  assert.equal(elementText('NULL'), '"NULL"');
  assert.equal(elementText(''), '""');
  assert.equal(elementText(Uint8Array.of(0, 16)), '"\\\\x0010"');
});
