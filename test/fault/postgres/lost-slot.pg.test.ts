import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type PostgresServer, startPostgres } from '../../services/postgres.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { connectTo } from '../../support/fresh-database.ts';
import { until } from '../../support/until.ts';
import { CapturedTable } from './captured-table.ts';

describe('a slot that is lost', { timeout: 240_000 }, () => {
  let server: PostgresServer;
  let daemon: Daemon;

  before(async () => {
    const settings = { max_slot_wal_keep_size: '16MB', min_wal_size: '32MB', max_wal_size: '32MB' };
    [server, daemon] = await Promise.all([startPostgres({ version: 18, settings }), startDaemon({})]);
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  /** The task stays failed, also when it is restarted; the remedy of its trace takes a new snapshot, and the stream goes on behind it. */
  async function assertMended(captured: CapturedTable, reason: RegExp): Promise<void> {
    await captured.run('insert into orders values (4)');
    for (let start = 0; start < 2; start++) {
      if (start > 0) await captured.restart();
      const trace = await captured.failed();
      assert.match(trace, /^SLOT_LOST: /);
      assert.match(trace, reason);
      assert.match(trace, /take a new snapshot \(snapshot\.mode=when_needed does it by itself\)/);
    }
    await captured.holds('r1', 'r2', 'c3');
    await captured.configure({ 'snapshot.mode': 'when_needed' });
    const mended = ['r1', 'r2', 'c3', 'r1', 'r2', 'r3', 'r4'];
    await captured.holds(...mended);
    await captured.run('insert into orders values (5)');
    await captured.holds(...mended, 'c5');
  }

  /** Writes more log than the server keeps for a slot, until it gives the slot up. In another database: the slot's reader hears nothing of it. */
  async function removeLog(captured: CapturedTable): Promise<void> {
    await using elsewhere = await connectTo(server.url);
    const lost = async () => {
      await elsewhere.query(`select pg_logical_emit_message(false, 'filler', repeat('x', 4000000))`);
      await elsewhere.query('select pg_switch_wal()');
      await elsewhere.query('checkpoint');
      return (
        (await captured.run(`select from pg_replication_slots where slot_name = $1 and wal_status = 'lost'`, captured.slot)).length > 0
      );
    };
    await until(lost, { what: 'the slot to be given up', timeoutMs: 60_000 });
  }

  test('dropped while it is streamed from', async () => {
    await using captured = await CapturedTable.start(server, daemon);
    await captured.dropSlot();
    await assertMended(captured, /The replication slot "\w+" does not exist any more/);
  });

  test('dropped while the connector is stopped', async () => {
    await using captured = await CapturedTable.start(server, daemon);
    await captured.put('stop');
    await captured.dropSlot();
    await captured.put('resume');
    await assertMended(captured, /The replication slot "\w+" does not exist any more/);
  });

  test('its log removed while the connector is stopped', async () => {
    await using captured = await CapturedTable.start(server, daemon);
    await captured.put('stop');
    await removeLog(captured);
    await captured.put('resume');
    await assertMended(captured, /The server has removed log that the replication slot "\w+" still needed \(max_slot_wal_keep_size\)/);
  });

  test('its log removed while the daemon stands still', async () => {
    await using captured = await CapturedTable.start(server, daemon);
    process.kill(daemon.pid, 'SIGSTOP');
    try {
      await removeLog(captured);
    } finally {
      process.kill(daemon.pid, 'SIGCONT');
    }
    await assertMended(captured, /The server has removed log that the replication slot "\w+" still needed \(max_slot_wal_keep_size\)/);
  });

  test('its log removed, and healed beside the stream: the tables are read again, and nothing else is asked for', async () => {
    await using captured = await CapturedTable.start(server, daemon, { 'slot.guard.heal': 'incremental' });
    await captured.put('stop');
    await captured.run("insert into orders values (4); update orders set v = 'new' where id = 1");
    await removeLog(captured);
    await captured.put('resume');
    const healed = ['r1', 'r2', 'c3', 'r1', 'r2', 'r3', 'r4'];
    await captured.holds(...healed);
    await captured.run('insert into orders values (5)');
    await captured.holds(...healed, 'c5');
  });
});
