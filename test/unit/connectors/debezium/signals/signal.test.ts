import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandCollections, readSignal } from '../../../../../connectors/debezium/signals/signal.ts';

const read = (type: string, data: unknown) => readSignal({ id: 's-1', type, data: typeof data === 'string' ? data : JSON.stringify(data) });

test('execute-snapshot: tables, conditions by pattern, a surrogate key', () => {
  const action = read('execute-snapshot', {
    'data-collections': [' public.orders ', 'public\\.item.*'],
    type: 'Incremental',
    'additional-conditions': [{ 'data-collection': 'PUBLIC.ITEMS', filter: 'price > 3' }],
    'surrogate-key': 'seq',
  });
  assert.equal(action.kind, 'execute');
  if (action.kind !== 'execute') return;
  assert.equal(action.type, 'incremental');
  assert.deepEqual(action.collections, ['public.orders', 'public\\.item.*']);
  assert.equal(action.surrogateKey, 'seq');
  assert.deepEqual(
    action.conditions.map(({ filter, matches }) => [filter, matches('public.items'), matches('public.orders')]),
    [['price > 3', true, false]],
  );
});

test('an execute-snapshot without a type is an incremental one', () => {
  const action = read('execute-snapshot', { 'data-collections': ['a.b'] });
  assert.deepEqual([action.kind, action.kind === 'execute' && action.type], ['execute', 'incremental']);
});

test('stop-snapshot without tables is for all of it', () => {
  assert.deepEqual(read('stop-snapshot', ''), { kind: 'stop', collections: null });
  assert.deepEqual(read('stop-snapshot', { 'data-collections': [] }), { kind: 'stop', collections: null });
  assert.deepEqual(read('stop-snapshot', { 'data-collections': ['a.b'], type: 'incremental' }), { kind: 'stop', collections: ['a.b'] });
});

test('pause, resume, log, and the watermarks between signals', () => {
  assert.deepEqual(read('pause-snapshot', '{}'), { kind: 'pause' });
  assert.deepEqual(read('resume-snapshot', ''), { kind: 'resume' });
  assert.deepEqual(read('log', { message: 'at {}' }), { kind: 'log', message: 'at {}' });
  assert.deepEqual(read('snapshot-window-open', 'no JSON'), { kind: 'watermark' });
  assert.deepEqual(read('snapshot-window-close', ''), { kind: 'watermark' });
});

test('what cannot be followed tells why, without its data', () => {
  const faults = [
    read('execute-snapshot', 'secret'),
    read('execute-snapshot', {}),
    read('execute-snapshot', { 'data-collections': ['a.b', 7] }),
    read('execute-snapshot', { 'data-collections': ['a.b'], type: 'initial' }),
    read('execute-snapshot', { 'data-collections': ['a('] }),
    read('execute-snapshot', { 'data-collections': ['a.b'], 'additional-conditions': [{ filter: 'x' }] }),
    read('execute-snapshot', { 'data-collections': ['a.b'], 'additional-condition': 'x' }),
    read('stop-snapshot', { 'data-collections': 'a.b' }),
    read('stop-snapshot', { type: 'blocking' }),
    read('log', {}),
    read('make-tea', {}),
  ];
  for (const fault of faults) {
    assert.equal(fault.kind, 'unfit');
    assert.doesNotMatch(JSON.stringify(fault), /secret/);
  }
});

test('patterns stand for the tables they match as a whole, in their own case; others for themselves', () => {
  const names = ['public.orders', 'public.items', 'other.items'];
  assert.deepEqual(expandCollections(['.*items', 'public.items', 'PUBLIC.ORDERS'], names), [
    'public.items',
    'other.items',
    'PUBLIC.ORDERS',
  ]);
  assert.deepEqual(expandCollections(['public.item'], names), ['public.item']);
});
