import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Value } from '../../../../src/contract/index.ts';
import { atOrBehind } from '../../../../src/engine/replay/source-position.ts';

const row = (fields: Readonly<Record<string, Value>>) => ({ schema: null, fields: new Map(Object.entries(fields)) });

test('Postgres: by the change’s LSN, or where the transaction before it was committed', () => {
  const is = atOrBehind('0/1000');
  assert.equal(is(row({ lsn: 0x0fffn, sequence: '["1","2"]' })), false);
  assert.equal(is(row({ lsn: 0x1000n, sequence: '["1","2"]' })), true);
  assert.equal(is(row({ lsn: 0x1000 })), true);
  assert.equal(is(row({ lsn: 0x0f00n, sequence: '["4096","2"]' })), true);
  assert.equal(is(row({ file: 'x.1', pos: 4n })), null);
});

test('MySQL: by file and place, or by what a GTID set does not have', () => {
  const is = atOrBehind('bin.000003:100');
  const at = (file: string, pos: bigint) => is(row({ file, pos }));
  assert.deepEqual(
    [at('bin.000003', 99n), at('bin.000003', 100n), at('bin.000010', 4n), at('bin.000002', 999n)],
    [false, true, true, false],
  );
  assert.equal(at('other.000003', 100n), null);
  const uuid = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
  const behind = atOrBehind(`${uuid}:1-5:7`);
  const gtid = (text: string | null) => behind(row({ gtid: text }));
  assert.deepEqual([gtid(`${uuid}:5`), gtid(`${uuid}:6`), gtid(`${uuid}:7`), gtid(null)], [false, true, false, false]);
  assert.equal(gtid('4e11fa47-71ca-11e1-9e33-c80aa9429562:1'), true);
  const mariadb = atOrBehind('0-1-270');
  assert.deepEqual(
    ['0-1-270', '0-2-271', '0-1-12', '1-1-1'].map(text => mariadb(row({ gtid: text }))),
    [false, true, false, true],
  );
});

test('MongoDB: by cluster time', () => {
  const is = atOrBehind('1700000000:3');
  const at = (seconds: number, ord: number) => is(row({ ts_ms: BigInt(seconds) * 1000n, ord: BigInt(ord) }));
  assert.deepEqual([at(1700000000, 2), at(1700000000, 3), at(1700000001, 1), at(1699999999, 9)], [false, true, true, false]);
});
