import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { PostgresAddress } from '../../services/postgres.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { sharedPostgres } from '../../support/servers.ts';
import { CapturedTable } from './captured-table.ts';

// Servers before 18 end the stream at the first change without a publication; 18 leaves such changes out, with a warning.
for (const version of [18, 15] as const) {
  describe(`a publication that is lost, PostgreSQL ${version}`, { timeout: 240_000 }, () => {
    let server: PostgresAddress;
    let daemon: Daemon;

    before(async () => {
      [server, daemon] = await Promise.all([sharedPostgres(version), startDaemon({})]);
    });
    after(() => daemon?.[Symbol.asyncDispose]());

    /** Where the server's log ends now. */
    const now = async (captured: CapturedTable) =>
      BigInt(String((await captured.run(`select (pg_current_wal_insert_lsn() - '0/0')::text as lsn`))[0]?.['lsn']));

    /** The task has failed before the first change that was not published, whatever is restarted; the remedy of its trace works. */
    async function assertMended(captured: CapturedTable, lastPublished: bigint): Promise<void> {
      for (let start = 0; start < 2; start++) {
        if (start > 0) await captured.restart();
        const trace = await captured.failed();
        assert.match(trace, /^PUBLICATION_MISSING: .*Changes were made while the publication "\w+" did not exist/);
        assert.match(trace, /drop the slot \(SELECT pg_drop_replication_slot\('\w+'\)\), set snapshot\.mode=when_needed/);
        assert.ok((await captured.durable()) <= lastPublished, 'nothing behind it is durable, nor acknowledged');
      }
      await captured.holds('r1', 'r2', 'c3', 'c4');
      const [drop] = /SELECT pg_drop_replication_slot\('\w+'\)/.exec(await captured.failed())!;
      await captured.run(drop);
      await captured.configure({ 'snapshot.mode': 'when_needed' });
      const mended = ['r1', 'r2', 'c3', 'c4', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6'];
      await captured.holds(...mended);
      await captured.run('insert into orders values (7)');
      await captured.holds(...mended, 'c7');
    }

    test('dropped while it is streamed', async () => {
      await using captured = await CapturedTable.start(server, daemon);
      await captured.run('insert into orders values (4)');
      await captured.holds('r1', 'r2', 'c3', 'c4');
      await captured.run(`drop publication ${captured.publication}`);
      const lastPublished = await now(captured);
      await captured.run('insert into orders values (5)');
      await captured.failed();
      await captured.run(`create publication ${captured.publication} for all tables`);
      await captured.run('insert into orders values (6)');
      await assertMended(captured, lastPublished);
    });

    test('dropped and made anew while the connector is stopped, with changes in between', async () => {
      await using captured = await CapturedTable.start(server, daemon);
      await captured.put('stop');
      await captured.run('insert into orders values (4)');
      await captured.run(`drop publication ${captured.publication}`);
      const lastPublished = await now(captured);
      await captured.run('insert into orders values (5)');
      await captured.run(`create publication ${captured.publication} for all tables`);
      await captured.run('insert into orders values (6)');
      await captured.put('resume');
      await assertMended(captured, lastPublished);
    });

    test('dropped and made anew without changes in between goes on', async () => {
      await using captured = await CapturedTable.start(server, daemon);
      await captured.run(`drop publication ${captured.publication}`);
      await captured.run(`create publication ${captured.publication} for all tables`);
      await captured.run('insert into orders values (4)');
      await captured.holds('r1', 'r2', 'c3', 'c4');
    });

    test('missing at a start is told of, and made where that is wanted', async () => {
      await using captured = await CapturedTable.start(server, daemon);
      await captured.put('stop');
      await captured.run(`drop publication ${captured.publication}`);
      await captured.configure({ 'publication.autocreate.mode': 'disabled' });
      await captured.put('resume');
      assert.match(await captured.failed(), /^PUBLICATION_MISSING: The publication "\w+" does not exist/);
      await captured.configure({ 'publication.autocreate.mode': 'all_tables' });
      await captured.run('select 1');
      await captured.holds('r1', 'r2', 'c3');
    });
  });
}
