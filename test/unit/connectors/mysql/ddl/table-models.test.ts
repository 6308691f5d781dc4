import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TableModels } from '../../../../../connectors/mysql/ddl/table-models.ts';
import type { ColumnModel, TableModel } from '../../../../../connectors/mysql/table-model.ts';

const id = (table: string) => ({ catalog: 'db', schema: '', table });

function modelsOf(server: 'mysql' | 'mariadb', ...statements: readonly string[]): TableModels {
  const models = new TableModels({ server, includeComments: true, lowerCaseNames: false });
  models.apply('SET character_set_server=utf8mb4', '');
  for (const sql of statements) assert.deepEqual(models.apply(sql, 'db').unreadable, [], sql);
  return models;
}

function tableOf(server: 'mysql' | 'mariadb', ...statements: readonly string[]): TableModel {
  const table = modelsOf(server, ...statements).table(id('t'));
  assert.ok(table !== null);
  return table;
}

function columnOf(definition: string, server: 'mysql' | 'mariadb' = 'mysql'): ColumnModel {
  return tableOf(server, `create table t (c ${definition})`).columns[0]!;
}

test('types have the names, lengths and JDBC types that Debezium’s parser gives them', () => {
  // definition, typeName, jdbcType, length, scale
  const types: readonly (readonly [string, string, number, number | null, number | null])[] = [
    ['int', 'INT', 4, null, null],
    ['INTEGER(11) UNSIGNED', 'INTEGER UNSIGNED', 4, 11, null],
    ['tinyint(1)', 'TINYINT', 5, 1, null],
    ['smallint zerofill', 'SMALLINT UNSIGNED ZEROFILL', 5, null, null],
    ['bigint signed', 'BIGINT SIGNED', -5, null, null],
    ['mediumint', 'MEDIUMINT', 4, null, null],
    ['decimal', 'DECIMAL', 3, 10, 0],
    ['decimal(12)', 'DECIMAL', 3, 12, 0],
    ['decimal(0)', 'DECIMAL', 3, 10, 0],
    ['numeric(5,2) unsigned', 'NUMERIC UNSIGNED', 2, 5, 2],
    ['float', 'FLOAT', 6, null, null],
    ['float(7,3)', 'FLOAT', 6, 7, 3],
    ['double precision(10,4)', 'DOUBLE PRECISION', 8, 10, 4],
    ['real', 'REAL', 7, null, null],
    ['bit', 'BIT', -7, 1, null],
    ['bit(9)', 'BIT', -7, 9, null],
    ['bool', 'BOOL', 16, null, null],
    ['boolean', 'BOOLEAN', 16, null, null],
    ['char', 'CHAR', 1, null, null],
    ['varchar(20) binary', 'VARCHAR BINARY', 12, 20, null],
    ['character varying(5)', 'CHARACTER VARYING', 12, 5, null],
    ['long varchar character set latin1', 'LONG VARCHAR', 12, null, null],
    ['nchar', 'NCHAR', -15, 1, null],
    ['national varchar(8)', 'NATIONAL VARCHAR', -9, 8, null],
    ['national character varying(8)', 'NATIONAL CHARACTER VARYING', -9, 8, null],
    ['text', 'TEXT', 12, null, null],
    ['longblob', 'LONGBLOB', 2004, null, null],
    ['varbinary(9)', 'VARBINARY', -3, 9, null],
    ['date', 'DATE', 91, null, null],
    ['time(3)', 'TIME', 92, 3, null],
    ['datetime(0)', 'DATETIME', 93, 0, null],
    ['timestamp(6)', 'TIMESTAMP', 2014, 6, null],
    ['year(4)', 'YEAR', 4, 4, null],
    ["enum('a','b,c','it''s')", 'ENUM', 1, 1, null],
    ["set('a','b','c')", 'SET', 1, 5, null],
    ['json', 'JSON', 1111, null, null],
    ['geometrycollection', 'GEOMETRYCOLLECTION', 1111, null, null],
    ['serial', 'BIGINT UNSIGNED', -5, null, null],
  ];
  for (const [definition, typeName, jdbcType, length, scale] of types) {
    const column = columnOf(definition);
    assert.deepEqual([column.typeName, column.jdbcType, column.length, column.scale], [typeName, jdbcType, length, scale], definition);
  }
  assert.deepEqual(columnOf("enum('a','b,c','it''s')").enumValues, ["'a'", "'b,c'", "'it''s'"]);
  assert.equal(columnOf('uuid', 'mariadb').typeName, 'UUID');
});

test('defaults are as Debezium has them: literals as written, the present as the epoch, expressions as NULL', () => {
  const defaults: readonly (readonly [string, boolean, string | null])[] = [
    ['int', true, null],
    ['int not null', false, null],
    ['int default -5', true, '-5'],
    ["varchar(9) not null default 'it''s'", true, "it''s"],
    ["varchar(9) default _utf8mb4'a' 'b' collate utf8mb4_bin", true, 'ab'],
    ['varchar(9) default "x"', true, 'x'],
    ['bool not null default true', true, 'true'],
    ["bit(3) default b'101'", true, '101'],
    ['bit(3) default 0b101', true, '101'],
    ["int default x'0F'", true, '0F'],
    ['timestamp not null default current_timestamp on update current_timestamp', true, '1970-01-01 00:00:00'],
    ['datetime(3) default now(3)', true, '1970-01-01 00:00:00'],
    ['int not null default (1 + (2 * 3))', true, null],
    ['double default 1.5e3', true, '1.5e3'],
    ["date default date'2020-01-02'", true, "date'2020-01-02'"],
  ];
  for (const [definition, has, expression] of defaults) {
    const column = columnOf(definition);
    assert.deepEqual([column.hasDefaultValue, column.defaultValueExpression], [has, expression], definition);
  }
  const uuid = columnOf('varchar(36) default uuid() comment "of MariaDB"', 'mariadb');
  assert.deepEqual([uuid.hasDefaultValue, uuid.defaultValueExpression, uuid.comment], [true, null, 'of MariaDB']);
});

test('a column’s character set is its own, its collation’s, the table’s, the database’s or the server’s', () => {
  const charsets = (...statements: readonly string[]) => tableOf('mysql', ...statements).columns.map(({ charsetName }) => charsetName);
  assert.deepEqual(charsets('create table t (a text, b int, c char(3) charset latin1, d text collate gbk_bin, e json)'), [
    ...['utf8mb4', null, 'latin1', 'gbk', null],
  ]);
  assert.deepEqual(charsets('create table t (a text, b nchar(2)) default character set = latin1'), ['latin1', 'utf8']);
  assert.deepEqual(charsets('create table t (a text) collate latin1_bin'), ['latin1']);
  assert.deepEqual(charsets('create database db character set gbk', 'create table t (a text)'), ['gbk']);
  assert.deepEqual(charsets('create database db collate gbk_bin', 'alter database db charset big5', 'create table t (a text)'), ['big5']);
  assert.deepEqual(charsets('create table t (a text)', 'alter table t charset latin1, add b text'), ['utf8mb4', 'latin1']);
  assert.deepEqual(charsets('create table t (a text, b int)', 'alter table t convert to character set latin1'), ['latin1', null]);
});

test('the key is the primary key, else the first unique one without NULLs', () => {
  const key = (...statements: readonly string[]) => tableOf('mysql', ...statements).primaryKeyColumnNames;
  assert.deepEqual(key('create table t (a int, b int, primary key (b, a))'), ['b', 'a']);
  assert.deepEqual(key('create table t (a int primary key, b int unique)'), ['a']);
  assert.deepEqual(key('create table t (a int, b int not null, unique key (a), unique key u using btree (b))'), ['b']);
  assert.deepEqual(key('create table t (a int not null, unique key ((a + 1)))'), []);
  assert.deepEqual(key('create table t (a int not null)', 'create unique index i on t (a desc)'), ['a']);
  assert.deepEqual(key('create table t (a int primary key)', 'alter table t drop primary key'), []);
  assert.deepEqual(key('create table t (A int primary key)', 'alter table t change a b int'), ['b']);
  assert.deepEqual(key('create table t (primary key (`a``b`), `a``b` int)'), ['a`b']);
});

test('columns are put where ALTER TABLE says, by names in any case', () => {
  const names = (...statements: readonly string[]) =>
    tableOf('mysql', 'create table t (a int, b int, c int)', ...statements).columns.map(({ name, position }) => `${name}${position}`);
  assert.deepEqual(names('alter table t add d int first, add (e int, f int), add column g int after A'), [
    ...['d1', 'a2', 'g3', 'b4', 'c5', 'e6', 'f7'],
  ]);
  assert.deepEqual(names('alter table t drop B, modify c text first, rename column a to z'), ['c1', 'z2']);
  assert.deepEqual(names('alter table t add b text, drop b'), ['a1', 'c2', 'b3']);
  assert.deepEqual(names('alter table t rename column a to b, rename column b to a, change c d int first'), ['d1', 'b2', 'a3']);
  assert.deepEqual(names('alter table t change a b int, change b a int, add e int after b'), ['b1', 'e2', 'a3', 'c4']);
  assert.deepEqual(names('alter table t add d int, order by a, b desc'), ['a1', 'b2', 'c3', 'd4']);
  assert.deepEqual(names('alter table t drop index b, drop key c, drop constraint a, drop foreign key a, drop check a'), [
    'a1',
    'b2',
    'c3',
  ]);
  assert.deepEqual(names('alter table t add partition (partition p values less than (10)), algorithm=inplace'), ['a1', 'b2', 'c3']);
  assert.deepEqual(names('alter table t partition by hash (a) partitions 4'), ['a1', 'b2', 'c3']);
});

test('comments are no code, but for those that the server runs', () => {
  const names = (server: 'mysql' | 'mariadb', sql: string) => tableOf(server, sql).columns.map(({ name }) => name);
  const sql = `create table t ( -- b int,
    a int /*!80023 INVISIBLE */, # c int
    /* d int, */ e int /*+ hint */ /*!, f int */ /*M!100000 , g int */ /*!100100 , h int */ /*!50700 , i int */
  ) /*!50100 PARTITION BY HASH (a) PARTITIONS 2 */`;
  assert.deepEqual(names('mysql', sql), ['a', 'e', 'f', 'i']);
  // MariaDB leaves to MySQL what MySQL's versions brought.
  assert.deepEqual(names('mariadb', sql), ['a', 'e', 'f', 'g', 'h']);
});

test('MariaDB’s own clauses', () => {
  const table = tableOf(
    'mariadb',
    `create or replace table if not exists t (
      a int not null default nextval(s), b inet6 invisible, c text compressed, d longtext check (json_valid(d)),
      s timestamp(6) generated always as row start, period for system_time (s, e), vector index (v) m=8, constraint x check (a > 0)
    ) engine=InnoDB page_compressed=1 with system versioning default charset=latin1`,
    'SET STATEMENT max_statement_time=1 FOR alter table if exists t wait 3 add column if not exists (f int), drop column if exists zz, modify if exists yy int',
  );
  assert.deepEqual(
    table.columns.map(({ name }) => name),
    ['a', 'b', 'c', 'd', 's', 'f'],
  );
  assert.equal(table.defaultCharsetName, 'latin1');
});

test('LIKE copies a table, without its comment; temporary tables, views and routines are not looked at', () => {
  const models = modelsOf(
    'mysql',
    "create table t (a int primary key comment 'x') comment 'y'",
    'create table u like t',
    'create temporary table t (z int)',
    'drop temporary table t',
    'create view w as select 1',
    'create procedure p() begin create table q (a int); drop table t; end',
    'create trigger r before insert on t for each row begin set @a = 1; drop table t; end',
  );
  assert.deepEqual(
    models.tables().map(({ id: { table }, comment, primaryKeyColumnNames }) => [table, comment, primaryKeyColumnNames]),
    [
      ['t', 'y', ['a']],
      ['u', null, ['a']],
    ],
  );
});

test('a database’s tables go with it; names are the same in any case where the server says so', () => {
  const models = new TableModels({ server: 'mysql', includeComments: false, lowerCaseNames: true });
  models.apply('create table DB.T (a int); create table db.u (a int); create table other.t (a int)', '');
  models.apply('alter table t add b int', 'db');
  assert.equal(models.table(id('t'))!.columns.length, 2);
  models.apply('drop database Db', null);
  assert.deepEqual(
    models.tables().map(({ id: { catalog } }) => catalog),
    ['other'],
  );
});

test('what a statement’s own session means by double quotes and backslashes', () => {
  const models = modelsOf('mysql');
  const ansiQuotes = 4n;
  const noBackslashEscapes = 1n << 20n;
  models.apply(String.raw`create table "t" (a varchar(9) default '\', "b" int)`, 'db', ansiQuotes | noBackslashEscapes);
  assert.deepEqual(
    models.table(id('t'))!.columns.map(({ name, defaultValueExpression }) => [name, defaultValueExpression]),
    [
      ['a', '\\'],
      ['b', null],
    ],
  );
});
