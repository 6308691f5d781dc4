import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KnownTables } from '../../../../connectors/debezium/known-tables.ts';

const partition = { server: 'srv' };

test('what was captured before is known from what is stored', () => {
  const first = new KnownTables(partition, [{ partition, offset: { lsn: 1 } }]);
  assert.deepEqual(first.added(['a', 'b']), [], 'nothing is stored: nothing is new');
  first.set(['a', 'b']);
  const stored = first.take();
  assert.deepEqual(first.take(), [], 'owed once');
  const second = new KnownTables(partition, [{ partition, offset: { lsn: 1 } }, ...structuredClone(stored)]);
  assert.deepEqual(second.added(['a', 'c']), ['c']);
  second.set(['b', 'a']);
  assert.deepEqual(second.take(), [], 'the same tables');
  second.add('a');
  assert.deepEqual(second.take(), []);
  second.add('c');
  const third = new KnownTables(partition, second.take());
  assert.deepEqual(third.added(['a', 'b', 'c', 'd']), ['d']);
  third.set(['a']);
  assert.deepEqual(new KnownTables(partition, third.take()).added(['a', 'b']), ['b'], 'left out and put back');
});

test('an offset that was deleted tells nothing', () => {
  const [kept] = (() => {
    const known = new KnownTables(partition, []);
    known.set([]);
    return known.take();
  })();
  assert.deepEqual(new KnownTables(partition, [kept!]).added(['a']), ['a'], 'no table is an answer, too');
  assert.deepEqual(new KnownTables(partition, [{ partition: kept!.partition, offset: null }]).added(['a']), []);
});
