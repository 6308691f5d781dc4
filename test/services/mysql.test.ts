import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RowDataPacket } from 'mysql2/promise';
import { connectMysql, freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { sharedMariadb, sharedMysql } from '../support/servers.ts';
import { startMariadb, startMysql } from './mysql.ts';

for (const [flavor, shared] of [
  ['MySQL', sharedMysql],
  ['MariaDB', sharedMariadb],
] as const) {
  test(`${flavor} answers, writes a row binlog, and gives fresh databases`, async () => {
    const server = await shared();
    let name: string;
    {
      await using database = await freshMysqlDatabase(server);
      name = database.name;
      await database.run('create table t (id int primary key); insert into t values (1)');
      const [rows] = await database.connection.query<RowDataPacket[]>(
        'select @@global.log_bin bin, @@binlog_format format, @@binlog_row_metadata metadata, (select count(*) from t) n',
      );
      assert.deepEqual(
        rows.map(row => ({ ...row })),
        [{ bin: 1, format: 'ROW', metadata: 'FULL', n: 1 }],
      );
    }
    await using connection = await connectMysql(server);
    const [rows] = await connection.query<RowDataPacket[]>('show databases like ?', [name]);
    assert.deepEqual(rows, [], 'the database is dropped');
  });
}

for (const [flavor, start] of [
  ['MySQL', startMysql],
  ['MariaDB', startMariadb],
] as const) {
  test(`a ${flavor} of its own keeps its data over a crash`, async () => {
    await using server = await start({ settings: { 'sync-binlog': '1', 'innodb-flush-log-at-trx-commit': '1' } });
    {
      await using connection = await connectMysql(server);
      await connection.query('create database kept; create table kept.t as select 7 as n');
    }
    await server.stopImmediately();
    assert.equal(await server.answers(), false);
    await server.start();
    await using connection = await connectMysql(server);
    const [rows] = await connection.query<RowDataPacket[]>('select n from kept.t');
    assert.deepEqual(
      rows.map(row => ({ ...row })),
      [{ n: 7 }],
    );
  });
}
