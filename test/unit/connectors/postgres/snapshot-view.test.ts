import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLongPast, parseSnapshotView, sees } from '../../../../connectors/postgres/snapshot-view.ts';

test('a view sees what was committed before it and not what was still running', () => {
  const view = parseSnapshotView('100:105:101,103', 0n);
  assert.deepEqual(
    [99, 100, 101, 102, 103, 104, 105, 106].map(id => sees(view, id)),
    [true, true, false, true, false, true, false, false],
  );
});

test('a view without running transactions sees everything before xmax', () => {
  const view = parseSnapshotView('200:200:', 0n);
  assert.deepEqual([sees(view, 199), sees(view, 200)], [true, false]);
});

test('the stream’s 32-bit ids are understood across a wraparound', () => {
  const epoch = 7n << 32n;
  const view = parseSnapshotView(`${epoch - 5n}:${epoch + 5n}:${epoch - 2n}`, 0n);
  assert.equal(sees(view, 4294967290), true);
  assert.equal(sees(view, 4294967294), false, 'still running');
  assert.equal(sees(view, 3), true);
  assert.equal(sees(view, 5), false);
});

test('an id of half the ids ago is not taken for one to come', () => {
  const view = parseSnapshotView('100:105:101', 0n);
  assert.deepEqual(
    [99, 101, 105, 200, 2_000_000_000].map(id => isLongPast(view, id)),
    [false, false, false, false, true],
  );
});

test('other text is refused', () => {
  assert.throws(() => parseSnapshotView('1:2', 0n), /not a snapshot/);
});
