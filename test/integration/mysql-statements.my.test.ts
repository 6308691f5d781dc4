import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mariadbConnector, mysqlConnector } from '../../connectors/mysql/plugin.ts';
import { Struct } from '../../src/contract/index.ts';
import { freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { sharedMariadb, sharedMysql } from '../support/servers.ts';
import { SourceRun } from '../support/source-run.ts';
import { mysqlSourceOptions } from './mysql-source-options.ts';

const servers = { mysql: await sharedMysql(), mariadb: await sharedMariadb() };
const connectors = { mysql: mysqlConnector, mariadb: mariadbConnector };
after(() => servers);

for (const flavor of ['mysql', 'mariadb'] as const) {
  test(`XA transactions, tables made of queries and tables without transactions come once, whatever batch is lost (${flavor})`, {
    timeout: 240_000,
  }, async () => {
    const server = servers[flavor];
    await using database = await freshMysqlDatabase(server);
    await database.run('create table t (id int primary key); create table plain (id int primary key) engine = myisam');
    const run = new SourceRun(
      {
        ...mysqlSourceOptions(server, database.name),
        'provide.transaction.metadata': 'true',
        'max.batch.size': '1',
        // A table without a key that is read because it is new begins again with each crash.
        'snapshot.new.tables': 'none',
      },
      connectors[flavor],
    );
    await run.run(batch => (batch.offsets.some(({ offset }) => offset?.['snapshot_completed'] === true) ? 'crash after' : 'append'));
    await database.run(`
      xa start 'x1'; insert into t values (1); insert into t values (2); xa end 'x1'; xa prepare 'x1'; xa commit 'x1';
      create table made as select id, id * 2 as doubled from t;
      insert into plain values (1), (2);
      ${flavor === 'mysql' ? 'insert into plain values (3)' : 'begin; insert into t values (3); insert into plain values (3); rollback'};
      insert into t values (9)`);
    let done = false;
    for (let turn = 0; !done; turn++) {
      await run.run(batch => {
        if (turn % 2 === 0) return 'crash before';
        done = batch.records.some(({ topic, key }) => topic.endsWith('.t') && key instanceof Struct && key.values[0] === 9);
        return 'crash after';
      });
      assert.ok(turn < 200, 'it comes to an end');
    }
    const rows = run.records.flatMap(({ topic, value }) => {
      const row = value instanceof Struct && value.schema.indexOf('after') >= 0 ? value.get('after') : null;
      return row instanceof Struct ? [`${topic.split('.').at(-1)} ${row.values}`] : [];
    });
    assert.deepEqual(rows.sort(), ['made 1,2', 'made 2,4', 'plain 1', 'plain 2', 'plain 3', 't 1', 't 2', 't 9']);
  });
}
