import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DueTimes } from '../../../../../src/services/sagas/runtime/due-times.ts';

test('what is due comes out in the order of its time, and nothing before its time', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 200 }), fc.integer({ min: 0, max: 1_000 }), (times, nowMs) => {
      const due = new DueTimes();
      for (const [index, atMs] of times.entries()) due.add(String(index), atMs);
      const sorted = [...times].sort((a, b) => a - b);
      assert.equal(due.nextAtMs, sorted[0] ?? null);
      const taken: number[] = [];
      for (let id = due.take(nowMs); id !== null; id = due.take(nowMs)) taken.push(times[Number(id)]!);
      assert.deepEqual(
        taken,
        sorted.filter(atMs => atMs <= nowMs),
      );
      assert.equal(due.size, times.length - taken.length);
    }),
  );
});
