import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Struct, schemaOf, schemas, structSchema, unscaledBytes, type Value } from '../../../src/contract/index.ts';
import { cast } from '../../../transforms/cast.ts';
import { faultsOf, make, record, transformError, valued } from './records.ts';

const decimal = schemaOf('bytes', { name: schemas.connectDecimal, version: 1, parameters: { scale: '2' } });

describe('Cast', () => {
  test('keeps the low bits of integers, as Java narrows', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.constantFrom(8, 16, 32), (long, bits) => {
        const output = make(cast.value, { spec: `int${bits}` })(valued(schemas.int64, long));
        assert.equal(output?.value, Number(BigInt.asIntN(bits, long)));
        assert.equal(output?.valueSchema?.type, `int${bits}`);
      }),
    );
  });

  test('takes texts within the range and refuses all others, without showing them', () => {
    const toInt8 = make(cast.value, { spec: 'int8' });
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: 1000 }), number => {
        const input = valued(schemas.string, String(number));
        if (number >= -128 && number <= 127) assert.equal(toInt8(input)?.value, number);
        else
          assert.throws(
            () => toInt8(input),
            transformError(/^Value of class java\.lang\.String was out of range for requested data type INT8$/),
          );
      }),
    );
    for (const text of ['', ' 1', '1.0', '0x1', '1e3', 'secret'])
      assert.throws(
        () => toInt8(valued(schemas.string, text)),
        error => error instanceof Error && !error.message.includes('secret'),
      );
  });

  test('an int64 text and back is the same number', () => {
    const toText = make(cast.value, { spec: 'string' });
    const toLong = make(cast.value, { spec: 'int64' });
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), long => {
        const text = toText(valued(schemas.int64, long));
        assert.ok(text);
        assert.equal(toLong(text)?.value, long);
      }),
    );
  });

  test('a double becomes an integer towards zero, no further than the range', () => {
    const toLong = make(cast.value, { spec: 'int64' });
    const long = (value: number) => toLong(valued(schemas.float64, value))?.value;
    assert.deepEqual([2.75, -2.75, 1e300, -1e300, Number.NaN].map(long), [2n, -2n, 2n ** 63n - 1n, -(2n ** 63n), 0n]);
  });

  test('decimals are read by their scale', () => {
    const input = valued(decimal, unscaledBytes(-1275n));
    const casted = (target: string): Value | undefined => make(cast.value, { spec: target })(input)?.value;
    assert.deepEqual(['string', 'float64', 'int32', 'int64', 'boolean'].map(casted), ['-12.75', -12.75, -12, -12n, true]);
  });

  test('Connect’s own logical name goes with the type, any other name stays', () => {
    const toText = make(cast.key, { spec: 'string' });
    const logical = toText(record({ keySchema: decimal, key: unscaledBytes(5n) }))?.keySchema;
    assert.deepEqual([logical?.type, logical?.name, logical?.parameters], ['string', null, null]);
    const named = toText(
      record({ keySchema: schemaOf('int64', { name: 'io.debezium.time.MicroTimestamp', version: 1 }), key: 1n }),
    )?.keySchema;
    assert.deepEqual([named?.name, named?.version], ['io.debezium.time.MicroTimestamp', 1]);
  });

  test('a null field is its default before it is cast, or stays null', () => {
    const schema = structSchema([['qty', schemaOf('int32', { optional: true, default: 7 })]], { name: 'Row' });
    const input = valued(schema, new Struct(schema, [null]));
    const field = (raw: Record<string, string>) => {
      const output = make(cast.value, { spec: 'qty:string', ...raw })(input)?.value;
      return output instanceof Struct ? [output.values[0], output.schema.field('qty')?.schema.default] : null;
    };
    assert.deepEqual(field({}), ['7', '7']);
    assert.deepEqual(field({ 'replace.null.with.default': 'false' }), [null, '7']);
  });

  test('faults of the spec name what is wrong', () => {
    assert.match(faultsOf(cast.value, {})[0] ?? '', /Missing required configuration "spec"/);
    assert.match(faultsOf(cast.value, { spec: '' })[0] ?? '', /Must specify at least one field to cast/);
    assert.match(faultsOf(cast.value, { spec: 'a:int128' })[0] ?? '', /Invalid type found in casting spec: int128/);
    assert.match(faultsOf(cast.value, { spec: 'a:struct' })[0] ?? '', /does not support casting to STRUCT/);
    assert.match(faultsOf(cast.value, { spec: 'int8,a:int16' })[0] ?? '', /may only specify a single cast/);
    assert.match(faultsOf(cast.value, { spec: 'a:b:c' })[0] ?? '', /Invalid casting spec: a:b:c/);
  });

  test('what has no cast is refused with its type', () => {
    const toText = make(cast.value, { spec: 'string' });
    assert.throws(() => toText(valued(null, new Map([['a', 1]]))), transformError(/does not support casting from MAP/));
    const fields = make(cast.value, { spec: 'a:int8' });
    assert.throws(
      () => fields(valued(null, 5)),
      transformError(/Only Map objects supported in absence of schema for \[cast types\], found: java.lang.Long/),
    );
    assert.throws(
      () => fields(valued(schemas.string, 'x')),
      transformError(/Only Struct objects supported for \[cast types\], found: java.lang.String/),
    );
    assert.throws(
      () => make(cast.value, { spec: 'int8' })(valued(schemas.bytes, new Uint8Array(1))),
      transformError(/Unexpected type in Cast transformation/),
    );
  });
});
