import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockingSnapshots } from '../../../../../connectors/debezium/incremental/blocking-snapshots.ts';

const snapshots = () => new BlockingSnapshots(() => 5_000);
const table = (name: string) => ({ name, filter: null });

test('a request is in the offset until it is over, and goes on after a restart', () => {
  const first = snapshots();
  assert.deepEqual([first.store(), first.progress, first.next], [{}, null, null]);
  first.add('one', [table('a'), { name: 'b', filter: 'x > 1' }], [{ name: 'a', rowsEstimated: 7 }]);
  first.add('two', [table('c')], []);
  first.begin();
  const second = snapshots();
  second.restore(JSON.parse(JSON.stringify(first.store())));
  assert.equal(second.changed, true, 'a batch is owed, so that it goes on by itself');
  assert.deepEqual(second.next, { id: 'one', begun: true, tables: [table('a'), { name: 'b', filter: 'x > 1' }] });
  second.end(null);
  assert.deepEqual([second.next?.id, second.next?.begun, second.progress?.state], ['two', false, 'running']);
  second.end(null);
  assert.deepEqual([second.store(), second.progress?.state, second.progress?.endsAtMs], [{}, 'finished', 5_000]);
});

test('its progress, and what was left out', () => {
  const blocking = snapshots();
  blocking.add('one', [table('a'), table('b')], [{ name: 'a', rowsEstimated: 7 }]);
  blocking.begin();
  blocking.mark('a', 'reading');
  blocking.mark('a', 'done', 8);
  assert.deepEqual([blocking.progress?.id, blocking.progress?.rows], ['one', 8]);
  blocking.end('refused');
  assert.deepEqual(blocking.progress?.tables, [
    { name: 'a', state: 'done', rows: 8, rowsEstimated: 7, reason: null },
    { name: 'b', state: 'skipped', rows: 0, rowsEstimated: null, reason: 'refused' },
  ]);
  blocking.add('two', [table('c')], []);
  assert.deepEqual(
    blocking.progress?.tables.map(({ name, state }) => [name, state]),
    [['c', 'waiting']],
  );
});
