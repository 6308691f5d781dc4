import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MarkerRetention } from '../../../../sinks/sql/marker-retention.ts';
import { silentLogger } from '../../../support/silent-logger.ts';

const hour = 3_600_000;

test('what has expired is deleted now and then, and some at a time', async () => {
  let nowMs = 100 * hour;
  let left = 12_000;
  const asked: number[] = [];
  const markers = new MarkerRetention(10 * hour, () => nowMs, silentLogger);
  const prune = () =>
    markers.prune(async (beforeMs, max) => {
      asked.push(beforeMs);
      const gone = Math.min(left, max);
      left -= gone;
      return gone;
    });
  for (let batch = 0; batch < 5; batch++) await prune();
  assert.deepEqual([left, asked], [0, [90 * hour, 90 * hour, 90 * hour]], 'it goes on where there are more, and rests then');
  nowMs += hour - 1;
  await prune();
  assert.equal(asked.length, 3);
  nowMs += 1;
  await prune();
  assert.deepEqual(asked.slice(3), [91 * hour]);
});

test('without end nothing is deleted; a target that refuses costs a warning, and is asked again an hour later', async () => {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) };
  await new MarkerRetention(null, () => 9e15, logger).prune(async () => assert.fail('nothing expires'));
  let nowMs = 9e12;
  const markers = new MarkerRetention(1, () => nowMs, logger);
  const failing = () =>
    markers.prune(async () => {
      throw new Error('away');
    });
  await failing();
  await failing();
  nowMs += hour;
  await failing();
  assert.equal(warnings.length, 2);
});
