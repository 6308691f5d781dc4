import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventCursor } from '../../../../connectors/mysql/binlog/cursor.ts';
import type { ColumnReader } from '../../../../connectors/mysql/column.ts';
import { type ColumnModel, jdbcTypes } from '../../../../connectors/mysql/table-model.ts';
import { readTextRow } from '../../../../connectors/mysql/text-values.ts';
import { UnreadRowReader } from '../../../../connectors/mysql/unread-reader.ts';
import { createColumnReader } from '../../../../connectors/mysql/values/column-reader.ts';
import { defaultValueOptions, type ValueOptions } from '../../../../connectors/mysql/values/value-options.ts';
import { schemas, structSchema, UnreadStruct, type Value } from '../../../../src/contract/index.ts';

const digits = (size: number) => fc.stringMatching(new RegExp(`^[0-9]{${size}}$`));
const twoDigits = fc.oneof(fc.integer({ min: 0, max: 33 }), fc.integer({ min: 0, max: 99 })).map(value => String(value).padStart(2, '0'));
const date = fc
  .tuple(fc.oneof(digits(4), fc.constantFrom('2024', '2023', '0000', '0069', '1970')), twoDigits, twoDigits)
  .map(parts => parts.join('-'));
const fraction = fc
  .oneof(fc.constant(''), fc.stringMatching(/^[0-9]{1,6}$/), fc.constantFrom('000000', '120000', '000001'))
  .map(text => (text === '' ? '' : `.${text}`));
const time = fc.tuple(twoDigits, twoDigits, twoDigits).map(parts => parts.join(':'));
const moment = fc.tuple(date, time, fraction).map(([day, clock, rest]) => `${day} ${clock}${rest}`);
const integer = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), fc.bigInt({ min: -40_000n, max: 40_000n })).map(String);
const filled = fc.tuple(fc.constantFrom('', '000', '-'), fc.nat(2 ** 31 - 1)).map(([front, value]) => `${front}${value}`);
const decimal = fc
  .tuple(fc.constantFrom('', '-'), fc.nat().map(String), fc.constantFrom(0, 2, 20), digits(2))
  .map(([sign, whole, more, rest]) => `${sign}${whole}${'7'.repeat(more)}.${rest}`);

type Column = readonly [typeName: string, jdbcType: number, text: fc.Arbitrary<string>, rest?: Partial<ColumnModel>];
const columns: readonly Column[] = [
  ['VARCHAR', jdbcTypes.VARCHAR, fc.string({ unit: 'binary' }), { charsetName: 'latin1' }],
  ['JSON', jdbcTypes.VARCHAR, fc.json()],
  ['SMALLINT', jdbcTypes.SMALLINT, filled],
  ['INT', jdbcTypes.INTEGER, filled],
  ['BIGINT', jdbcTypes.BIGINT, integer],
  ['BIGINT UNSIGNED', jdbcTypes.BIGINT, integer],
  ['DECIMAL', jdbcTypes.DECIMAL, decimal, { length: 40, scale: 2 }],
  ['DECIMAL', jdbcTypes.DECIMAL, integer, { length: 40, scale: 0 }],
  ['DATE', jdbcTypes.DATE, date],
  ['TIME', jdbcTypes.TIME, fc.tuple(fc.constantFrom('', '-', '8'), time, fraction).map(parts => parts.join(''))],
  ['DATETIME', jdbcTypes.TIMESTAMP, moment],
  ['DATETIME', jdbcTypes.TIMESTAMP, moment, { length: 6 }],
  ['TIMESTAMP', jdbcTypes.TIMESTAMP_WITH_TIMEZONE, moment, { length: 6 }],
  ['DOUBLE', jdbcTypes.DOUBLE, fc.double({ noNaN: true, noDefaultInfinity: true }).map(String)],
  ['YEAR', jdbcTypes.INTEGER, fc.integer({ min: 1901, max: 2155 }).map(String)],
];

/** A value that no schema holds becomes this text in both ways. */
const instead = (): Value => null;

function readers(options: ValueOptions, optional: boolean): ColumnReader[] {
  return columns.map(([typeName, jdbcType, , rest], index) => {
    const model = {
      name: `c${index}`,
      jdbcType,
      nativeType: null,
      typeName,
      typeExpression: typeName,
      charsetName: null,
      length: null,
      scale: null,
    };
    const about = { position: index + 1, optional, autoIncremented: false, generated: false, comment: null, hasDefaultValue: false };
    const reader = createColumnReader({ ...model, ...about, defaultValueExpression: null, enumValues: null, ...rest }, options);
    assert.ok(reader);
    return { ...reader, instead };
  });
}

function packed(texts: readonly (string | null)[]): Buffer {
  return Buffer.concat(
    texts.map(text => {
      if (text === null) return Buffer.of(0xfb);
      const bytes = Buffer.from(text);
      return bytes.length < 0xfb
        ? Buffer.concat([Buffer.of(bytes.length), bytes])
        : Buffer.concat([Buffer.of(0xfc, bytes.length & 0xff, bytes.length >> 8), bytes]);
    }),
  );
}

const plain = (value: Value): unknown => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value);
const outcome = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return (error as Error).message;
  }
};

const options = fc.record({
  decimalHandlingMode: fc.constantFrom<ValueOptions['decimalHandlingMode']>('precise', 'string', 'double'),
  timePrecisionMode: fc.constantFrom<ValueOptions['timePrecisionMode']>(
    'adaptive_time_microseconds',
    'connect',
    'isostring',
    'microseconds',
    'nanoseconds',
  ),
  bigintUnsignedHandlingMode: fc.constantFrom<ValueOptions['bigintUnsignedHandlingMode']>('long', 'precise'),
  enableTimeAdjuster: fc.boolean(),
  optional: fc.boolean(),
});

test('a row that is not read has the values of one that is, and fails as that does', () => {
  const row = fc.tuple(...columns.map(([, , text]) => fc.option(text)));
  // One column a row may be anything: it fails by itself.
  const spoilt = fc.option(fc.tuple(fc.nat(columns.length - 1), fc.string({ maxLength: 12 })), { freq: 5 });
  fc.assert(
    fc.property(fc.array(fc.tuple(row, spoilt), { minLength: 1, maxLength: 30 }), options, (rows, { optional, ...modes }) => {
      const made = readers({ ...defaultValueOptions, ...modes }, optional);
      const reader = new UnreadRowReader(made);
      const schema = structSchema(made.map(({ name }) => [name, schemas.optionalString] as const));
      const fields = { columns: made.map((_, index) => index), maps: null };
      const found = rows.map(([given, spoiling]) => {
        const texts = given.map((text, index) => (spoiling?.[0] === index ? spoiling[1] : text));
        const bytes = packed(texts);
        const expected = outcome(() => readTextRow(new EventCursor().start(Buffer.from(bytes), 0, bytes.length), made).map(plain));
        const cursor = new EventCursor().start(bytes, 0, bytes.length);
        const unread = outcome(() => reader.read(cursor));
        return { expected, unread };
      });
      // Looked at when all are there: no row may lie where another does.
      for (const { expected, unread } of found) {
        if (typeof unread === 'string') assert.equal(unread, expected);
        else assert.deepEqual(new UnreadStruct(schema, unread as UnreadStruct['row'], fields).values.map(plain), expected);
      }
    }),
    { numRuns: 400 },
  );
});
