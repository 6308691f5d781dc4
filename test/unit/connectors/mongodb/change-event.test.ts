import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BSON, type Document } from 'mongodb';
import { readEvent, SplitEvents } from '../../../../connectors/mongodb/change-event.ts';
import { positionOffset, readPosition } from '../../../../connectors/mongodb/position.ts';

const eventOf = (document: Document) => readEvent(Buffer.from(BSON.serialize(document)));

describe('Change events', () => {
  test('parts of a split event are put together; the last one’s token is the whole’s', () => {
    const split = new SplitEvents();
    const first = eventOf({
      _id: { _data: '1' },
      operationType: 'update',
      ns: { db: 'a', coll: 'b' },
      splitEvent: { fragment: 1, of: 2 },
      documentKey: { _id: 1 },
    });
    const second = eventOf({ _id: { _data: '2' }, splitEvent: { fragment: 2, of: 2 }, fullDocument: { _id: 1 } });
    assert.equal(split.whole(first), null);
    assert.ok(split.open);
    const whole = split.whole(second);
    assert.deepEqual([whole?.operation, whole?.database, whole?.collection], ['update', 'a', 'b']);
    assert.deepEqual(whole?.token && BSON.deserialize(whole.token), { _data: '2' });
    assert.ok(whole?.fullDocument && whole.documentKey);
    assert.ok(!split.open);
  });

  test('a missing part is a fault', () => {
    const part = (fragment: number) => eventOf({ _id: { _data: 'x' }, splitEvent: { fragment, of: 3 } });
    const split = new SplitEvents();
    split.whole(part(1));
    assert.throws(() => split.whole(part(3)), { code: 'MALFORMED_MESSAGE' });
    const other = new SplitEvents();
    other.whole(part(1));
    assert.throws(() => other.whole(eventOf({ _id: { _data: 'y' }, operationType: 'insert' })), { code: 'MALFORMED_MESSAGE' });
  });
});

describe('Offsets', () => {
  const partition = { server_id: 'srv' };
  const token = Buffer.from(BSON.serialize({ _data: '82ab' }));

  test('are Debezium’s own map, and read back', () => {
    const position = { token, clusterTime: { seconds: 5, increment: 6 }, lsid: '{"id": 1}', txnNumber: 7n };
    const { offset } = positionOffset(partition, position, false, {});
    assert.deepEqual(offset, { sec: 5, ord: 6, lsid: '{"id": 1}', txnNumber: 7, resume_token: token.toString('base64') });
    assert.deepEqual(readPosition(offset!).position, position);
    assert.equal(readPosition(offset!).snapshotCompleted, true);
    assert.equal(readPosition(positionOffset(partition, position, true, {}).offset!).snapshotCompleted, false);
  });

  test('a token of an older Debezium is the text within', () => {
    const { position } = readPosition({ sec: 1, ord: 1, resume_token: '8263BEEF00000001' });
    assert.deepEqual(position.token && BSON.deserialize(position.token), { _data: '8263BEEF00000001' });
  });
});
