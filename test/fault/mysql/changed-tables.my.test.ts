import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { MysqlServer } from '../../services/mysql.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { starts } from './capture.ts';
import { CapturedMysqlTable } from './captured-mysql-table.ts';

for (const flavor of ['mysql', 'mariadb'] as const) {
  describe(`a captured table of ${flavor} that is changed: the stream goes on`, { timeout: 180_000 }, () => {
    let server: MysqlServer;
    let daemon: Daemon;

    before(async () => {
      [server, daemon] = await Promise.all([starts[flavor](), startDaemon({})]);
    });
    after(async () => {
      await daemon?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    for (const [when, away] of [
      ['while it is streamed', false],
      ['while the connector is stopped', true],
    ] as const) {
      /** Makes the changes, while the connector is there or not. */
      async function change(captured: CapturedMysqlTable, ...statements: readonly string[]): Promise<void> {
        if (away) await captured.stop();
        for (const statement of statements) await captured.run(statement);
        if (away) await captured.resume();
      }

      test(`dropped, and made anew with other columns, ${when}`, async () => {
        await using captured = await CapturedMysqlTable.start(server, daemon);
        await change(
          captured,
          `insert into orders values (4, 'old')`,
          'drop table orders',
          'create table orders (code varchar(5) primary key, id int, amount int)',
          `insert into orders values ('a', 5, 50)`,
          `update orders set amount = 51 where code = 'a'`,
        );
        await captured.holds('r1', 'r2', 'c3', 'c4', 'c5', 'u5');
        assert.deepEqual((await captured.written('orders')).slice(3), [
          [{ id: 4 }, { id: 4, v: 'old' }],
          [{ code: 'a' }, { code: 'a', id: 5, amount: 50 }],
          [{ code: 'a' }, { code: 'a', id: 5, amount: 51 }],
        ]);
      });

      test(`dropped for good, beside another one, ${when}`, async () => {
        await using captured = await CapturedMysqlTable.start(server, daemon);
        await change(
          captured,
          'create table deliveries (id int primary key)',
          'insert into orders (id) values (4)',
          'drop table orders',
          'insert into deliveries values (1)',
        );
        await captured.topicHolds('deliveries', 'c1');
        await captured.holds('r1', 'r2', 'c3', 'c4');
      });

      test(`renamed: its changes go to the topic of the name it had when they were made, ${when}`, async () => {
        await using captured = await CapturedMysqlTable.start(server, daemon);
        await change(
          captured,
          'insert into orders (id) values (4)',
          'rename table orders to sales',
          'insert into sales (id) values (5)',
          'alter table sales rename to orders',
          'delete from orders where id = 5',
        );
        await captured.topicHolds('sales', 'c5');
        await captured.holds('r1', 'r2', 'c3', 'c4', 'd5');
        assert.deepEqual(await captured.written('sales'), [[{ id: 5 }, { id: 5, v: null }]]);
      });
    }
  });
}
