import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../../src/contract/index.ts';
import { isReached } from '../../../src/engine/position-order.ts';

const uuid = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const other = '4e11fa47-71ca-11e1-9e33-c80aa9429562';

test('a Postgres position is reached when all before it is confirmed', () => {
  const offset = { lsn: 1, sluice_confirmed_lsn: Number(0x1_0000_0010n) };
  assert.deepEqual(
    ['1/10', '1/f', '0/FFFFFFFF', '1/11', '2/0'].map(position => isReached(offset, position)),
    [true, true, true, false, false],
  );
  assert.equal(isReached({ ...offset, snapshot_completed: false }, '0/1'), false);
});

test('a place in a binlog is reached in its file or a later one', () => {
  const offset = { file: 'bin.000009', pos: 400, gtids: `${uuid}:1-5` };
  assert.deepEqual(
    ['bin.000009:400', 'bin.000009:401', 'bin.000008:999', 'bin.000010:4'].map(position => isReached(offset, position)),
    [true, false, true, false],
  );
});

test('a GTID set is reached when every transaction in it is there', () => {
  const offset = { file: 'bin.000009', pos: 400, gtids: `${uuid}:1-5:8-9,${other}:1-2` };
  assert.deepEqual(
    [`${uuid}:5`, `${uuid}:1-5:9`, `${uuid}:6`, `${uuid}:4-8`, `${other.toUpperCase()}:1-2`, `${uuid}:1, ${other}:3`].map(position =>
      isReached(offset, position),
    ),
    [true, true, false, false, true, false],
  );
  const mariadb = { file: 'bin.000009', pos: 400, gtids: '0-1-100,1-2-7' };
  assert.deepEqual(
    ['0-1-100', '0-3-99', '0-1-101', '2-1-1'].map(position => isReached(mariadb, position)),
    [true, true, false, false],
  );
});

test('a cluster time is reached with its second and increment', () => {
  const offset = { sec: 100, ord: 3 };
  assert.deepEqual(
    ['100:3', '100', '100:4', '99:9', '101'].map(position => isReached(offset, position)),
    [true, true, false, true, false],
  );
});

test('what such an offset cannot be held against is refused', () => {
  for (const position of ['', 'x', '0/', 'bin.000009'])
    assert.throws(
      () => isReached({ sluice_confirmed_lsn: 5 }, position),
      (error: unknown) => error instanceof SluiceError && error.code === 'BAD_REQUEST',
    );
});
