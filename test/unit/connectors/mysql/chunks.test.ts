import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunkKeys, chunkSelect, keyClasses, lastKeySelect, plainTexts } from '../../../../connectors/mysql/chunk-select.ts';
import { isPast } from '../../../../connectors/mysql/chunk-view.ts';
import { TableModels } from '../../../../connectors/mysql/ddl/table-models.ts';
import { MysqlGtidSet } from '../../../../connectors/mysql/gtid.ts';
import type { TableModel } from '../../../../connectors/mysql/table-model.ts';
import { XaTransactions } from '../../../../connectors/mysql/xa-transactions.ts';

const collection = { name: 'shop.t', filter: null, surrogateKey: null, signal: 's' };

function tableOf(columns: string): TableModel {
  const models = new TableModels({ server: 'mysql', includeComments: false, lowerCaseNames: false });
  models.apply(`create table t(${columns}) default charset utf8mb4`, 'shop');
  return models.table({ catalog: 'shop', schema: '', table: 't' })!;
}

test('a table is read by its primary key, or by a surrogate key while its rows are told apart by the primary key', () => {
  const model = tableOf('a int unsigned, b varchar(10), u binary(16) not null, d date not null, n int, primary key (a, b)');
  const names = (surrogateKey: string | null) => {
    const { key, identity } = chunkKeys({ ...collection, surrogateKey }, model);
    return [key.map(({ name }) => name), identity.map(({ name }) => name)];
  };
  assert.deepEqual(names(null), [
    ['a', 'b'],
    ['a', 'b'],
  ]);
  assert.deepEqual(names('u'), [['u'], ['a', 'b']]);
  for (const unfit of ['d', 'n', 'none']) assert.throws(() => names(unfit), { code: 'SNAPSHOT_FAILED', status: 'NO_PRIMARY_KEY' });
  assert.throws(() => chunkKeys(collection, tableOf('n int')), /no primary key/);
  assert.throws(() => chunkKeys(collection, tableOf('d date primary key')), /neither an integer nor a text nor bytes/);
});

test('the classes of a key, as Java’s driver reads them', () => {
  const classes = (columns: string) => {
    const model = tableOf(`${columns}, primary key (k)`);
    return keyClasses(chunkKeys(collection, model).key, model)[0];
  };
  const found = ['tinyint', 'int', 'int unsigned', 'mediumint unsigned', 'bigint', 'bigint unsigned', 'char(3)', 'binary(3)'];
  assert.deepEqual(
    found.map(type => classes(`k ${type}`)),
    ['Integer', 'Integer', 'Long', 'Integer', 'Long', null, 'String', null],
  );
});

test('the statements: behind a key and up to another, so that the server goes by the key’s index', () => {
  const model = tableOf('a int, b binary(2), `v``w` int, primary key (a, b)');
  const keys = chunkKeys(collection, model);
  const readable = { model, readers: [null, null, null] } as const;
  const select = chunkSelect(readable, keys, { after: ['1', '00FF'], upTo: ['9', 'FFFF'] }, '1=1', 5);
  assert.equal(
    select,
    "SELECT `a`, HEX(`b`), `a`, HEX(`b`) FROM `shop`.`t` WHERE ((`a` < 9) OR (`a` = 9 AND `b` <= x'ffff'))" +
      " AND ((`a` > 1) OR (`a` = 1 AND `b` > x'00ff')) AND (1=1) ORDER BY `a`, `b` LIMIT 5",
  );
  assert.equal(
    lastKeySelect(model, keys.key, 'a > 3'),
    'SELECT `a`, HEX(`b`) FROM `shop`.`t` WHERE (a > 3) ORDER BY `a` DESC, `b` DESC LIMIT 1',
  );
  assert.deepEqual(plainTexts(keys.key, ['00042', '0A']), ['42', '0A'], 'as the binlog has them, without the zeros of ZEROFILL');
});

test('a stream is past a chunk once it has read all that stood in the binlog, or is done with the same GTIDs', () => {
  const model = tableOf('a int primary key');
  const view = (gtids: string | null) => ({ sees: () => true, end: { file: 'binlog.000010', position: 500, gtids }, model });
  const reached = (file: string, position: number, gtids: string | null = null) => ({ file, position, gtids: () => gtids });
  assert.equal(isPast(reached('binlog.000010', 499), view(null)), false);
  assert.equal(isPast(reached('binlog.000010', 500), view(null)), true);
  assert.equal(isPast(reached('binlog.000011', 4), view(null)), true);
  assert.equal(isPast(reached('binlog.000009', 900), view(null)), false);
  assert.equal(isPast(reached('', 0), view(null)), false, 'nothing was read yet');
  assert.equal(isPast(reached('binlog.000010', 4, '0-1-7'), view('0-1-7')), true);
  assert.equal(isPast(reached('binlog.000010', 4, '0-1-6'), view('0-1-7')), false);
});

test('rows of an XA transaction are seen where the commit is, which is another transaction', () => {
  const at = (position: number) => ({ gtid: null, file: 'binlog.000001', position });
  const xa = new XaTransactions();
  const sees = xa.visible(({ position }) => position < 50);
  const [prepared, rolledBack, onePhase, commit] = [at(10), at(20), at(30), at(40)];
  assert.equal(sees(prepared), true, 'an ordinary one so far');
  xa.statement("XA START X'61',X'',1", prepared);
  xa.statement("XA START X'62',X'',1", rolledBack);
  xa.statement("XA START X'63',X'',1", onePhase);
  assert.deepEqual([prepared, rolledBack, onePhase].map(sees), [false, false, false]);
  xa.committed(onePhase);
  xa.statement("XA COMMIT X'61',X'',1", commit);
  xa.statement("XA ROLLBACK X'62',X'',1", at(60));
  assert.deepEqual([prepared, rolledBack, onePhase].map(sees), [true, false, true]);
});

test('whether one GTID is in a set', () => {
  const uuid = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
  const set = MysqlGtidSet.parse(`${uuid}:1-5:7,${uuid}:tag:2`);
  const asked = [`${uuid}:5`, `${uuid}:6`, `${uuid}:7`, `${uuid}:tag:2`, `${uuid}:tag:1`, `${uuid.replace('3', '4')}:1`];
  assert.deepEqual(
    asked.map(gtid => set.includes(gtid)),
    [true, false, true, true, false, false],
  );
});
