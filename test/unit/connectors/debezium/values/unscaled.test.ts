import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { unscaledOfBigInt, unscaledOfNumber } from '../../../../../connectors/debezium/values/unscaled.ts';

/** The number that big-endian two's complement bytes write. */
function numberOf(bytes: Uint8Array): bigint {
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}

/** Whether one byte less could hold it. */
function isShortest(value: bigint, bytes: Uint8Array): boolean {
  return bytes.length === 1 || BigInt.asIntN((bytes.length - 1) * 8, value) !== value;
}

describe('unscaled values', () => {
  test('of big integers are the shortest two’s complement', () => {
    const atPowers = fc.tuple(fc.nat(300), fc.constantFrom(-1n, 0n, 1n), fc.boolean()).map(([bits, more, minus]) => {
      const value = 2n ** BigInt(bits) + more;
      return minus ? -value : value;
    });
    fc.assert(
      fc.property(fc.oneof(fc.bigInt(), atPowers), value => {
        const bytes = unscaledOfBigInt(value);
        assert.equal(numberOf(bytes), value);
        assert.ok(isShortest(value, bytes));
      }),
    );
  });

  test('of numbers are the same as of big integers', () => {
    const atPowers = fc
      .tuple(fc.nat(52), fc.constantFrom(-1, 0, 1), fc.constantFrom(-1, 1))
      .map(([bits, more, sign]) => sign * (2 ** bits + more));
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer(), atPowers), value => {
        assert.deepEqual(unscaledOfNumber(value), unscaledOfBigInt(BigInt(value)));
      }),
    );
  });
});
