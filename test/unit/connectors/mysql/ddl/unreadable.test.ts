import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ddlDialect } from '../../../../../connectors/mysql/ddl/dialect.ts';
import { parseDdl } from '../../../../../connectors/mysql/ddl/parser.ts';
import { randomStatement } from '../../../../integration/mysql-ddl/random-ddl.ts';

const dialect = ddlDialect('mysql', null);

test('no statement, however broken, throws; where its table is clear, it is named', () => {
  const cut = fc
    .tuple(randomStatement, fc.nat(), fc.nat(), fc.constantFrom('', '(', ')', "'", '`', '/*', ',', '\\', ';', ' \u0000'))
    .map(([sql, from, length, insert]) => {
      const start = from % (sql.length + 1);
      return sql.slice(0, start) + insert + sql.slice(start + (length % 20));
    });
  fc.assert(
    fc.property(fc.oneof(cut, fc.string(), fc.string({ unit: 'binary' })), sql => {
      for (const { action } of parseDdl(sql, dialect)) assert.ok(action.kind.length > 0);
    }),
    { numRuns: 1_000 },
  );
  for (const sql of [
    'create table db.`a b` (a',
    'ALTER TABLE if exists db.`a b` add',
    'alter online table db.`a b` modify a int, foo bar ((',
  ]) {
    const [statement] = parseDdl(sql, dialect);
    assert.ok(statement?.action.kind === 'unreadable', sql);
    assert.deepEqual(statement.action.table, { database: 'db', table: 'a b' });
  }
});

test('long statements, and deep ones, are read whole', () => {
  const columns = Array.from({ length: 4_000 }, (_, index) => `c${index} varchar(20) not null default 'x' comment 'number ${index}'`);
  const [statement] = parseDdl(`create table t (${columns.join(', ')})`, dialect);
  assert.ok(statement?.action.kind === 'create table');
  assert.equal(statement.action.elements.length, 4_000);
  assert.equal(parseDdl('('.repeat(200_000), dialect).length, 1);
  assert.equal(parseDdl(`drop table ${'`'.repeat(100_001)}`, dialect).length, 1);
});
