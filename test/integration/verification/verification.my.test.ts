import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { startDaemon } from '../../support/daemon.ts';
import { freshMysqlDatabase } from '../../support/fresh-mysql-database.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { sharedMysql } from '../../support/servers.ts';
import { mysqlSourceOptions } from '../mysql-source-options.ts';
import { differencesOf, steadyLoad, VerifiedDaemon } from './verified-daemon.ts';

test('MySQL against a table of SQLite and the log: planted faults are found and repaired under load', { timeout: 300_000 }, async () => {
  const server = await sharedMysql();
  await using database = await freshMysqlDatabase(server);
  await database.run(
    `create table orders (id int unsigned, part varchar(20) collate utf8mb4_0900_ai_ci, amount decimal(12,2), at datetime(6),
       flags bit(9), kind enum('a','b'), doc json, raw varbinary(20), moment timestamp(3) null, whole timestamp(6) null, note varchar(40),
       primary key (id, part));
     create table keyed_by_day (day date primary key, name text);
     set session cte_max_recursion_depth = 5000;
     insert into orders with recursive n as (select 1 as n union all select n + 1 from n where n < 1500)
       select n, concat('Ä', n % 7), n * 1.25, '2026-01-01 10:00:00.123456', n % 500, if(n % 2, 'a', 'b'),
         json_object('n', n, 'x', 'y z'), unhex(lpad(hex(n), 8, '0')),
         '2026-01-01 10:00:00.5', '2026-01-01 10:00:00', '2026-01-01T10:00:00.5Z' from n`,
  );
  using scratch = new ScratchFolder('verification-mysql');
  const file = scratch.file('target.db');
  await using daemon = await startDaemon({});
  const verified = new VerifiedDaemon(daemon, 'shop');
  const prefix = `vm${process.pid}`;
  const orders = `${prefix}_${database.name}_orders`;
  await verified.rest.putConfig('shop', {
    'connector.class': 'mysql',
    ...mysqlSourceOptions(server, database.name),
    'topic.prefix': prefix,
    'schema.history.internal.kafka.topic': `${prefix}.history`,
  });
  await verified.rest.putConfig('file', {
    'connector.class': 'jdbc',
    'topics.regex': `${prefix}\\..*\\.orders`,
    'insert.mode': 'upsert',
    'delete.enabled': 'true',
    'primary.key.mode': 'record_key',
    'schema.evolution': 'basic',
    'connection.url': `jdbc:sqlite:${file}`,
  });
  await verified.applied('file');
  await database.run('update orders set amount = amount + 1 where id = 3');
  await verified.applied('file');
  await using _ = steadyLoad(async round => {
    const id = 100 + (round % 300);
    await database.connection.query('update orders set amount = ? where id = ?', [round, id]);
    if (round % 5 === 0)
      await database.connection.query("insert into orders (id, part) values (?, 'new') on duplicate key update amount = 1", [
        5_000 + round,
      ]);
    if (round % 5 === 3) await database.connection.query('delete from orders where id = ?', [5_000 + round - 3]);
  }, 3);
  const clean = await verified.verify({ against: 'file', tables: ['.*\\.orders'] });
  assert.deepEqual([clean.state, clean.error, differencesOf(clean)], ['COMPLETED', null, []]);
  {
    using target = new DatabaseSync(file, { timeout: 20_000 });
    target.exec(`delete from ${orders} where id = 1`);
    target.exec(`update ${orders} set kind = 'b' where id = 5`);
    target.exec(`update ${orders} set amount = amount - 1 where id = 3`);
    // A moment of a stream has its column's digits, that of a snapshot as many as it needs: only that is no difference.
    target.exec(`update ${orders} set moment = '2026-01-01T10:00:00.501Z' where id = 7`);
    target.exec(`update ${orders} set note = '2026-01-01T10:00:00.50Z' where id = 8`);
    target.exec(`insert into ${orders} (id, part) values (99999, 'Ö')`);
  }
  const repaired = await verified.verify({ against: 'file', tables: ['.*\\.orders'], repair: true });
  assert.deepEqual(
    differencesOf(repaired),
    [
      'changed 5/Ä5 repaired',
      'changed 7/Ä0 repaired',
      'changed 8/Ä1 repaired',
      'extra 99999/Ö repaired',
      'missing 1/Ä1 repaired',
      'stale 3/Ä3 repaired',
    ],
    JSON.stringify(repaired),
  );
  assert.deepEqual(differencesOf(await verified.verify({ against: 'file', tables: ['.*\\.orders'] })), []);
  const log = await verified.verify({ against: 'log' });
  assert.deepEqual([log.state, log.error, differencesOf(log)], ['COMPLETED', null, []]);
  assert.match(JSON.stringify(log.tables.find(({ table }) => table.endsWith('keyed_by_day'))?.notes), /no primary key/);
});
