import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  javaBigDecimal,
  javaDouble,
  javaFloat,
  parseBigDecimal,
  rescale,
  unscaledBytes,
  unscaledValue,
} from '../../../src/contract/index.ts';

// Kind, bits in hexadecimal, and what Java 17's toString writes: random ones, powers of two, and some that later versions write otherwise.
const recorded = readFileSync(new URL('./java-17-numbers.tsv', import.meta.url), 'utf8')
  .split('\n')
  .filter(line => line !== '')
  .map(line => line.split('\t') as [kind: string, bits: string, text: string]);

test('doubles and floats are written as Java 17 writes them', () => {
  assert.ok(recorded.length > 300);
  for (const [kind, bits, text] of recorded) {
    const bytes = Buffer.from(bits.padStart(kind === 'float' ? 8 : 16, '0'), 'hex');
    assert.equal(kind === 'float' ? javaFloat(bytes.readFloatBE()) : javaDouble(bytes.readDoubleBE()), text, `${kind} ${bits}`);
  }
});

test('any double’s text reads back as the double', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), value => Object.is(Number(javaDouble(value)), value)),
    { numRuns: 2000 },
  );
});

test('any float’s text reads back as the float', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true }), value => Object.is(Math.fround(Number(javaFloat(value))), value)),
    { numRuns: 2000 },
  );
});

test('unscaled values are the shortest two’s complement, and read back', () => {
  for (const [value, hex] of [
    [0n, '00'],
    [127n, '7f'],
    [128n, '0080'],
    [-1n, 'ff'],
    [-128n, '80'],
    [-129n, 'ff7f'],
    [2n ** 63n, '008000000000000000'],
  ] as const)
    assert.equal(Buffer.from(unscaledBytes(value)).toString('hex'), hex);
  assert.equal(unscaledValue(new Uint8Array()), 0n);
  fc.assert(fc.property(fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }), value => unscaledValue(unscaledBytes(value)) === value));
});

test('decimals read back from their text, digit for digit', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.integer({ min: -30, max: 60 }), (unscaled, scale) => {
      assert.deepEqual(parseBigDecimal(javaBigDecimal(unscaled, scale)), { unscaled, scale });
    }),
  );
  for (const text of ['', '.', '1e', 'e5', '1.2.3', ' 1', '0x10', '+', 'NaN']) assert.equal(parseBigDecimal(text), null, text);
});

test('rescaling loses no digit: it gives up instead', () => {
  assert.equal(rescale(125n, 2, 4), 12500n);
  assert.equal(rescale(12500n, 4, 2), 125n);
  assert.equal(rescale(12501n, 4, 2), null);
  assert.equal(rescale(1n, 0, 1_000_000), null);
});
