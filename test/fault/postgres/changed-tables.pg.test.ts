import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { PostgresAddress } from '../../services/postgres.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { sharedPostgres } from '../../support/servers.ts';
import { CapturedTable } from './captured-table.ts';

for (const [when, away] of [
  ['while it is streamed', false],
  ['while the connector is stopped', true],
] as const) {
  describe(`a captured table that is changed ${when}: the stream goes on`, { timeout: 240_000 }, () => {
    let server: PostgresAddress;
    let daemon: Daemon;

    before(async () => {
      [server, daemon] = await Promise.all([sharedPostgres(18), startDaemon({})]);
    });
    after(() => daemon?.[Symbol.asyncDispose]());

    /** Makes the changes, while the connector is there or not. */
    async function change(captured: CapturedTable, ...statements: readonly string[]): Promise<void> {
      if (away) await captured.put('stop');
      for (const statement of statements) await captured.run(statement);
      if (away) await captured.put('resume');
    }

    test('dropped, and made anew with other columns', async () => {
      await using captured = await CapturedTable.start(server, daemon);
      await change(
        captured,
        `insert into orders values (4, 'old')`,
        'drop table orders',
        'create table orders (code text primary key, id int, amount int)',
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

    test('dropped for good, beside another one', async () => {
      await using captured = await CapturedTable.start(server, daemon);
      await change(
        captured,
        'create table lines (id int primary key)',
        'insert into orders values (4)',
        'drop table orders',
        'insert into lines values (1)',
      );
      await captured.topicHolds('lines', 'c1');
      await captured.holds('r1', 'r2', 'c3', 'c4');
      assert.deepEqual((await captured.written('orders')).at(-1), [{ id: 4 }, { id: 4, v: null }]);
    });

    test('renamed: its changes go to the topic of the name it had when they were made', async () => {
      await using captured = await CapturedTable.start(server, daemon);
      await change(
        captured,
        'insert into orders values (4)',
        'alter table orders rename to sales',
        'insert into sales values (5)',
        'alter table sales rename to orders',
        'delete from orders where id = 5',
      );
      await captured.topicHolds('sales', 'c5');
      await captured.holds('r1', 'r2', 'c3', 'c4', 'd5');
      assert.deepEqual(await captured.written('sales'), [[{ id: 5 }, { id: 5, v: null }]]);
    });
  });
}
