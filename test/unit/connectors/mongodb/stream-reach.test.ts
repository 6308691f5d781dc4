import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BSON } from 'mongodb';
import { timeNumber, timestampOf, tokenTime } from '../../../../connectors/mongodb/cluster-time.ts';
import type { StreamPosition } from '../../../../connectors/mongodb/position.ts';
import { StreamReach } from '../../../../connectors/mongodb/stream-reach.ts';

const nowhere: StreamPosition = { token: null, clusterTime: null, lsid: null, txnNumber: null };
const second = 1_700_000_000;
const at = (increment: number) => timeNumber({ seconds: second, increment });

/** A token as MongoDB writes it: KeyString of the time, and more. */
function tokenAt(increment: number): Buffer {
  const time = `82${second.toString(16).padStart(8, '0')}${increment.toString(16).padStart(8, '0')}`;
  return Buffer.from(BSON.serialize({ _data: `${time}2B0229296E04` }));
}

/** As other servers write it: the time is not to be found. */
const opaque = Buffer.from(BSON.serialize({ _data: Buffer.from(BSON.serialize({ s: 7, n: 'x'.repeat(110) })).toString('hex') }));

describe('the time of a resume token', () => {
  test('is its first part', () => {
    assert.deepEqual(tokenTime(tokenAt(9)), { seconds: second, increment: 9 });
    const stamp = timestampOf(at(9));
    assert.deepEqual([stamp.getHighBitsUnsigned(), stamp.getLowBitsUnsigned()], [second, 9]);
  });

  test('is not known of other servers’ tokens, whatever they begin with', () => {
    assert.equal(tokenTime(opaque), null);
    const long = Buffer.from(BSON.serialize({ _data: Buffer.from(BSON.serialize({ s: 'y'.repeat(117) })).toString('hex') }));
    assert.equal(BSON.deserialize(long)['_data'].slice(0, 2), '82');
    assert.equal(tokenTime(long), null);
    assert.equal(tokenTime(Buffer.from(BSON.serialize({ _data: 5 }))), null);
  });
});

describe('how far a change stream is', () => {
  const replicaSet = { oneOplog: true, sameMember: true };
  const view = (increment: number, asked = 0) => ({ readAt: at(increment), asked });

  test('an event tells of what is before its time, since others may share it', () => {
    const reach = new StreamReach(replicaSet, nowhere);
    reach.event(at(5));
    reach.answered(reach.ask(), tokenAt(5), false);
    assert.deepEqual([reach.isPast(view(4)), reach.isPast(view(5))], [true, false]);
    assert.equal(reach.brought, at(5));
  });

  test('an answer without an event tells of its token’s time too, where there is one oplog', () => {
    const reach = new StreamReach(replicaSet, nowhere);
    reach.answered(reach.ask(), tokenAt(5), true);
    assert.deepEqual([reach.isPast(view(5)), reach.isPast(view(6))], [true, false]);
    const sharded = new StreamReach({ oneOplog: false, sameMember: true }, nowhere);
    sharded.answered(sharded.ask(), tokenAt(5), true);
    assert.deepEqual([sharded.isPast(view(4)), sharded.isPast(view(5))], [true, false]);
  });

  test('where tokens tell no time, a question that was sent behind the reading and found nothing does', () => {
    const reach = new StreamReach(replicaSet, nowhere);
    const question = reach.ask();
    const read = view(9, reach.asked);
    reach.answered(question, opaque, true);
    assert.equal(reach.isPast(read), false, 'it was sent before');
    reach.answered(reach.ask(), opaque, false);
    assert.equal(reach.isPast(read), false, 'it found something');
    reach.answered(reach.ask(), opaque, true);
    assert.equal(reach.isPast(read), true);
    const elsewhere = new StreamReach({ oneOplog: true, sameMember: false }, nowhere);
    elsewhere.answered(elsewhere.ask(), opaque, true);
    assert.equal(elsewhere.isPast(view(9)), false, 'another member may not have what the reader saw');
    const timed = new StreamReach(replicaSet, nowhere);
    timed.answered(timed.ask(), tokenAt(5), true);
    assert.equal(timed.isPast(view(9)), false, 'MongoDB’s tokens tell it themselves');
  });

  test('what was brought before a restart must be seen too', () => {
    assert.equal(new StreamReach(replicaSet, { ...nowhere, token: tokenAt(3) }).brought, at(3));
    assert.equal(new StreamReach(replicaSet, { ...nowhere, clusterTime: { seconds: second, increment: 4 } }).brought, at(4));
    assert.equal(new StreamReach(replicaSet, { ...nowhere, token: opaque }).brought, 0n);
  });
});
