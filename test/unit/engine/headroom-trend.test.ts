import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadroomTrend } from '../../../src/engine/connector/headroom-trend.ts';

function trendOf(...samples: readonly (readonly [atSeconds: number, left: number | null])[]): number | null {
  const trend = new HeadroomTrend();
  for (const [atSeconds, left] of samples) trend.add(atSeconds * 1000, left);
  return trend.usedUpInSeconds;
}

test('what gets less at a steady rate is used up when the rate says so', () => {
  assert.equal(trendOf([0, 1000], [10, 900]), 90);
  assert.equal(trendOf([0, 1000], [10, 990], [20, 600]), 30);
});

test('one sample is no rate', () => {
  assert.equal(trendOf(), null);
  assert.equal(trendOf([0, 1000]), null);
});

test('what does not get less is never used up; what is used up, is now', () => {
  assert.equal(trendOf([0, 1000], [10, 1000]), Number.POSITIVE_INFINITY);
  assert.equal(trendOf([0, 1000], [10, 1200]), Number.POSITIVE_INFINITY);
  assert.equal(trendOf([0, 1000], [10, 0]), 0);
});

test('a reader that catches up now and then uses nothing up: the rate is that of minutes, not of the last sample', () => {
  const teeth = Array.from({ length: 21 }, (_, index) => [index * 15, 1000 - (index % 4) * 200] as const);
  assert.equal(trendOf(...teeth), Number.POSITIVE_INFINITY);
});

test('what was so long ago does not count', () => {
  // An hour of rest, then five minutes in which it falls by 1 a second.
  const rest = Array.from({ length: 60 }, (_, minute) => [minute * 60, 1000] as const);
  const fall = Array.from({ length: 6 }, (_, minute) => [3600 + minute * 60, 1000 - minute * 60] as const);
  assert.equal(trendOf(...rest, ...fall), 700);
});

test('where a figure is not known any more, what was known says nothing', () => {
  assert.equal(trendOf([0, 1000], [10, null], [20, 100]), null);
});
