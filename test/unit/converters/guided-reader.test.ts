import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { arraySchema, type Schema, Struct, schemaOf, schemas, structSchema, type Value } from '../../../src/contract/index.ts';
import { GuidedReader } from '../../../src/converters/json/guided-reader.ts';
import { parseJson } from '../../../src/converters/json/parse.ts';
import { readValue } from '../../../src/converters/json/reader.ts';
import { readStructs } from '../../support/read-structs.ts';
import { json } from './connect-samples.ts';

const inner = structSchema(
  [
    ['id', schemas.int64],
    ['é"\\', schemas.optionalString],
  ],
  { optional: true },
);
const columns: [string, Schema][] = [
  ['tiny', schemas.int8],
  ['count', schemaOf('int32', { default: 7 })],
  ['big', schemas.int64],
  ['maybe', schemas.optionalInt64],
  ['ratio', schemas.float64],
  ['single', schemas.float32],
  ['yes', schemas.boolean],
  ['text', schemas.optionalString],
  ['raw', schemas.bytes],
  ['price', schemaOf('bytes', { name: schemas.connectDecimal, optional: true, parameters: { scale: '2' } })],
  ['list', arraySchema(schemas.int32)],
  ['inner', inner],
];
const rowSchema = structSchema(columns, { optional: true });
const schema = structSchema([...columns, ['row', rowSchema]]);

const long = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
  fc.constantFrom(2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n, 10n ** 18n),
);
const fields: fc.Arbitrary<Value[]> = fc.tuple(
  fc.integer({ min: -128, max: 127 }),
  fc.integer(),
  long,
  fc.option(long),
  fc.double(),
  fc.float(),
  fc.boolean(),
  fc.option(fc.string({ unit: 'binary' })),
  fc.uint8Array({ maxLength: 20 }).map(bytes => Buffer.from(bytes)),
  fc.option(fc.uint8Array({ minLength: 1, maxLength: 9 }).map(bytes => Buffer.from(bytes))),
  fc.array(fc.integer(), { maxLength: 3 }),
  fc.option(fc.tuple(fc.bigInt({ min: 0n, max: 99n }), fc.option(fc.string())).map(values => new Struct(inner, values))),
);
const values = fc
  .tuple(fields, fc.option(fields.map(row => new Struct(rowSchema, row))))
  .map(([own, row]) => new Struct(schema, [...own, row]));

const payloadOf = (value: Struct) => Buffer.from(json({ schemasEnable: false }).serialize('t', schema, value)!);
const finite = ({ values: read }: Struct): boolean =>
  read.every(value => (typeof value === 'number' ? Number.isFinite(value) : !(value instanceof Struct) || finite(value)));

/** As it is read without a guide; undefined where it is refused. */
function longWay(text: string, of: Schema, nullsAsDefaults: boolean) {
  try {
    return readValue(of, parseJson(text), nullsAsDefaults);
  } catch {
    return undefined;
  }
}

test('what the writer writes is read by the guide, and is the same', () => {
  const guided = new GuidedReader(true);
  fc.assert(
    fc.property(values, value => {
      const payload = payloadOf(value);
      // As it lies in a log: among other bytes.
      const around = Buffer.concat([Buffer.from('7"'), payload, Buffer.from('}1')]);
      const read = guided.read(schema, around, 2, around.length - 2);
      // Those numbers are texts in JSON: read the long way.
      if (!finite(value)) assert.equal(read, undefined);
      else {
        assert.deepEqual(readStructs(read!), value);
        // What is not read is written as it lies.
        assert.deepEqual(payloadOf(read as Struct), payload);
      }
    }),
  );
});

test('a text with anything else in it is left alone, or read as it is without a guide', () => {
  const pieces = fc.constantFrom(
    '',
    ' ',
    'null',
    '"',
    '\\',
    '0',
    '-',
    '.5',
    'e3',
    ',',
    '{',
    '}',
    '[',
    ']',
    'x',
    '\n',
    '\\u00e9',
    '99999999999',
    'true',
    '=',
  );
  fc.assert(
    fc.property(values, fc.nat(), fc.nat({ max: 4 }), pieces, fc.boolean(), (value, place, removed, piece, nullsAsDefaults) => {
      const right = payloadOf(value).toString();
      const at = place % (right.length + 1);
      const text = right.slice(0, at) + piece + right.slice(at + removed);
      const read = new GuidedReader(nullsAsDefaults).read(schema, Buffer.from(text));
      if (read !== undefined) assert.deepEqual(readStructs(read), longWay(text, schema, nullsAsDefaults));
    }),
    { numRuns: 3000 },
  );
});

test('bytes that are no UTF-8, no base64 and no whole escapes are left alone, in rows that are not read too', () => {
  const guided = new GuidedReader(true);
  const envelope = structSchema([
    [
      'row',
      structSchema([
        ['text', schemas.string],
        ['raw', schemas.bytes],
      ]),
    ],
  ]);
  const read = (text: string, raw: string) =>
    guided.read(envelope, Buffer.concat([Buffer.from('{"row":{"text":"'), Buffer.from(text, 'latin1'), Buffer.from(`","raw":"${raw}"}}`)]));
  assert.notEqual(read('\xc3\xa9', 'AA=='), undefined);
  const refused = [
    ['\xe9', 'AA=='],
    ['\xed\xa0\x80', 'AA=='],
    ['\\u00e', 'AA=='],
    ['\\x', 'AA=='],
    ['\n', 'AA=='],
    ['', 'A==='],
    ['', 'A-A='],
    ['', '\\u0041A=='],
  ] as const;
  for (const [text, raw] of refused) assert.equal(read(text, raw), undefined, `${text} ${raw}`);
});
