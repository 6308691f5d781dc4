import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BSON } from 'mongodb';
import { tokenTime } from '../../../../connectors/mongodb/cluster-time.ts';
import { type OplogFigures, oplogReading } from '../../../../connectors/mongodb/oplog-reading.ts';
import { positionOffset } from '../../../../connectors/mongodb/position.ts';

const figures: OplogFigures = {
  oldest: { seconds: 1000, increment: 1 },
  newest: { seconds: 5000, increment: 2 },
  sizeBytes: 400,
  sizeBytesMax: 1000,
  hidden: null,
};
const atMs = 5_003_000;

function storedAt(seconds: number, increment: number, snapshotRuns = false) {
  const position = { token: null, clusterTime: { seconds, increment }, lsid: null, txnNumber: null };
  return positionOffset({ server_id: 'srv' }, position, snapshotRuns, {});
}

test('a place at the oplog’s end lacks nothing, and has the whole window before it is lost', () => {
  const { completeToMs, headroomSeconds, windowSeconds, logBytes, logLimitBytes } = oplogReading(figures, storedAt(5000, 2), null, atMs);
  assert.deepEqual([completeToMs, headroomSeconds, windowSeconds, logBytes, logLimitBytes], [atMs, 4000, 4000, 400, 1000]);
});

test('behind the end it is complete to its own time, and has what lies before it', () => {
  const { completeToMs, headroomSeconds } = oplogReading(figures, storedAt(2000, 9), null, atMs);
  assert.deepEqual([completeToMs, headroomSeconds], [2_000_000, 1000]);
});

test('a place that the oplog has rolled over has no headroom', () => {
  assert.equal(oplogReading(figures, storedAt(900, 1), null, atMs).headroomSeconds, 0);
});

test('a look whose end the place has passed makes that moment complete', () => {
  const before = { ...oplogReading(figures, null, null, 4_500_000), end: [4400, 1] };
  assert.equal(oplogReading(figures, storedAt(4400, 1), before, atMs).completeToMs, 4_500_000);
  assert.equal(oplogReading(figures, storedAt(4400, 0), before, atMs).completeToMs, 4_400_000);
});

test('while a snapshot is under way nothing is complete', () => {
  assert.equal(oplogReading(figures, storedAt(5000, 2, true), null, atMs).completeToMs, null);
});

test('an oplog that may not be looked at is said so, with what to grant', () => {
  const hidden = { oldest: null, newest: null, sizeBytes: null, sizeBytesMax: null, hidden: 'Unauthorized' };
  const { warnings, headroomSeconds, completeToMs } = oplogReading(hidden, storedAt(2000, 9), null, atMs);
  assert.match(warnings[0] ?? '', /Unauthorized.*read on local/);
  assert.deepEqual([headroomSeconds, completeToMs], [null, 2_000_000]);
});

test('a resume token of MongoDB begins with its cluster time', () => {
  const token = (data: unknown) => Buffer.from(BSON.serialize({ _data: data }));
  const seconds = 0x65a0_1234;
  const text = `82${seconds.toString(16)}000000072B042C0100296E5A1004ABCDEF46645F69640064`;
  assert.deepEqual(tokenTime(token(text.toUpperCase())), { seconds, increment: 7 });
  assert.equal(tokenTime(token('0f00')), null);
  assert.equal(tokenTime(token(7)), null);
});
