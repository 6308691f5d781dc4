import assert from 'node:assert/strict';
import { test } from 'node:test';
import { positionOffset, readPosition, type StreamPosition } from '../../../../connectors/postgres/position.ts';

const identity = { systemId: '7', timeline: 1 };
const streaming: StreamPosition = { confirmedLsn: 500n, partial: null, lsn: 400n, lastCommitLsn: 400n, txId: 9, timestampUs: 1n };

function offsetOf(position: StreamPosition) {
  return positionOffset({ server: 'srv' }, position, identity, {}).offset!;
}

const shown = (position: StreamPosition) => {
  const offset = offsetOf(position);
  return [offset['lsn'], offset['lsn_proc'], offset['lsn_commit']];
};

test('Debezium, taking over, finds no event at the offset: it would take the next transaction’s row there for done', () => {
  assert.deepEqual(shown({ ...streaming, confirmedLsn: 400n }), [399, 399, 399]);
  assert.deepEqual(shown(streaming), [499, 499, 499], 'an idle stream has confirmed more, and the slot may begin there');
  const partial = { commitLsn: 700n, messages: 3 };
  assert.deepEqual(shown({ ...streaming, confirmedLsn: 400n, lsn: 600n, partial }), [399, 399, 399], 'the transaction comes whole again');
});

test('what is read back is where the stream was', () => {
  for (const partial of [null, { commitLsn: 700n, messages: 3 }]) {
    const read = readPosition(offsetOf({ ...streaming, partial }));
    // The sequence of source blocks goes on with the last commit.
    assert.equal(read.lastCommitLsn, 400n);
    assert.deepEqual(read.position, { ...streaming, partial, lsn: 499n });
  }
});

test('before the first commit the offset is the last message’s', () => {
  assert.deepEqual(shown({ ...streaming, lastCommitLsn: null }), [400, 400, undefined]);
});
