import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordVersion } from '../../../src/contract/index.ts';
import { eraLimit, nextEra } from '../../../src/log/era.ts';

const start = Date.UTC(2026, 0, 1);
const day = 86_400_000;

test('an era is above the one before, however quickly they follow', () => {
  assert.equal(nextEra(500, start), 501);
  assert.equal(nextEra(500, start + day), 501);
});

test('where none is remembered, time has gone on', () => {
  assert.ok(nextEra(null, start + day) > nextEra(null, start));
  assert.ok(nextEra(3, start + day) > 4);
});

test('an era fits a version, also before 2026 and in a hundred years', () => {
  assert.equal(nextEra(null, start - day), 0);
  const last = nextEra(null, start + 36_500 * day);
  assert.equal(last, eraLimit - 1);
  assert.equal(recordVersion(last, 2n ** 44n - 1n), 2n ** 63n - 1n);
});
