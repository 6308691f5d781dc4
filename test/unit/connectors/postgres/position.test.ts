import assert from 'node:assert/strict';
import { test } from 'node:test';
import { positionOffset, readPosition, type StreamPosition } from '../../../../connectors/postgres/position.ts';

const identity = { systemId: '7', timeline: 1 };
const streaming: StreamPosition = { confirmedLsn: 500n, partial: null, lsn: 400n, lastCommitLsn: 400n, txId: 9, timestampUs: 1n };

function offsetOf(position: StreamPosition) {
  return positionOffset({ server: 'srv' }, position, identity, {}).offset!;
}

test('what an idle stream has confirmed is what Debezium, taking over, takes for its last commit: the slot may begin there', () => {
  const offset = offsetOf(streaming);
  assert.deepEqual([offset['lsn'], offset['lsn_proc'], offset['lsn_commit']], [500, 500, 500]);
  // Its own last commit goes on in the source blocks' sequence.
  const read = readPosition(offset);
  assert.equal(read.lastCommitLsn, 400n);
  assert.deepEqual(read.position, { ...streaming, lsn: 500n });
});

test('in the middle of a transaction the last commit is shown as it is', () => {
  const offset = offsetOf({ ...streaming, lsn: 600n, partial: { commitLsn: 700n, messages: 3 } });
  assert.deepEqual([offset['lsn'], offset['lsn_commit'], offset['sluice_last_commit_lsn']], [600, 400, undefined]);
});
