import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MysqlGtidSet } from '../../../../connectors/mysql/gtid.ts';
import { MariadbGtidSet } from '../../../../connectors/mysql/mariadb-gtid.ts';

const a = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const b = '4e11fa47-71ca-11e1-9e33-c80aa9429562';

const sources = [a, b, `${a}:blue`, `${b}:red`];
const gtid = fc.tuple(fc.constantFrom(...sources), fc.integer({ min: 1, max: 40 })).map(([source, number]) => `${source}:${number}`);
const gtids = fc.uniqueArray(gtid, { maxLength: 60 });
const setOf = (list: readonly string[]) => list.reduce((set, each) => set.with(each), MysqlGtidSet.empty);

describe('sets of MySQL’s GTIDs', () => {
  test('are read and written as the server writes them', () => {
    for (const text of ['', `${a}:1`, `${a}:1-5:7:9-10`, `${a}:1-3:blue:1:red:4-5,${b}:1`])
      assert.equal(String(MysqlGtidSet.parse(text)), text);
    assert.equal(String(MysqlGtidSet.parse(`${b}:1, \n${a.toUpperCase()}:3-4:1-2`)), `${a}:1-4,${b}:1`);
  });

  test('what is no set is refused', () => {
    for (const text of ['x', `${a}:0`, `${a}:1-2-3`, `${a}:-1`, '1:1'])
      assert.throws(() => MysqlGtidSet.parse(text), { code: 'CONFIG_INVALID' });
  });

  test('behave as sets do', () => {
    fc.assert(
      fc.property(gtids, gtids, (left, right) => {
        const [one, other] = [setOf(left), setOf(right)];
        assert.equal(String(MysqlGtidSet.parse(String(one))), String(one));
        assert.equal(String(one.union(other)), String(setOf([...left, ...right])));
        assert.equal(String(one.subtract(other)), String(setOf(left.filter(each => !right.includes(each)))));
        assert.equal(
          one.contains(other),
          right.every(each => left.includes(each)),
        );
        assert.equal(String(one.retain(uuid => uuid === a)), String(setOf(left.filter(each => each.startsWith(a)))));
      }),
    );
  });

  test('are sent with exclusive ends, and with tags in the form that has them', () => {
    assert.equal(
      MysqlGtidSet.parse(`${a}:1-5`).encode().toString('hex'),
      `0100000000000000${a.replaceAll('-', '')}010000000000000001000000000000000600000000000000`,
    );
    assert.equal(
      MysqlGtidSet.parse(`${a}:t:2`).encode().toString('hex'),
      `0101000000000001${a.replaceAll('-', '')}0274010000000000000002000000000000000300000000000000`,
    );
  });
});

describe('positions in MariaDB’s GTIDs', () => {
  test('keep the last of each domain and server, and give the server the last of each domain', () => {
    const set = MariadbGtidSet.parse('0-1-17,1-2-5').with('0-2-18').with('0-1-16');
    assert.equal(String(set), '0-1-17,0-2-18,1-2-5');
    assert.equal(set.position(), '0-2-18,1-2-5');
    assert.equal(String(set.retain(source => source === '0-1')), '0-1-17');
  });

  test('one is behind another where it is in every domain', () => {
    const set = MariadbGtidSet.parse('0-1-17,1-2-5');
    assert.ok(set.contains(MariadbGtidSet.parse('0-3-17')));
    assert.ok(!set.contains(MariadbGtidSet.parse('0-1-18')));
    assert.ok(!set.contains(MariadbGtidSet.parse('2-1-1')));
    assert.ok(set.contains(MariadbGtidSet.empty));
  });

  test('what is none is refused', () => {
    for (const text of ['x', '0-1', '0-1-2-3']) assert.throws(() => MariadbGtidSet.parse(text), { code: 'CONFIG_INVALID' });
  });
});
