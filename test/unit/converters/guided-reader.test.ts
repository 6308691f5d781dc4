import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { arraySchema, type Schema, Struct, schemaOf, schemas, structSchema } from '../../../src/contract/index.ts';
import { GuidedReader } from '../../../src/converters/json/guided-reader.ts';
import { parseJson } from '../../../src/converters/json/parse.ts';
import { readValue } from '../../../src/converters/json/reader.ts';
import { json } from './connect-samples.ts';

const inner = structSchema(
  [
    ['id', schemas.int64],
    ['é"\\', schemas.optionalString],
  ],
  { optional: true },
);
const schema = structSchema([
  ['tiny', schemas.int8],
  ['count', schemaOf('int32', { default: 7 })],
  ['big', schemas.int64],
  ['ratio', schemas.float64],
  ['single', schemas.float32],
  ['yes', schemas.boolean],
  ['text', schemas.optionalString],
  ['raw', schemas.bytes],
  ['price', schemaOf('bytes', { name: schemas.connectDecimal, optional: true, parameters: { scale: '2' } })],
  ['list', arraySchema(schemas.int32)],
  ['row', inner],
]);

const values = fc
  .tuple(
    fc.integer({ min: -128, max: 127 }),
    fc.integer(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.double(),
    fc.float(),
    fc.boolean(),
    fc.option(fc.string({ unit: 'binary' })),
    fc.uint8Array({ maxLength: 20 }).map(bytes => Buffer.from(bytes)),
    fc.option(fc.uint8Array({ minLength: 1, maxLength: 9 }).map(bytes => Buffer.from(bytes))),
    fc.array(fc.integer(), { maxLength: 3 }),
    fc.option(fc.tuple(fc.bigInt({ min: 0n, max: 99n }), fc.option(fc.string())).map(fields => new Struct(inner, fields))),
  )
  .map(fields => new Struct(schema, fields));

const payloadOf = (value: Struct) => Buffer.from(json({ schemasEnable: false }).serialize('t', schema, value)!).toString();

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
      const text = payloadOf(value);
      const areNumbers = [value.values[3], value.values[4]].every(Number.isFinite);
      const read = guided.read(schema, text);
      // Those numbers are texts in JSON: read the long way.
      if (!areNumbers) assert.equal(read, undefined);
      else assert.deepEqual(read, value);
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
      const right = payloadOf(value);
      const at = place % (right.length + 1);
      const text = right.slice(0, at) + piece + right.slice(at + removed);
      const read = new GuidedReader(nullsAsDefaults).read(schema, text);
      if (read !== undefined) assert.deepEqual(read, longWay(text, schema, nullsAsDefaults));
    }),
    { numRuns: 3000 },
  );
});
