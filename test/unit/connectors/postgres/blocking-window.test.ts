import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockingWindow } from '../../../../connectors/postgres/blocking-window.ts';
import { parseSnapshotView } from '../../../../connectors/postgres/snapshot-view.ts';

const view = parseSnapshotView('100:110:105', 1_000n);

test('rows that were changed by transactions the view did not see are left out', () => {
  const window = new BlockingWindow();
  assert.equal(window.isWatched('a'), false);
  window.open(view, ['a', 'b']);
  window.touched('a', 'seen', 99);
  window.touched('a', 'running', 105);
  window.touched('b', 'later', 110);
  assert.deepEqual([[...window.newer('a')], [...window.newer('b')], window.unclear], [['running'], ['later'], false]);
  window.touched('a', null, 104);
  assert.equal(window.unclear, false, 'the view saw it, whatever row it is of');
  window.touched('a', null, 120);
  assert.equal(window.unclear, true);
  window.open(view, ['b']);
  assert.deepEqual([window.isWatched('a'), window.unclear, window.newer('b').size], [false, false, 0]);
});

test('the stream is past the view once it has come to where the log ended', () => {
  const window = new BlockingWindow();
  assert.equal(window.at(5_000n), false, 'none is open');
  window.open(view, ['a']);
  assert.deepEqual(
    [window.at(999n), window.reached, window.at(1_000n), window.reached, window.at(1_001n)],
    [false, false, true, true, false],
  );
  window.close();
  assert.deepEqual([window.reached, window.isWatched('a')], [false, false]);
});
