import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schemaNameAdjuster } from '../../../../connectors/debezium/name-adjustment.ts';
import { TransactionMetadata } from '../../../../connectors/debezium/transaction-metadata.ts';
import { type ConnectRecord, Struct } from '../../../../src/contract/index.ts';

const make = () => new TransactionMetadata('srv.transaction', schemaNameAdjuster('none'));

/** Status, id, event count and counts by collection of a record. */
function shown({ value }: ConnectRecord) {
  assert.ok(value instanceof Struct);
  const collections = value.get('data_collections');
  const counts = Array.isArray(collections) ? collections.map(item => (item instanceof Struct ? item.values : item)) : collections;
  return [value.get('status'), value.get('id'), value.get('event_count'), counts];
}

test('begin and end frame a transaction and count its events', () => {
  const metadata = make();
  const records: ConnectRecord[] = [];
  metadata.begin(records, '7', '7:100', 1n);
  assert.deepEqual(metadata.event('public.a').values, ['7:100', 1n, 1n]);
  metadata.at('7:200');
  assert.deepEqual(metadata.event('public.b').values, ['7:200', 2n, 1n]);
  assert.deepEqual(metadata.event('public.a').values, ['7:200', 3n, 2n]);
  metadata.end(records, '7:300', 1n);
  assert.deepEqual(records.map(shown), [
    ['BEGIN', '7:100', null, null],
    [
      'END',
      '7:300',
      3n,
      [
        ['public.a', 2n],
        ['public.b', 1n],
      ],
    ],
  ]);
});

test('a transaction without events is announced with none', () => {
  const metadata = make();
  const records: ConnectRecord[] = [];
  metadata.begin(records, '7', '7:100', 1n);
  metadata.end(records, '7:200', 1n);
  assert.deepEqual(records.map(shown)[1], ['END', '7:200', 0n, []]);
});

test('counting goes on after a restart in the middle, without a second begin', () => {
  const first = make();
  first.begin([], '7', '7:100', 1n);
  first.event('public.a');
  first.event('public.b.c');
  const offset = first.store();
  assert.deepEqual(offset, {
    transaction_id: '7',
    'transaction_data_collection_order_public.a': 1,
    'transaction_data_collection_order_public.b.c': 1,
  });
  const second = make();
  second.restore(JSON.parse(JSON.stringify({ ...offset, lsn: 5 })));
  const records: ConnectRecord[] = [];
  second.begin(records, '7', '7:100', 1n);
  assert.deepEqual(records, []);
  assert.deepEqual(second.event('public.a').values, ['7:100', 3n, 2n]);
});

test('another transaction than the restored one begins anew', () => {
  const metadata = make();
  metadata.restore({ transaction_id: '7', 'transaction_data_collection_order_public.a': 4 });
  const records: ConnectRecord[] = [];
  metadata.begin(records, '8', '8:1', 1n);
  assert.equal(records.length, 1);
  assert.deepEqual(metadata.event('public.a').values, ['8:1', 1n, 1n]);
});

test('between transactions there is nothing to store and nothing to end', () => {
  const metadata = make();
  assert.deepEqual(metadata.store(), {});
  const records: ConnectRecord[] = [];
  metadata.end(records, '7:1', 1n);
  assert.deepEqual(records, []);
});
