import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ValueOptions } from '../../../../../connectors/postgres/values/value-options.ts';
import { Struct, type Value } from '../../../../../src/contract/index.ts';
import { builtinReader, numericModifier, readText } from './columns.ts';

/** Bytes as hexadecimal and structs as their values, which is how a table of them is read. */
function shown(value: Value): unknown {
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString('hex')}`;
  if (value instanceof Struct) return value.values.map(shown);
  return Array.isArray(value) ? value.map(shown) : value;
}

type Row = readonly [type: string, text: string, value: unknown, options?: Partial<ValueOptions>, modifier?: number];

/** What the conformance cases do not hold: other modes, boundaries, and output of other servers and settings. */
const rows: readonly Row[] = [
  ['int8', '999999999999999', 999_999_999_999_999n],
  ['int8', '-1000000000000000', -1_000_000_000_000_000n],
  ['oid', '4294967295', 4_294_967_295n],
  ['float4', '1.1', Math.fround(1.1)],
  ['float8', '-Infinity', -Infinity],
  ['float8', 'NaN', NaN],
  ['numeric', '-0.00', [0, '0x00']],
  ['numeric', '1000', [0, '0x03e8']],
  ['numeric', '-12.3400', [2, '0xfb2e']],
  ['numeric', '123456789012345.60', [1, '0x0462d53c8abac0']],
  ['numeric', '-32768', '0x8000', {}, numericModifier(10, 0)],
  ['numeric', '-32769', '0xff7fff', {}, numericModifier(10, 0)],
  ['numeric', '9007199254740991', '0x1fffffffffffff', {}, numericModifier(20, 0)],
  ['numeric', '-9223372036854775808', '0x8000000000000000', {}, numericModifier(20, 0)],
  ['numeric', '9223372036854775808', '0x008000000000000000', {}, numericModifier(20, 0)],
  ['numeric', '1200', '0x0c', {}, numericModifier(5, -2)],
  ['numeric', 'NaN', NaN, { decimalHandlingMode: 'double' }],
  ['numeric', '12.50', 12.5, { decimalHandlingMode: 'double' }, numericModifier(5, 2)],
  ['numeric', 'NaN', 'NAN', { decimalHandlingMode: 'string' }],
  ['numeric', 'Infinity', 'POSITIVE_INFINITY', { decimalHandlingMode: 'string' }],
  ['numeric', '-Infinity', 'NEGATIVE_INFINITY', { decimalHandlingMode: 'string' }],
  ['money', '$1,234.56', '0x01e240'],
  ['money', '-$0.01', '0xff'],
  ['money', '($12.00)', '0xfb50'],
  ['money', '€1.005', '0x65', { moneyFractionDigits: 2 }],
  ['money', '-$12.34', '0xcfcc', { moneyFractionDigits: 3 }],
  ['money', '$1,000.50', 1000.5, { decimalHandlingMode: 'double' }],
  ['money', '-$1,000.50', '-1000.50', { decimalHandlingMode: 'string' }],
  ['bytea', '\\x', '0x'],
  ['bytea', 'a\\\\b\\000\\377', '0x615c6200ff'],
  ['bytea', '\\xfbff', '-_8=', { binaryHandlingMode: 'base64-url-safe' }],
  ['bytea', '\\xFBff', '+/8=', { binaryHandlingMode: 'base64' }],
  ['bytea', '\\xFBff', 'fbff', { binaryHandlingMode: 'hex' }],
  ['bit', '1', true, {}, 1],
  ['varbit', '0', false, {}, 1],
  ['bit', '000000001', '0x01', {}, 9],
  ['varbit', '100000000', '0x0001'],
  ['date', '0001-12-31 BC', -719_163],
  ['date', 'infinity', 2_147_483_647],
  ['date', '-infinity', -2_147_483_648],
  ['date', '5874897-12-31', 2_145_042_905],
  ['date', '2024-02-29', '2024-02-29Z', { timePrecisionMode: 'isostring' }],
  ['date', '0044-03-15 BC', '-0043-03-15Z', { timePrecisionMode: 'isostring' }],
  ['time', '13:14:15.6', 47_655_600, {}, 3],
  ['time', '13:14:15.6', 47_655_600_000n, { timePrecisionMode: 'adaptive_time_microseconds' }, 3],
  ['time', '13:14:15.678901', 47_655_678, { timePrecisionMode: 'connect' }],
  ['time', '13:14:15.678901', 47_655_678_901_000n, { timePrecisionMode: 'nanoseconds' }],
  ['time', '24:00:00', 86_400_000_000n, { timePrecisionMode: 'microseconds' }],
  ['time', '24:00:00', '00:00:00Z', { timePrecisionMode: 'isostring' }],
  ['time', '01:02:03.040', '01:02:03.04Z', { timePrecisionMode: 'isostring' }],
  ['timetz', '00:30:00.5+01:00:30', '23:29:30.5Z'],
  ['timetz', '23:30:00-01', '00:30:00Z'],
  ['timestamp', '1969-12-31 23:59:59.9995', -1n, {}, 3],
  ['timestamp', '2255-06-05 23:47:34.740993', 9_007_199_254_740_993n],
  ['timestamp', '294276-12-31 23:59:59.999999', -9_223_372_036_853_775_810n],
  ['timestamp', '2024-02-29 13:14:15.6', 1_709_212_455_600_000n, { timePrecisionMode: 'microseconds' }, 3],
  ['timestamp', '2024-02-29 13:14:15.678901', 1_709_212_455_678_901_000n, { timePrecisionMode: 'nanoseconds' }],
  ['timestamp', 'infinity', 9_223_372_036_854_775_807n, { timePrecisionMode: 'nanoseconds' }],
  ['timestamp', '2024-02-29 13:14:15.678901', 1_709_212_455_678n, { timePrecisionMode: 'connect' }],
  ['timestamp', '2024-02-29 13:14:15.670', '2024-02-29T13:14:15.67Z', { timePrecisionMode: 'isostring' }],
  ['timestamptz', '2024-02-29 13:14:15.6+05:30', '2024-02-29T07:44:15.600000Z'],
  ['timestamptz', '2024-03-01 00:30:00+02', '2024-02-29T22:30:00.000Z', {}, 3],
  ['timestamptz', '1883-11-18 12:03:57-04:56:02', '1883-11-18T16:59:59Z', {}, 0],
  ['timestamptz', '2024-02-29 13:14:15+00', '2024-02-29T13:14:15Z', {}, 0],
  ['timestamptz', '10000-01-01 00:30:00+01', '9999-12-31T23:30:00.000000Z'],
  ['interval', '-00:00:01.5', -1_500_000n],
  ['interval', '1 mon', 2_629_800_000_000n],
  ['interval', '-178000000 years', -(2n ** 63n)],
  ['interval', '1 year -1 mons', 'P1Y-1M0DT0H0M0S', { intervalHandlingMode: 'string' }],
  ['interval', '00:00:00.0005', 'P0Y0M0DT0H0M0.0005S', { intervalHandlingMode: 'string' }],
  ['interval', '-00:00:00.000012', 'P0Y0M0DT0H0M-0.000012S', { intervalHandlingMode: 'string' }],
  ['interval', '-01:00:00', 'P0Y0M0DT-1H0M0S', { intervalHandlingMode: 'string' }],
  ['interval', '-838:59:59.123456', 'P0Y0M0DT-838H-59M-59.123456S', { intervalHandlingMode: 'string' }],
  ['point', '(1e+300,-0.5)', [1e300, -0.5, '0x01010000009c7500883ce4377e000000000000e0bf', null]],
  ['geometry', '0101000000000000000000F03F0000000000000040', ['0x0101000000000000000000f03f0000000000000040', null]],
  ['geography', '0101000020E6100000000000000000F03F0000000000000040', ['0x0101000020e6100000000000000000f03f0000000000000040', 4326]],
  ['geometry', '0020000001000010E63FF00000000000004000000000000000', ['0x0020000001000010e63ff00000000000004000000000000000', 4326]],
  ['vector', '[1,2.5,-3e-05]', [1, 2.5, -3e-5]],
  ['halfvec', '[0.1]', [Math.fround(0.1)]],
  ['box', '(1,2),(0.0001,-1e+20)', '0x28312e302c322e30292c28312e30452d342c2d312e3045323029', { includeUnknownDatatypes: true }],
  ['address', '(a,"b c")', '0x28612c226220632229', { includeUnknownDatatypes: true }],
  ['regclass', 'pg_class', 'cGdfY2xhc3M=', { includeUnknownDatatypes: true, binaryHandlingMode: 'base64' }],
];

describe('values of one type', () => {
  for (const [typeName, text, value, options = {}, typeModifier = -1] of rows) {
    const mode = Object.entries(options).map(([name, set]) => ` ${name}=${set}`);
    test(`${typeName}${typeModifier === -1 ? '' : ` (modifier ${typeModifier})`} ${JSON.stringify(text)}${mode}`, () => {
      assert.deepEqual(shown(readText(builtinReader(typeName, options, { typeModifier }), text)), value);
    });
  }

  test('sparse vectors are structs of 16-bit numbers', () => {
    const reader = builtinReader('sparsevec');
    assert.deepEqual((readText(reader, '{1:1.5,30000:-2}/32767') as Struct).values, [
      32_767,
      new Map([
        [1, 1.5],
        [30_000, -2],
      ]),
    ]);
    // The order of a Java hash map of shorts that was made for five.
    const [, items] = (readText(reader, '{3:1,17:1,100:1,2000:1,30000:1}/32000') as Struct).values;
    assert.deepEqual([...(items as ReadonlyMap<Value, Value>).keys()], [2000, 30_000, 17, 3, 100]);
    assert.deepEqual((readText(reader, '{}/3') as Struct).values, [3, new Map()]);
    assert.throws(() => readText(reader, '{1:1}/100000'), { code: 'CONVERSION_FAILED' });
  });

  test('NaN and Infinity have no Decimal: the error names the option that helps', () => {
    for (const typeModifier of [-1, numericModifier(10, 2)])
      for (const text of ['NaN', 'Infinity', '-Infinity'])
        assert.throws(() => readText(builtinReader('numeric', {}, { typeModifier }), text), {
          code: 'CONVERSION_FAILED',
          remedy: /decimal\.handling\.mode/,
        });
  });

  test('money of a locale with decimal commas is refused, not misread', () => {
    for (const text of ['', '$', '1.234,56 €', '€1.234,56', '€1234,56', 'kr 5'])
      assert.throws(() => readText(builtinReader('money'), text), { code: 'CONVERSION_FAILED', remedy: /lc_monetary/ }, text);
    assert.deepEqual(shown(readText(builtinReader('money'), '₹12,34,567.00')), '0x075bccbc');
  });

  test('text that no output function writes is refused by type, without being shown', () => {
    const bad: Readonly<Record<string, readonly string[]>> = {
      int4: ['', '-', '1x', '12345678901'],
      int8: ['', '1.5', '123456789012345678901'],
      numeric: ['', '-', '.', '1.2.3', '1e5', '0x10'],
      float8: ['', '1x'],
      bool: ['', 'true'],
      bytea: ['\\xf', '\\xzz', 'a\\4', 'a\\8'],
      varbit: ['12'],
      date: ['', '24-01-01', '2024-1-01', '2024-13-01', '2024-01-01x', '20x4-01-01', '-inf'],
      time: ['', '1:00:00', '12:60:00', '24:00:01', '12:00:00.1234567', '12:00:00x'],
      timetz: ['12:00:00', '12:00:00+'],
      timestamp: ['2024-01-01', '2024-01-01 12:00', '2024-01-01T12:00:00', '2024-01-01 12:00:00+00'],
      timestamptz: ['2024-01-01 12:00:00', '2024-01-01 12:00:00.+00', '2024-01-01 12:0x:00+00', '2024-01-01 12:00:00.12x+00'],
      interval: ['', '1', '1 fortnight', '12:00', '99999999999 years'],
      point: ['1,2', '(1)'],
      geometry: ['01', '0101000020E61000', 'zz'.repeat(9)],
      hstore: ['a=>1', '"a"', '"a"=>', '"a"=>"1"x', '"a"=>"1'],
      vector: ['1,2', '[a]', '[]'],
      sparsevec: ['{1:1}', '{1}/3', '{a:1}/3'],
      _int4: ['', '1', '{1', '{1}}', '{"1}', '[0:1{1}'],
    };
    for (const [typeName, texts] of Object.entries(bad))
      for (const text of texts)
        assert.throws(
          () => readText(builtinReader(typeName), text),
          (error: unknown) =>
            error instanceof Error &&
            'code' in error &&
            error.code === 'MALFORMED_MESSAGE' &&
            (text.length < 3 || !error.message.includes(text)),
          `${typeName} ${JSON.stringify(text)}`,
        );
  });
});
