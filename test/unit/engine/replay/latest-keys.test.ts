import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LogRecord } from '../../../../src/contract/index.ts';
import { hashLimit, LatestKeys } from '../../../../src/engine/replay/latest-keys.ts';

const whole = { floor: 0, ceiling: hashLimit };

function record(key: string, offset: number, { partition = 0, timestampMs = offset, topic = 't' } = {}): LogRecord {
  return { topic, partition, offset: BigInt(offset), timestampMs, key: Buffer.from(key), value: Buffer.from('v'), headers: [] };
}

test('of each key that the range has, the latest record in the log; others are none of it', () => {
  const keys = new LatestKeys(whole);
  keys.add(record('a', 1), null);
  keys.add(record('b', 2), null);
  keys.add(record('a', 3), null);
  keys.follow(record('b', 9), { offset: 8n, bytes: 4 });
  keys.follow(record('c', 10), null);
  assert.equal(keys.size, 2);
  const chosen = (key: string, offset: number) => keys.isChosen(record(key, offset));
  assert.deepEqual([chosen('a', 1), chosen('a', 3), chosen('b', 2), chosen('b', 9), chosen('c', 10)], [false, true, false, true, false]);
  // The delete before a tombstone goes with it.
  assert.equal(chosen('b', 8), true);
  assert.deepEqual(
    [keys.isSuperseded(record('a', 1)), keys.isSuperseded(record('a', 3)), keys.isSuperseded(record('c', 1))],
    [true, false, false],
  );
});

test('in another partition, where a topic got more of them, the time tells which is later', () => {
  const keys = new LatestKeys(whole);
  keys.add(record('a', 100, { timestampMs: 5 }), null);
  keys.follow(record('a', 3, { partition: 1, timestampMs: 9 }), null);
  assert.deepEqual([keys.isChosen(record('a', 100)), keys.isChosen(record('a', 3, { partition: 1 }))], [false, true]);
  // Another topic's key of the same bytes is another key.
  keys.add(record('a', 7, { topic: 'u' }), null);
  assert.equal(keys.size, 2);
});

test('what was there before its topic was emptied has nothing to send', () => {
  const keys = new LatestKeys(whole);
  keys.add(record('gone', 1), null);
  keys.add(record('made again', 1), null);
  keys.follow(record('made again', 8), null);
  keys.add(record('other', 2, { topic: 'u' }), null);
  keys.truncated(record('', 5));
  assert.deepEqual(
    [...keys.records()].map(({ topic, offset }) => `${topic} ${offset}`),
    ['t 8', 'u 2'],
  );
});

test('however little memory there is, its parts together are all keys, each once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ minLength: 1, maxLength: 6 }), fc.boolean()), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 300, max: 5000 }),
      (written, bytesMax) => {
        const found = new Map<string, bigint>();
        let [floor, parts] = [0, 0];
        while (floor < hashLimit) {
          const keys = new LatestKeys({ floor, ceiling: hashLimit }, bytesMax);
          for (const [at, [key]] of written.entries()) keys.add(record(key, at), null);
          for (const [at, [key]] of written.entries()) {
            const one = record(key, at);
            if (!keys.isChosen(one)) continue;
            assert.ok(!found.has(key), 'a key is in one part');
            found.set(key, one.offset);
          }
          assert.ok(keys.size * 200 <= bytesMax || keys.size <= 1, 'the bound is held');
          assert.ok(keys.ceiling > floor, 'each part goes on');
          floor = keys.ceiling;
          parts++;
        }
        const expected = new Map(written.map(([key], at) => [key, BigInt(at)]));
        assert.deepEqual([...found].sort(), [...expected].sort());
        if (expected.size * 200 > bytesMax * 2) assert.ok(parts > 1);
      },
    ),
    { numRuns: 60 },
  );
});
