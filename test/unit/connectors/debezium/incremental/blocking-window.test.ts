import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockingWindow } from '../../../../../connectors/debezium/incremental/blocking-window.ts';

/** Sees what came before `from`, and reaches to `end`. */
type View = { readonly from: number; readonly end: number };
const view: View = { from: 100, end: 1_000 };
const windowOf = () => new BlockingWindow<View, number>(({ from }, transaction) => transaction < from);
const past = (place: number) => (of: View) => of.end <= place;

test('rows that were changed by transactions the view did not see are left out', () => {
  const window = windowOf();
  assert.equal(window.isWatched('a'), false);
  window.open(view, ['a', 'b']);
  assert.deepEqual(window.watched, ['a', 'b']);
  window.touched('a', 'seen', 99);
  window.touched('a', 'running', 100);
  window.touched('b', 'later', 110);
  assert.deepEqual([[...window.newer('a')], [...window.newer('b')], window.unclear], [['running'], ['later'], false]);
  window.touched('a', null, 98);
  assert.equal(window.unclear, false, 'the view saw it, whatever row it is of');
  window.touched('a', null, 120);
  assert.equal(window.unclear, true);
  window.open(view, ['b']);
  assert.deepEqual([window.isWatched('a'), window.unclear, window.newer('b').size], [false, false, 0]);
});

test('the stream is past the view once it has come to where the log ended', () => {
  const window = windowOf();
  assert.equal(window.at(past(5_000)), false, 'none is open');
  window.open(view, ['a']);
  assert.deepEqual(
    [window.at(past(999)), window.reached, window.at(past(1_000)), window.reached, window.at(past(1_001))],
    [false, false, true, true, false],
  );
  window.close();
  assert.deepEqual([window.reached, window.isWatched('a')], [false, false]);
});
