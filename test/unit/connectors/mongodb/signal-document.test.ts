import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BSON, type Document, ObjectId, UUID } from 'mongodb';
import { shownId } from '../../../../connectors/mongodb/shown-id.ts';
import { readSignalDocument } from '../../../../connectors/mongodb/signal-document.ts';
import { idText } from '../../../../connectors/mongodb/snapshot-collection.ts';

const read = (document: Document) => readSignalDocument(Buffer.from(BSON.serialize(document)));

test('a signal is read by the places of its three fields; its data is a document or JSON', () => {
  const data = { 'data-collections': ['db.c'], type: 'incremental' };
  const json = JSON.stringify(data);
  assert.deepEqual(read({ _id: 's', type: 'execute-snapshot', data: json }), { id: 's', type: 'execute-snapshot', data: json });
  const nested = read({ _id: 5, type: 'execute-snapshot', payload: data });
  assert.equal(nested?.id, '5');
  assert.deepEqual(JSON.parse(nested?.data ?? ''), data);
  const _id = new ObjectId();
  assert.deepEqual(read({ _id, type: 'pause-snapshot', data: null }), { id: _id.toHexString(), type: 'pause-snapshot', data: null });
  assert.deepEqual(read({ type: 'log', data: '{}', _id: 's' }), { id: 's', type: 'log', data: '{}' });
  assert.equal(read({ a: 's', type: 'log', data: '{}' }), null);
  assert.equal(read({ _id: 's', type: 'log' }), null);
  assert.equal(read({ _id: 's', type: 'log', data: '{}', more: 1 }), null);
  assert.equal(read({ _id: 's', type: 5, data: '{}' }), null);
});

test('ids are shown as Java’s toString gives them', () => {
  const shown = (_id: unknown) => shownId(idText(Buffer.from(BSON.serialize({ _id }))));
  const [id, uuid] = [new ObjectId(), new UUID()];
  assert.deepEqual([id, uuid, 'a b', 7, 1.5].map(shown), [id.toHexString(), uuid.toString(), 'a b', '7', '1.5']);
  assert.equal(shown({ part: 1 }), '{"part": 1}');
});
