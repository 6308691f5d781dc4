import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  arraySchema,
  mapSchema,
  type Schema,
  SlabWriter,
  Struct,
  schemaOf,
  schemas,
  structSchema,
  type Value,
} from '../../../src/contract/index.ts';
import { readStructs } from '../../support/read-structs.ts';
import { everything, json, outer } from './connect-samples.ts';

/** A schema with a value that fits it. */
type Typed = { readonly schema: Schema; readonly value: Value };

const leafOf = (floats: fc.Arbitrary<number>): fc.Arbitrary<Typed> =>
  fc.oneof(
    fc.integer({ min: -128, max: 127 }).map(value => ({ schema: schemas.int8, value })),
    fc.integer().map(value => ({ schema: schemas.int32, value })),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(value => ({ schema: schemas.int64, value })),
    floats.map(value => ({ schema: schemas.float32, value })),
    fc.double().map(value => ({ schema: schemas.float64, value })),
    fc.boolean().map(value => ({ schema: schemas.boolean, value })),
    fc.string({ unit: 'binary' }).map(value => ({ schema: schemas.string, value })),
    fc.uint8Array({ maxLength: 40 }).map(value => ({ schema: schemas.bytes, value: Buffer.from(value) })),
    fc.constant<Typed>({ schema: schemas.optionalString, value: null }),
    fc
      .option(fc.integer(), { nil: null })
      .map(value => ({ schema: schemaOf('int32', { optional: true, doc: 'd', parameters: { a: '1' } }), value })),
  );

const typedWith = (floats: fc.Arbitrary<number>): fc.Arbitrary<Typed> =>
  fc.letrec<{ any: Typed }>(tie => ({
    any: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leafOf(floats),
      tie('any').map(({ schema, value }) => ({ schema: arraySchema(schema), value: [value, value] })),
      fc
        .tuple(fc.uniqueArray(fc.string(), { maxLength: 3 }), tie('any'))
        .map(([keys, { schema, value }]) => ({ schema: mapSchema(schemas.string, schema), value: new Map(keys.map(key => [key, value])) })),
      tie('any').map(({ schema, value }) => ({ schema: mapSchema(schemas.int32, schema), value: new Map([[7, value]]) })),
      fc.uniqueArray(fc.tuple(fc.string(), tie('any')), { maxLength: 5, selector: ([name]) => name }).map(fields => {
        const schema = structSchema(
          fields.map(([name, field]) => [name, field.schema]),
          { name: 'S', version: 3 },
        );
        return {
          schema,
          value: new Struct(
            schema,
            fields.map(([, field]) => field.value),
          ),
        };
      }),
    ),
  })).any;

test('what was serialized with its schema reads back the same, schema and all', () => {
  const converter = json();
  fc.assert(
    fc.property(typedWith(fc.float()), ({ schema, value }) => {
      const bytes = converter.serialize('t', schema, value);
      const back = converter.deserialize('t', bytes);
      assert.deepEqual(back.schema, schema);
      assert.deepEqual(readStructs(back.value), value);
      assert.deepEqual(converter.serialize('t', back.schema, back.value), bytes);
    }),
    { numRuns: 2000 },
  );
});

/** The value as JSON.parse gives it from a correct text. */
function asJson(value: Value): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(asJson);
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => [key, asJson(item)] as const);
    return entries.some(([key]) => typeof key !== 'string')
      ? entries.map(([key, item]) => [asJson(key), item])
      : Object.fromEntries(entries);
  }
  if (value instanceof Struct)
    return Object.fromEntries(value.schema.fields.map(({ name }, index) => [name, asJson(value.values[index]!)]));
  return value;
}

test('any other JSON reader understands the text', () => {
  const converter = json({ schemasEnable: false });
  fc.assert(
    fc.property(typedWith(fc.integer({ min: -8000, max: 8000 }).map(eighths => eighths / 8)), ({ schema, value }) => {
      const text = Buffer.from(converter.serialize('t', schema, value)!).toString();
      assert.deepEqual(JSON.parse(text), asJson(value));
    }),
    { numRuns: 2000 },
  );
});

test('schemaless JSON reads as maps, arrays and exact integers', () => {
  const { schema, value } = json({ schemasEnable: false }).deserialize(
    't',
    Buffer.from(' {"a": [1, 9007199254740993, -1.5e3, true, null, "\\u00e9\\n"], "b": {}} '),
  );
  assert.equal(schema, null);
  assert.deepEqual(
    value,
    new Map<Value, Value>([
      ['a', [1, 9007199254740993n, -1500, true, null, 'é\n']],
      ['b', new Map()],
    ]),
  );
});

test('equal schema texts give one schema object, so that consumers compile once', () => {
  const [writer, reader] = [json(), json()];
  const one = reader.deserialize('t', writer.serialize('t', outer, everything));
  reader.deserialize('t', writer.serialize('t', schemas.string, 'between'));
  const two = reader.deserialize('t', writer.serialize('t', outer, everything));
  assert.equal(one.schema, two.schema);
});

test('an envelope laid out in another way is read too', () => {
  const { value } = json().deserialize('t', Buffer.from('{ "payload": 5, "schema": {"optional": false, "type": "int64"} }'));
  assert.equal(value, 5n);
});

test('an equal schema that is another object is written, a different one is not', () => {
  const again = (name: string) => structSchema([['x', schemas.int32]], { name });
  const parent = structSchema([['in', again('A')]]);
  const converter = json({ schemasEnable: false });
  assert.equal(
    Buffer.from(converter.serialize('t', parent, new Struct(parent, [new Struct(again('A'), [1])]))!).toString(),
    '{"in":{"x":1}}',
  );
  assert.throws(
    () => converter.serialize('t', parent, new Struct(parent, [new Struct(again('B'), [1])])),
    /field 'in'.*mismatching schema/,
  );
});

test('refusals name the field and never show the value', () => {
  const converter = json();
  const row = structSchema([['row', structSchema([['amount', schemas.int32]])]]);
  const value = new Struct(row, [new Struct(row.fields[0]!.schema, ['a secret'])]);
  assert.throws(
    () => converter.serialize('orders', row, value),
    (error: Error) => /topic 'orders'.*'row\.amount'.*int32.*string/.test(error.message) && !error.message.includes('secret'),
  );
});

test('what is no JSON, or not of its schema, is refused', () => {
  for (const text of [
    '',
    '{',
    '{"schema":null}',
    '{"schema":{"type":"int32"},"payload":1,"x":2}',
    'nonsense',
    '{"schema":{"type":"odd"},"payload":1}',
  ])
    assert.throws(() => json().deserialize('t', Buffer.from(text)), { code: 'CONVERSION_FAILED' }, text);
  const enveloped = (type: string, payload: string) => Buffer.from(`{"schema":{"type":"${type}","optional":false},"payload":${payload}}`);
  for (const [type, payload] of [
    ['int32', '"5"'],
    ['int32', '2147483648'],
    ['int8', '1.0'],
    ['int64', '9223372036854775808'],
    ['string', '5'],
    ['bytes', '"%%"'],
    ['boolean', '0'],
    ['int32', 'null'],
    ['struct', '{}'],
  ] as const)
    assert.throws(() => json().deserialize('t', enveloped(type, payload)), { code: 'CONVERSION_FAILED' }, `${type} ${payload}`);
  assert.throws(() => json({ schemasEnable: false }).deserialize('t', Buffer.from([0x22, 0xff, 0x22])), { code: 'CONVERSION_FAILED' });
  assert.throws(() => json({ schemasEnable: false }).deserialize('t', Buffer.from('['.repeat(100_000))), { code: 'CONVERSION_FAILED' });
});

test('nothing is left in the slab’s way by null', () => {
  const slab = new SlabWriter(4);
  assert.equal(json().serializeInto('t', null, null, slab), false);
  assert.equal(slab.length, 0);
});
