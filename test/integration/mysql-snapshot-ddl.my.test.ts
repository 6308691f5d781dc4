import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { mariadbConnector, mysqlConnector } from '../../connectors/mysql/plugin.ts';
import { type SourceBatch, Struct } from '../../src/contract/index.ts';
import { type FreshMysqlDatabase, freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { sharedMariadb, sharedMysql } from '../support/servers.ts';
import { SourceRun } from '../support/source-run.ts';
import { mysqlSourceOptions } from './mysql-source-options.ts';

const servers = { mysql: await sharedMysql(), mariadb: await sharedMariadb() };
const connectors = { mysql: mysqlConnector, mariadb: mariadbConnector };
after(() => servers);

/** More than what is read in one go, so that it is read in batches. */
const largeRows = 10_000;

for (const flavor of ['mysql', 'mariadb'] as const) {
  const server = servers[flavor];

  function runOn(database: FreshMysqlDatabase) {
    const config = {
      ...mysqlSourceOptions(server, database.name),
      'snapshot.fetch.size': '500',
    };
    return new SourceRun(config, connectors[flavor]);
  }

  /** What is shown of a table: operation, and the row as its fields were then. */
  function shown(run: { readonly records: SourceBatch['records'] }, database: FreshMysqlDatabase, table: string): readonly string[] {
    return run.records.flatMap(({ topic, value }) => {
      if (topic !== `srv.${database.name}.${table}` || !(value instanceof Struct)) return [];
      const row = value.get('after') ?? value.get('before');
      return row instanceof Struct ? [`${value.get('op')} ${row.schema.fields.map(({ name }, at) => `${name}=${row.values[at]}`)}`] : [];
    });
  }

  const large = `create table a_large (id int primary key, v varchar(10), pad text);
    insert into a_large with recursive n as (select 1 as i union all select i + 1 from n where i < ${largeRows}) select i, 'first', repeat('p', 100) from n`;
  const recursion = `set session ${flavor === 'mysql' ? 'cte_max_recursion_depth' : 'max_recursive_iterations'} = 100000;`;

  for (const statement of ['alter table b add column w int default 7, force', 'alter table b add column w int default 7, drop column v']) {
    test(`${statement} before the snapshot comes to it: what is left is read anew as it is now, by itself (${flavor})`, {
      timeout: 180_000,
    }, async () => {
      await using database = await freshMysqlDatabase(server);
      await database.run(`${recursion} ${large}; create table b (id int primary key, v int); insert into b values (1, 1), (2, 2)`);
      const run = runOn(database);
      let altered = false;
      const reading = run.run(async batch => {
        if (!altered && batch.records.some(({ topic }) => topic.endsWith('.a_large'))) {
          altered = true;
          await database.run(`${statement}; insert into b (id) values (3)`);
        }
        return batch.offsets.some(({ offset }) => offset?.['snapshot_completed'] === true) ? 'crash after' : 'append';
      });
      // The server refuses a table whose definition is newer than the view: the task is tried again.
      await assert.rejects(reading, { code: 'TABLE_CHANGED', retry: 'backoff' });
      let told: Promise<void> | null = null;
      await run.run(batch => {
        if (batch.offsets.some(({ offset }) => offset?.['snapshot_completed'] === true))
          told ??= database.run('insert into b (id, w) values (9, 9); update a_large set v = 0 where id = 1');
        return batch.records.some(({ topic, value }) => topic.endsWith('.a_large') && value instanceof Struct && value.get('op') === 'u')
          ? 'crash after'
          : 'append';
      });
      await told;
      const others = statement.includes('drop') ? ['', '', ''] : [',v=1', ',v=2', ',v=null'];
      assert.deepEqual(shown(run, database, 'b'), [...others.map((v, index) => `r id=${index + 1}${v},w=7`), `c id=9${others[2]},w=9`]);
      assert.equal(shown(run, database, 'a_large').filter(row => row.startsWith('r ')).length, largeRows, 'each row is read once');
    });
  }

  test(`a table altered while it is read: the statement waits, and the stream goes on with it (${flavor})`, {
    timeout: 180_000,
  }, async () => {
    await using database = await freshMysqlDatabase(server);
    await database.run(`${recursion} ${large}`);
    const run = runOn(database);
    let altering: Promise<void> | null = null;
    await run.run(batch => {
      if (batch.records.some(({ topic }) => topic.endsWith('.a_large')))
        altering ??= database.run("alter table a_large add column w int default 7 after id; insert into a_large (id, v) values (0, 'new')");
      return shown(batch, database, 'a_large').some(row => row.startsWith('c ')) ? 'crash after' : 'append';
    });
    await altering;
    const rows = shown(run, database, 'a_large');
    assert.deepEqual([rows.length, rows.at(-1)], [largeRows + 1, 'c id=0,w=7,v=new,pad=null']);
  });

  test(`a table dropped before the snapshot comes to it: it goes on without it, by itself (${flavor})`, {
    timeout: 180_000,
  }, async () => {
    await using database = await freshMysqlDatabase(server);
    await database.run(`${recursion} ${large}; create table b (id int primary key)`);
    const run = runOn(database);
    let dropped = false;
    const reading = run.run(async batch => {
      if (!dropped && batch.records.some(({ topic }) => topic.endsWith('.a_large'))) {
        dropped = true;
        await database.run('drop table b');
      }
      return 'append' as const;
    });
    await assert.rejects(reading, { code: 'TABLE_CHANGED', retry: 'backoff' });
    await run.run(batch => (batch.offsets.some(({ offset }) => offset?.['snapshot_completed'] === true) ? 'crash after' : 'append'));
    assert.equal(shown(run, database, 'a_large').length, largeRows, 'each row is read once');
  });
}
