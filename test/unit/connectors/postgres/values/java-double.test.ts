import assert from 'node:assert/strict';
import { test } from 'node:test';
import { javaDouble } from '../../../../../connectors/postgres/values/java-double.ts';

test('doubles are written as java.lang.Double.toString writes them', () => {
  const expected: readonly (readonly [value: number, text: string])[] = [
    [1, '1.0'],
    [0.001, '0.001'],
    [0.00099, '9.9E-4'],
    [9_999_999, '9999999.0'],
    [1e7, '1.0E7'],
    [123_456_789.125, '1.23456789125E8'],
    [-0, '-0.0'],
    [1e300, '1.0E300'],
    [NaN, 'NaN'],
    [-Infinity, '-Infinity'],
  ];
  for (const [value, text] of expected) assert.equal(javaDouble(value), text);
});
