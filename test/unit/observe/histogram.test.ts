import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exposition } from '../../../src/observe/metrics/exposition.ts';
import { Histogram } from '../../../src/observe/metrics/histogram.ts';

const bounds = [1, 5, 10];

test('each bucket counts all values that are no greater than its bound', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(0, 0.5, 1, 1.1, 5, 7, 10, 10.5, 1e9)), values => {
      const histogram = new Histogram(bounds);
      for (const value of values) histogram.observe(value);
      const lines = exposition('h', 'histogram', 'Help.', [{ labels: { a: 'x' }, value: histogram }]).split('\n');
      const count = (bound: number) => values.filter(value => value <= bound).length;
      assert.deepEqual(lines.slice(2, -1), [
        `h_bucket{a="x",le="1"} ${count(1)}`,
        `h_bucket{a="x",le="5"} ${count(5)}`,
        `h_bucket{a="x",le="10"} ${count(10)}`,
        `h_bucket{a="x",le="+Inf"} ${values.length}`,
        `h_sum{a="x"} ${histogram.sum}`,
        `h_count{a="x"} ${values.length}`,
      ]);
      assert.equal(
        histogram.sum,
        values.reduce<number>((sum, value) => sum + value, 0),
      );
    }),
  );
});

test('label values, help and numbers that are none are written as Prometheus reads them', () => {
  const text = exposition('m', 'gauge', 'A\\b\nc', [
    { labels: { l: 'a"b\\c\nd' }, value: Number.POSITIVE_INFINITY },
    { labels: {}, value: Number.NaN },
  ]);
  assert.equal(text, '# HELP m A\\\\b\\nc\n# TYPE m gauge\nm{l="a\\"b\\\\c\\nd"} +Inf\nm NaN\n');
});

test('a metric without samples is not mentioned', () => {
  assert.equal(exposition('m', 'gauge', 'Help.', []), '');
});
