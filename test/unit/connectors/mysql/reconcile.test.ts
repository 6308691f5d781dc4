import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnTypes } from '../../../../connectors/mysql/binlog/event-types.ts';
import type { BinlogColumn } from '../../../../connectors/mysql/binlog/table-map.ts';
import { textReading } from '../../../../connectors/mysql/collations.ts';
import { TableModels } from '../../../../connectors/mysql/ddl/table-models.ts';
import type { ColumnModel } from '../../../../connectors/mysql/table-model.ts';

const reading = textReading([
  { id: 8, charset: 'latin1' },
  { id: 33, charset: 'utf8mb3' },
  { id: 63, charset: 'binary' },
  { id: 255, charset: 'utf8mb4' },
]);
const id = { catalog: 'db', schema: '', table: 't' };

function column(type: keyof typeof columnTypes, settings: Partial<BinlogColumn> = {}): BinlogColumn {
  return {
    type: columnTypes[type],
    size: 0,
    scale: 0,
    nullable: true,
    unsigned: null,
    collation: null,
    name: null,
    members: null,
    geometryType: null,
    vectorDimensions: null,
    visible: null,
    ...settings,
  };
}

function modelsOf(...statements: readonly string[]): TableModels {
  const models = new TableModels({ server: 'mysql', includeComments: false, lowerCaseNames: false });
  models.apply('SET character_set_server=utf8mb4', '');
  for (const sql of statements) models.apply(sql, 'db');
  return models;
}

/** What the binlog corrected of the one column of `create table t (a DEFINITION)`. */
function corrected(definition: string, found: BinlogColumn): Partial<ColumnModel> {
  const models = modelsOf(`create table t (a ${definition})`);
  const before = models.table(id)!.columns[0]!;
  const [after] = models.reconcile(id, { columns: [found], primaryKey: null, full: found.name !== null }, reading).columns;
  return Object.fromEntries(Object.entries(after!).filter(([key, value]) => before[key as keyof ColumnModel] !== value));
}

test('without names, what the binlog says of a column of the same type corrects it', () => {
  assert.deepEqual(corrected('int', column('LONG', { unsigned: false })), {});
  assert.deepEqual(corrected('int', column('LONG', { unsigned: true })), { typeName: 'INT UNSIGNED', typeExpression: 'INT UNSIGNED' });
  assert.deepEqual(corrected('int unsigned zerofill', column('LONG', { unsigned: false })), { typeName: 'INT', typeExpression: 'INT' });
  assert.deepEqual(corrected('decimal(8,2)', column('NEWDECIMAL', { size: 10, scale: 4 })), { length: 10, scale: 4 });
  assert.deepEqual(corrected('bit(3)', column('BIT', { size: 5 })), { length: 5 });
  assert.deepEqual(corrected('timestamp', column('TIMESTAMP2', { size: 0 })), {});
  assert.deepEqual(corrected('datetime', column('DATETIME2', { size: 6 })), { length: 6 });
  assert.deepEqual(corrected('varchar(9)', column('VARCHAR', { size: 9, collation: 8 })), { charsetName: 'latin1' });
  // Another name of the same, and a collation nobody knows.
  assert.deepEqual(corrected('varchar(9) charset utf8', column('VARCHAR', { size: 27, collation: 33 })), {});
  assert.deepEqual(corrected('text', column('BLOB', { size: 2, collation: 9_999 })), {});
  assert.deepEqual(corrected('int not null', column('LONG', { nullable: true })), { optional: true });
  assert.deepEqual(corrected('int', column('LONG', { nullable: false })), {}, 'the DDL’s word where nobody doubts it');
});

test('with names, the values of an ENUM are the binlog’s, in its character set', () => {
  const members = [Buffer.from('a'), Buffer.from([0xe4]), Buffer.from("it's")];
  assert.deepEqual(corrected("enum('a')", column('ENUM', { size: 1, name: 'a', members, collation: 8 })), {
    charsetName: 'latin1',
    enumValues: ["'a'", "'ä'", "'it''s'"],
  });
  assert.deepEqual(
    corrected(
      String.raw`enum('a\'b ','c')`,
      column('ENUM', { size: 1, name: 'a', members: [Buffer.from("a'b"), Buffer.from('c')], collation: 255 }),
    ),
    {},
  );
});

test('with names, columns are found wherever they are; those that are new or another type are made', () => {
  const models = modelsOf("create table t (a int primary key, b varchar(9) default 'x', c int)", 'alter table t add column');
  const table = models.reconcile(
    id,
    {
      columns: [
        column('VARCHAR', { name: 'B', size: 36, collation: 255 }),
        column('JSON', { name: 'c', size: 4 }),
        column('LONGLONG', { name: 'd', unsigned: true, nullable: false }),
        column('BLOB', { name: 'e', size: 3, collation: 8 }),
        column('STRING', { name: 'f', size: 5, collation: 63 }),
      ],
      primaryKey: [2],
      full: true,
    },
    reading,
  );
  assert.deepEqual(
    table.columns.map(({ name, typeName, position, optional, charsetName, defaultValueExpression }) => [
      name,
      typeName,
      position,
      optional,
      charsetName,
      defaultValueExpression,
    ]),
    [
      ['b', 'VARCHAR', 1, true, 'utf8mb4', 'x'],
      ['c', 'JSON', 2, true, null, null],
      ['d', 'BIGINT UNSIGNED', 3, false, null, null],
      ['e', 'MEDIUMTEXT', 4, true, 'latin1', null],
      ['f', 'BINARY', 5, true, null, null],
    ],
  );
  assert.deepEqual(table.primaryKeyColumnNames, ['d']);
  assert.equal(models.table(id), table, 'what was corrected is what is known from now on');
  assert.equal(
    models.reconcile(id, { columns: [column('VARCHAR', { name: 'b', size: 36, collation: 255 })], primaryKey: [], full: true }, reading)
      .columns.length,
    1,
  );
});

test('without names, a table that does not fit stops with its name, the reason and the remedy', () => {
  const shape = (...columns: readonly BinlogColumn[]) => ({ columns, primaryKey: null, full: false });
  const fault = (models: TableModels, ...columns: readonly BinlogColumn[]) => {
    try {
      models.reconcile(id, shape(...columns), reading);
    } catch (error) {
      const { code, message, remedy } = error as { code: string; message: string; remedy: string };
      assert.equal(code, 'SCHEMA_UNKNOWN');
      assert.match(remedy, /binlog_row_metadata=FULL/);
      return message;
    }
    return assert.fail('it fits');
  };
  assert.match(fault(modelsOf(), column('LONG')), /table db\.t are not known: the schema history does not have it/);
  assert.match(
    fault(modelsOf('create table t (a int)'), column('LONG'), column('LONG')),
    /rows have 2 columns, as far as its DDL was read it has 1/,
  );
  assert.match(
    fault(modelsOf('create table t (a int)', 'alter table t add'), column('VARCHAR')),
    /column a is a INT .* could not be read: The statement ends/,
  );
});

test('what MariaDB adds to the rows of a table with a long unique key is no column of it', () => {
  const models = new TableModels({ server: 'mariadb', includeComments: false, lowerCaseNames: false });
  models.apply('create table t (a text unique)', 'db');
  const model = models.table(id);
  const hash = column('LONGLONG', { unsigned: true, name: 'DB_ROW_HASH_1' });
  const named = { columns: [column('BLOB', { size: 2, name: 'a' }), hash], primaryKey: [], full: true };
  assert.equal(models.reconcile(id, named, reading), model);
  const unnamed = { columns: named.columns.map(each => ({ ...each, name: null })), primaryKey: null, full: false };
  assert.equal(models.reconcile(id, unnamed, reading), model);
});
