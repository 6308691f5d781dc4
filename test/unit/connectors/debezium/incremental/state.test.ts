import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IncrementalState } from '../../../../../connectors/debezium/incremental/state.ts';

const stock = { name: 'public.stock', filter: null, surrogateKey: null, signal: 'ad-hoc-1' };
const pairs = { name: 'public.pairs', filter: 'b <> 2', surrogateKey: 'seq', signal: 'ad-hoc-1' };

function begun(): IncrementalState {
  const state = new IncrementalState();
  state.add([stock, pairs], 'ad-hoc-1', 1_000);
  state.begin(['11'], ['Integer']);
  state.advance(['3'], 3, ['Integer']);
  return state;
}

test('what is stored are Debezium’s keys, with ours beside them', () => {
  const { sluice_incremental_snapshot: own, ...offset } = begun().store();
  assert.deepEqual(own, { key: ['3'], maximum: ['11'], classes: ['Integer'], paused: false, rows: 3, chunks: 1, startedAtMs: 1_000 });
  assert.deepEqual(Object.keys(offset).sort(), [
    'incremental_snapshot_collections',
    'incremental_snapshot_correlation_id',
    'incremental_snapshot_maximum_key',
    'incremental_snapshot_primary_key',
  ]);
  assert.equal(offset['incremental_snapshot_correlation_id'], 'ad-hoc-1');
  assert.deepEqual(JSON.parse(String(offset['incremental_snapshot_collections'])), [
    {
      incremental_snapshot_collections_id: 'public.stock',
      incremental_snapshot_collections_additional_condition: null,
      incremental_snapshot_collections_surrogate_key: null,
      incremental_snapshot_collections_correlation_id: 'ad-hoc-1',
    },
    {
      incremental_snapshot_collections_id: 'public.pairs',
      incremental_snapshot_collections_additional_condition: 'b <> 2',
      incremental_snapshot_collections_surrogate_key: 'seq',
      incremental_snapshot_collections_correlation_id: 'ad-hoc-1',
    },
  ]);
});

test('a restart goes on from it, and so does one from Debezium’s own keys alone', () => {
  const offset = begun().store();
  const { sluice_incremental_snapshot: _, ...debezium } = offset;
  for (const stored of [offset, debezium]) {
    const state = new IncrementalState();
    assert.equal(state.restore(stored), true);
    assert.deepEqual([state.key, state.maximum, state.signal], [['3'], ['11'], 'ad-hoc-1']);
    assert.deepEqual(state.collections, [stock, pairs]);
  }
});

test('a key of a class that Debezium’s form does not have is ours alone; one that is not read begins its table again', () => {
  const state = begun();
  state.advance(['2020-01-01'], 1, [null]);
  const offset = state.store();
  assert.equal(offset['incremental_snapshot_primary_key'], undefined);
  assert.equal(offset['incremental_snapshot_maximum_key'], undefined);
  const restored = new IncrementalState();
  restored.restore(offset);
  assert.deepEqual(restored.key, ['2020-01-01']);
  const unread = new IncrementalState();
  const { sluice_incremental_snapshot: _, ...debezium } = begun().store();
  assert.equal(unread.restore({ ...debezium, incremental_snapshot_primary_key: 'aced0005757200' }), false);
  assert.deepEqual([unread.current, unread.key], [stock, null]);
});

test('nothing is stored where nothing is under way', () => {
  const state = begun();
  state.next();
  assert.deepEqual([state.current, state.key, state.maximum], [pairs, null, null]);
  state.next();
  assert.deepEqual(state.store(), {});
  const restored = new IncrementalState();
  assert.equal(restored.restore({ lsn: 7 }), true);
  assert.equal(restored.current, null);
});

test('a table that is taken out: the current one is left where it is, another one only loses its place', () => {
  const state = begun();
  assert.deepEqual(
    state.remove(name => name === 'public.pairs'),
    [pairs],
  );
  assert.deepEqual(state.key, ['3']);
  assert.deepEqual(
    state.remove(() => true),
    [stock],
  );
  assert.deepEqual([state.current, state.key], [null, null]);
});

test('where keys are not those of Debezium’s form, its offsets begin the table again, and ours go on', () => {
  const stored = new IncrementalState();
  stored.add([{ name: 'db.c', filter: null, surrogateKey: null, signal: 's' }], 's', 1);
  stored.begin(['9'], ['Integer']);
  stored.advance(['5'], 5, ['Integer']);
  const { sluice_incremental_snapshot: own, ...ofDebezium } = stored.store();
  const taken = new IncrementalState(false);
  assert.equal(taken.restore(ofDebezium), false);
  assert.deepEqual([taken.current?.name, taken.key, taken.maximum], ['db.c', null, null]);
  assert.equal(taken.restore({ ...ofDebezium, sluice_incremental_snapshot: own! }), true);
  assert.deepEqual(taken.key, ['5']);
});
