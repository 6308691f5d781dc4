import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgresConnector } from '../../connectors/postgres/plugin.ts';
import { connectTo, freshDatabase } from '../support/fresh-database.ts';
import { noInternalTopics } from '../support/no-internal-topics.ts';
import { sharedPostgres } from '../support/servers.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

const clock = { nowMs: () => Date.now(), nowNs: () => BigInt(Date.now()) * 1_000_000n };

const phases = [
  {
    phase: 'stream',
    mode: 'no_data',
    sending: 'select wait_event from pg_stat_activity join pg_replication_slots on active_pid = pid where slot_name = $1',
    waits: 'WalSenderWriteData',
    batchRecordsMax: 8192,
  },
  {
    phase: 'snapshot',
    mode: 'initial',
    sending: `select wait_event from pg_stat_activity join pg_replication_slots on datname = database where slot_name = $1 and query like 'COPY %'`,
    waits: 'ClientWrite',
    batchRecordsMax: 10_240, // snapshot.fetch.size
  },
];

for (const { phase, mode, sending, waits, batchRecordsMax } of phases) {
  test(`a log that stores nothing holds the server’s sending back in the ${phase}, and then gets everything`, {
    timeout: 240_000,
  }, async t => {
    const server = await sharedPostgres(18);
    await using database = await freshDatabase(server);
    await using admin = await connectTo(database.url);
    const slot = `slot_${database.name}`;
    const rows = 100_000;
    await database.run('create table busy (id int primary key, content text); create publication busy for table busy');
    await database.client.query(`select pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
    const { config, faults } = postgresConnector.spec.parse({
      'topic.prefix': 'srv',
      'database.hostname': server.host,
      'database.port': String(server.port),
      'database.user': server.user,
      'database.password': server.password,
      'database.dbname': database.name,
      'slot.name': slot,
      'publication.name': 'busy',
      'snapshot.mode': mode,
    });
    assert.deepEqual(faults, []);
    await using source = postgresConnector.create(config!, { connector: 'test', task: 0, logger: silentLogger, clock });
    await database.run(`insert into busy select n, repeat(md5(n::text), 32) from generate_series(1, ${rows}) n`);

    const abort = new AbortController();
    let read = 0;
    const waiting: Parameters<typeof source.commit>[0][] = [];
    let commits = false;
    const reading = (async () => {
      for await (const batch of source.read([], abort.signal, noInternalTopics)) {
        read += batch.records.length;
        if (commits) source.commit(batch.offsets);
        else waiting.push(batch.offsets);
        if (read >= rows) abort.abort();
      }
    })();
    // The server has sent what fits into the connection's buffers, and waits for us to read on.
    let seen = -1;
    const held = async () => {
      const same = read === seen;
      seen = read;
      return (await admin.query(sending, [slot])).rows[0]?.wait_event === waits && same && read >= 8192;
    };
    await until(held, { what: 'the server to wait for its reader', timeoutMs: 60_000, everyMs: 200 });
    const before = read;
    t.diagnostic(`${before} records read of ${rows}, then the server waited`);
    assert.ok(before < 2 * batchRecordsMax, `${before} records were read ahead of the log`);
    commits = true;
    for (const offsets of waiting) source.commit(offsets);
    await reading;
    assert.equal(read, rows);
  });
}
