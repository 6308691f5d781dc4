import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseExactIntegers, writeExactIntegers } from '../../../src/contract/index.ts';

test('integers beyond 2^53 keep their digits through JSON, and nothing else is changed', () => {
  const text = '{"ids":[9007199254740993,-12345678901234567890,9007199254740991,7],"rate":0.25,"text":"9007199254740993","none":null}';
  const read = parseExactIntegers(text);
  assert.deepEqual(read, {
    ids: [9_007_199_254_740_993n, -12_345_678_901_234_567_890n, 9_007_199_254_740_991, 7],
    rate: 0.25,
    text: '9007199254740993',
    none: null,
  });
  assert.equal(writeExactIntegers(read), text);
  assert.equal(parseExactIntegers('1152921504606846976.0'), 2 ** 60, 'a fraction of none is written by who means a number');
  assert.equal(writeExactIntegers({ a: 2n ** 64n }, 2), '{\n  "a": 18446744073709551616\n}');
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      const json = JSON.stringify(value);
      assert.equal(writeExactIntegers(JSON.parse(json)), JSON.stringify(JSON.parse(json)));
    }),
  );
  const itself: { self?: unknown } = {};
  itself.self = itself;
  assert.throws(() => writeExactIntegers(itself), TypeError);
  assert.throws(() => parseExactIntegers('{"a":'), SyntaxError);
});
