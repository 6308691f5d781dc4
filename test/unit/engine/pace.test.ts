import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from '../../../src/engine/pace.ts';

test('no more than the rate is read, however fast the batches come', async () => {
  let nowMs = 0;
  const pace = new Pace(
    1_000,
    async delayMs => {
      nowMs += delayMs;
    },
    () => nowMs,
  );
  const { signal } = new AbortController();
  for (let batch = 0; batch < 10; batch++) await pace.take(500, signal);
  assert.equal(nowMs, 4_500, 'ten batches of half a second each, the last one not yet paid for');
  nowMs += 60_000;
  await pace.take(500, signal);
  assert.equal(nowMs, 64_500, 'idle time is not saved up, and costs nothing');
  await pace.take(500, signal);
  assert.equal(nowMs, 65_000);
});
