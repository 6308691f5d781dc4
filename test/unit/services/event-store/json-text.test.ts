import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseExactIntegers } from '../../../../src/contract/index.ts';
import { jsonText } from '../../../../src/services/event-store/json-text.ts';

const text = (value: unknown) => jsonText(value, 'Event 1', 'data');

test('JSON reads back as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      assert.deepEqual(JSON.parse(text(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
  const firstBigint = 2n ** 53n;
  const integer = fc.oneof(fc.bigInt({ min: firstBigint }), fc.bigInt({ max: -firstBigint }));
  const number = fc.oneof(
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.double({ min: 2 ** 53, max: 1e300, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(fc.record({ integer, number, text: fc.oneof(fc.string(), integer.map(String)) })), value => {
      const plusZero = value.map(item => ({ ...item, number: item.number + 0 }));
      assert.deepEqual(parseExactIntegers(text(plusZero)), plusZero);
    }),
  );
  assert.equal(
    text([9_007_199_254_740_993n, 9_007_199_254_740_991, 2 ** 60, 1e21]),
    '[9007199254740993,9007199254740991,1152921504606846976.0,1000000000000000000000.0]',
  );
  assert.equal(text({ a: undefined, b: [1, null] }), '{"b":[1,null]}', 'a field that is undefined is not there');
});

test('what JSON would lose or put into other words is refused with its place', () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  const refused: [unknown, RegExp][] = [
    [undefined, /^Event 1 is no JSON: data is undefined\.$/],
    [{ a: [1, undefined] }, /data\.a\[1\] is undefined/],
    [{ a: { b: 5n } }, /data\.a\.b is a bigint that a number can hold/],
    [[-9_007_199_254_740_991n], /data\[0\] is a bigint that a number can hold/],
    [10n ** 309n, /data is a bigint beyond what can be stored/],
    [Number.POSITIVE_INFINITY, /data is Infinity/],
    [{ at: new Date(0) }, /data\.at is a Date/],
    [new Map(), /data is a Map/],
    [[new Uint8Array(1)], /data\[0\] is a Uint8Array/],
    [{ run: () => 1 }, /data\.run is a function/],
    [{ name: Symbol('x') }, /data\.name is a symbol/],
    [cyclic, /deeper than 200 levels, or holds itself/],
  ];
  for (const [value, message] of refused) assert.throws(() => text(value), { code: 'EVENT_INVALID', message });
});
