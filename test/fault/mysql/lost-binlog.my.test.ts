import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { MysqlServer } from '../../services/mysql.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { connectMysql } from '../../support/fresh-mysql-database.ts';
import { until } from '../../support/until.ts';
import { starts } from './capture.ts';
import { CapturedMysqlTable } from './captured-mysql-table.ts';

/** Purges every binlog but the newest: the server keeps what a connection that is gone was reading, until it has noticed. */
async function purge(server: MysqlServer): Promise<void> {
  await using admin = await connectMysql(server);
  const purged = async () => {
    const [logs] = await admin.query('show binary logs');
    const names = (logs as { Log_name: string }[]).map(log => log.Log_name);
    await admin.query(`purge binary logs to '${names.at(-1)}'`);
    return names.length === 1;
  };
  await until(purged, { what: 'the binlog to be purged', timeoutMs: 60_000 });
}

for (const flavor of ['mysql', 'mariadb'] as const) {
  describe(`a binlog of ${flavor} that is purged while the connector is stopped`, { timeout: 240_000 }, () => {
    let server: MysqlServer;
    let daemon: Daemon;

    before(async () => {
      [server, daemon] = await Promise.all([starts[flavor](), startDaemon({})]);
    });
    after(async () => {
      await daemon?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    test('the task fails and says what to do; when_needed takes a new snapshot', async () => {
      await using captured = await CapturedMysqlTable.start(server, daemon);
      await captured.stop();
      await captured.run('insert into orders (id) values (4); flush binary logs; insert into orders (id) values (5); flush binary logs');
      await purge(server);
      await captured.resume();
      const trace = await captured.failed('POSITION_LOST');
      assert.match(trace, /Take a new snapshot \(snapshot\.mode=when_needed does it by itself\)/);
      await captured.holds('r1', 'r2', 'c3');
      await captured.configure({ 'snapshot.mode': 'when_needed' });
      await captured.holds('r1', 'r2', 'c3', 'r1', 'r2', 'r3', 'r4', 'r5');
      await captured.run('insert into orders (id) values (6)');
      await captured.holds('r1', 'r2', 'c3', 'r1', 'r2', 'r3', 'r4', 'r5', 'c6');
    });

    test('what was purged was read before: nothing is lost', async () => {
      await using captured = await CapturedMysqlTable.start(server, daemon);
      await captured.run('flush binary logs; insert into orders (id) values (4)');
      await captured.holds('r1', 'r2', 'c3', 'c4');
      await captured.stop();
      await purge(server);
      await captured.run('insert into orders (id) values (5)');
      await captured.resume();
      await captured.holds('r1', 'r2', 'c3', 'c4', 'c5');
    });
  });
}
