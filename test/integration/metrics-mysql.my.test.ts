import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { MysqlAddress } from '../services/mysql.ts';
import { ConnectClient } from '../support/connect-client.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { scrape, untilMetric } from '../support/scraped.ts';
import { sharedMariadb, sharedMysql } from '../support/servers.ts';
import { mysqlSourceOptions } from './mysql-source-options.ts';

const megabyte = 1024 * 1024;
const flavors = {
  mysql: { server: sharedMysql, class: 'io.debezium.connector.mysql.MySqlConnector' },
  mariadb: { server: sharedMariadb, class: 'io.debezium.connector.mariadb.MariaDbConnector' },
} as const;

let daemon: Daemon;
let rest: ConnectClient;
before(async () => {
  daemon = await startDaemon({ 'metrics.database.interval.ms': '200' });
  rest = new ConnectClient(daemon.url);
});
after(async () => {
  await daemon?.[Symbol.asyncDispose]();
});

for (const [flavor, { server: shared, class: className }] of Object.entries(flavors))
  test(`events are counted, and a stopped connector falls behind in seconds and bytes of binlog (${flavor})`, async () => {
    const server: MysqlAddress = await shared();
    await using database = await freshMysqlDatabase(server);
    await database.run('create table t (id int primary key, content text); insert into t (id) values (1), (2), (3)');
    const connector = flavor;
    // Two connectors of one prefix would have one schema history.
    const options = { ...mysqlSourceOptions(server, database.name), 'topic.prefix': database.name };
    await rest.putConfig(connector, { ...options, 'connector.class': className });
    const { url } = daemon;
    const events = (operation: string, wanted: number) =>
      untilMetric(url, 'sluice_source_events_total', { connector, table: `${database.name}.t`, operation }, value => value === wanted);
    await events('r', 3);
    await database.run(`insert into t (id) values (4), (5); update t set content = 'x' where id = 4; delete from t where id = 5`);
    await events('d', 1);
    await events('c', 2);
    await events('u', 1);
    await untilMetric(url, 'sluice_source_commit_to_log_seconds_count', { connector }, value => value >= 1);
    await rest.stop(connector);
    const seconds = await untilMetric(url, 'sluice_connector_lag_seconds', { connector }, () => true);
    const before = await untilMetric(url, 'sluice_connector_lag_bytes', { connector }, () => true);
    const [{ keeps }] = (await database.connection.query('select @@global.binlog_expire_logs_seconds as keeps'))[0] as [{ keeps: number }];
    await database.run(
      `insert into t select 10 + n, repeat('x', 10000) from (with recursive s as (select 1 as n union all select n + 1 from s where n < 300) select n from s) numbers`,
    );
    await untilMetric(url, 'sluice_connector_lag_bytes', { connector }, value => value > before + 2 * megabyte);
    await untilMetric(url, 'sluice_connector_lag_seconds', { connector }, value => value > seconds + 1);
    const behind = await scrape(url);
    assert.ok(behind.value('sluice_database_log_bytes', { connector })! > 2 * megabyte);
    assert.ok(behind.value('sluice_database_log_headroom_bytes', { connector })! >= 0);
    if (Number(keeps) > 0) {
      assert.equal(behind.value('sluice_database_log_window_seconds', { connector }), Number(keeps));
      const left = behind.value('sluice_database_log_headroom_seconds', { connector })!;
      assert.ok(left > 0 && left < Number(keeps), `${left} s of ${keeps} s are left`);
    } else assert.equal(behind.value('sluice_database_log_headroom_seconds', { connector }), null, 'the binlog is kept until it is purged');
    await rest.resume(connector);
    // What the task before counted went with it.
    await events('c', 300);
    await rest.delete(connector);
  });
