import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ColumnModel, jdbcTypes } from '../../../../../connectors/mysql/table-model.ts';
import { createColumnReader } from '../../../../../connectors/mysql/values/column-reader.ts';
import { defaultValueOptions, type ValueOptions } from '../../../../../connectors/mysql/values/value-options.ts';
import type { Value } from '../../../../../src/contract/index.ts';

function columnOf(typeName: string, jdbcType: number, rest: Partial<ColumnModel> = {}): ColumnModel {
  return {
    name: 'c',
    jdbcType,
    nativeType: null,
    typeName,
    typeExpression: typeName,
    charsetName: null,
    length: null,
    scale: null,
    position: 1,
    optional: true,
    autoIncremented: false,
    generated: false,
    comment: null,
    hasDefaultValue: rest.defaultValueExpression !== undefined,
    defaultValueExpression: null,
    enumValues: null,
    ...rest,
  };
}

function readerOf(column: ColumnModel, options: Partial<ValueOptions> = {}) {
  const reader = createColumnReader(column, { ...defaultValueOptions, ...options });
  assert.ok(reader);
  return reader;
}

const plain = (value: Value | undefined) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value);

describe('defaults, as Debezium converts them', () => {
  const cases: readonly (readonly [
    typeName: string,
    jdbcType: number,
    expression: string,
    expected: Value | undefined,
    rest?: Partial<ColumnModel>,
  ])[] = [
    ['INT', jdbcTypes.INTEGER, '42', 42],
    ['INT', jdbcTypes.INTEGER, ' 1.5 ', 2],
    ['INT', jdbcTypes.INTEGER, '-1.5', -1],
    ['TINYINT', jdbcTypes.SMALLINT, 'true', 1],
    ['BIGINT', jdbcTypes.BIGINT, '1e3', 1000n],
    ['BIGINT UNSIGNED', jdbcTypes.BIGINT, '18446744073709551615', 2n ** 63n - 1n],
    ['BOOL', jdbcTypes.BOOLEAN, '0', false],
    ['BOOL', jdbcTypes.BOOLEAN, 'TRUE', true],
    ['DECIMAL', jdbcTypes.DECIMAL, '12.305', '04cf', { length: 6, scale: 2 }],
    ['DECIMAL', jdbcTypes.DECIMAL, '1e2', '2710', { length: 6, scale: 2 }],
    ['DECIMAL', jdbcTypes.DECIMAL, 'false', '00', { length: 6, scale: 2 }],
    ['DOUBLE', jdbcTypes.DOUBLE, '-2.25', -2.25],
    ['FLOAT', jdbcTypes.FLOAT, '0.1', Math.fround(0.1)],
    ['VARCHAR', jdbcTypes.VARCHAR, "_utf8mb4'x'", 'x'],
    ['VARCHAR', jdbcTypes.VARCHAR, ' kept ', ' kept '],
    ['BINARY', jdbcTypes.BINARY, 'abc', '616263', { length: 5 }],
    ['DATE', jdbcTypes.DATE, '2020-02-29', 18_321],
    ['DATE', jdbcTypes.DATE, '0000-00-00', undefined],
    ['DATE', jdbcTypes.DATE, '0000-00-00', 0, { optional: false }],
    ['DATE', jdbcTypes.DATE, 'nonsense', 0, { optional: false }],
    ['DATETIME', jdbcTypes.TIMESTAMP, '2021-03-04 05:06:07', 1_614_834_367_000n],
    ['DATETIME', jdbcTypes.TIMESTAMP, '2021-03-04', 1_614_816_000_000n],
    ['DATETIME', jdbcTypes.TIMESTAMP, '0000-00-00 00:00:00', 0n, { optional: false }],
    ['DATETIME', jdbcTypes.TIMESTAMP, '2021-03-04 05:06:07.5', 1_614_834_367_500_000n, { length: 6 }],
    ['TIMESTAMP', jdbcTypes.TIMESTAMP_WITH_TIMEZONE, '2021-3-4 5:6:7', '2021-03-04T05:06:07Z'],
    ['TIMESTAMP', jdbcTypes.TIMESTAMP_WITH_TIMEZONE, '2021-03-04 05:06:07', '2021-03-04T05:06:07.000Z', { length: 3 }],
    ['TIMESTAMP', jdbcTypes.TIMESTAMP_WITH_TIMEZONE, '1970-01-01 00:00:00', undefined],
    ['TIMESTAMP', jdbcTypes.TIMESTAMP_WITH_TIMEZONE, '1970-01-01 00:00:00', '1970-01-01T00:00:00Z', { optional: false }],
    ['TIME', jdbcTypes.TIME, '-12:34:56', -45_296_000_000n],
    ['TIME', jdbcTypes.TIME, '2020-01-01 01:02:03', 3_723_000_000n],
    ['YEAR', jdbcTypes.INTEGER, '2021', 2021],
    ['BIT', jdbcTypes.BIT, '1', true, { length: 1 }],
    ['BIT', jdbcTypes.BIT, '1000000001', '0102', { length: 10 }],
    ['ENUM', jdbcTypes.CHAR, 'a', 'a', { enumValues: ["'a'"] }],
    ['INT', jdbcTypes.INTEGER, 'uuid()', undefined],
  ];
  for (const [typeName, jdbcType, expression, expected, rest = {}] of cases) {
    test(`${typeName} default ${expression}${rest.optional === false ? ' not null' : ''}`, () => {
      const reader = readerOf(columnOf(typeName, jdbcType, { ...rest, defaultValueExpression: expression }));
      assert.deepEqual(plain(reader.schema.default), expected);
    });
  }
});

describe('modes of values', () => {
  const shown = (column: ColumnModel, options: Partial<ValueOptions>, text: string) => {
    const reader = readerOf(column, options);
    const bytes = Buffer.from(text);
    return [reader.schema.name ?? reader.schema.type, plain(reader.text(bytes, 0, bytes.length))];
  };
  const time = columnOf('TIME', jdbcTypes.TIME);
  const datetime = columnOf('DATETIME', jdbcTypes.TIMESTAMP, { length: 6 });
  const date = columnOf('DATE', jdbcTypes.DATE);
  const moment = '2024-02-29 13:14:15.678901';

  test('time.precision.mode', () => {
    assert.deepEqual(shown(time, { timePrecisionMode: 'connect' }, '13:14:15'), ['org.apache.kafka.connect.data.Time', 47_655_000]);
    assert.deepEqual(shown(time, { timePrecisionMode: 'isostring' }, '13:14:15.5'), ['io.debezium.time.IsoTime', '13:14:15.5Z']);
    assert.deepEqual(shown(time, { timePrecisionMode: 'nanoseconds' }, '-00:00:01'), ['io.debezium.time.NanoTime', -1_000_000_000n]);
    assert.deepEqual(shown(datetime, { timePrecisionMode: 'connect' }, moment), [
      'org.apache.kafka.connect.data.Timestamp',
      1_709_212_455_678n,
    ]);
    assert.deepEqual(shown(datetime, { timePrecisionMode: 'isostring' }, moment), [
      'io.debezium.time.IsoTimestamp',
      '2024-02-29T13:14:15.678901Z',
    ]);
    assert.deepEqual(shown(datetime, { timePrecisionMode: 'nanoseconds' }, moment), [
      'io.debezium.time.NanoTimestamp',
      1_709_212_455_678_901_000n,
    ]);
    assert.deepEqual(shown(date, { timePrecisionMode: 'isostring' }, '2024-02-29'), ['io.debezium.time.IsoDate', '2024-02-29Z']);
  });

  test('a TIME beyond the day is refused where the mode counts from midnight', () => {
    for (const timePrecisionMode of ['connect', 'isostring'] as const)
      for (const text of ['-00:00:01', '24:00:01', '838:59:59'])
        assert.throws(() => shown(time, { timePrecisionMode }, text), { code: 'CONVERSION_FAILED' });
  });

  test('enable.time.adjuster', () => {
    assert.deepEqual(shown(date, {}, '0069-01-01')[1], 36_160);
    assert.deepEqual(shown(date, {}, '0070-01-01')[1], 0);
    assert.notEqual(shown(date, { enableTimeAdjuster: false }, '0069-01-01')[1], 36_160);
  });

  test('bigint.unsigned.handling.mode', () => {
    const column = columnOf('BIGINT UNSIGNED', jdbcTypes.BIGINT);
    assert.deepEqual(shown(column, {}, '18446744073709551615'), ['int64', -1n]);
    assert.deepEqual(shown(column, { bigintUnsignedHandlingMode: 'precise' }, '18446744073709551615'), [
      'org.apache.kafka.connect.data.Decimal',
      '00ffffffffffffffff',
    ]);
  });

  test('text that the server cannot have written is malformed', () => {
    for (const [column, text] of [
      [date, '2024-2-9'],
      [datetime, '2024-02-29'],
      [datetime, '2024-02-29 25:00:00'],
      [time, '13:14'],
      [columnOf('INT', jdbcTypes.INTEGER), '1x'],
      [columnOf('DOUBLE', jdbcTypes.DOUBLE), 'x'],
      [columnOf('DECIMAL', jdbcTypes.DECIMAL, { scale: 2 }), '1.234'],
    ] as const)
      assert.throws(() => shown(column, {}, text), { code: 'MALFORMED_MESSAGE' });
  });
});
