import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type PostgresServer, startPostgres } from '../services/postgres.ts';
import { ConnectClient } from '../support/connect-client.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { databaseOptions } from '../support/database-options.ts';
import { connectTo, type FreshDatabase, freshDatabase } from '../support/fresh-database.ts';
import { until } from '../support/until.ts';

const connector = 'quiet';
/** What the slot may lag behind the end of the server's log once all is quiet again; the server writes a little by itself. */
const heldBytesMax = 1024 * 1024;
const followMsMax = 60_000;

/** 50 MB of changes in a few transactions. */
const work = Array.from(
  { length: 5 },
  (_, part) => `insert into busy select n, repeat(md5(n::text), 32) from generate_series(${part * 10_000 + 1}, ${(part + 1) * 10_000}) n`,
);

describe('a source that has nothing to publish holds no WAL back, without heartbeats', { timeout: 240_000 }, () => {
  let server: PostgresServer;
  let daemon: Daemon;
  let rest: ConnectClient;

  // A server of its own: what other tests change would move the slot along.
  before(async () => {
    [server, daemon] = await Promise.all([startPostgres({ version: 18 }), startDaemon({})]);
    rest = new ConnectClient(daemon.url);
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  /** Starts a connector that captures `quiet` only; its slot. */
  async function capture(database: FreshDatabase, config: Readonly<Record<string, string>>): Promise<string> {
    await database.run(`create table quiet (id int primary key); create table busy (id int primary key, content text)`);
    await rest.putConfig(connector, {
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'topic.prefix': database.name,
      ...databaseOptions(database.url),
      'slot.name': `slot_${database.name}`,
      'table.include.list': 'public.quiet',
      ...config,
    });
    await rest.running(connector);
    await until(async () => (await held(database))?.active, { what: 'the slot to be streamed from' });
    return `slot_${database.name}`;
  }

  /** How much WAL the slot holds that its reader has not confirmed. */
  async function held(database: FreshDatabase): Promise<{ active: boolean; bytes: number } | null> {
    const { rows } = await database.client.query(
      `select active, (pg_current_wal_insert_lsn() - confirmed_flush_lsn)::float8 as bytes from pg_replication_slots where slot_name = $1`,
      [`slot_${database.name}`],
    );
    return rows[0] ?? null;
  }

  /** Lets `busy` change, then waits until the slot has followed; for how long, in milliseconds. */
  async function assertFollows(captured: FreshDatabase, busy: FreshDatabase): Promise<number> {
    const { rows } = await busy.client.query('select pg_current_wal_insert_lsn() as lsn');
    for (const statement of work) await busy.client.query(statement);
    const written = await busy.client.query('select (pg_current_wal_insert_lsn() - $1::pg_lsn)::float8 as bytes', [rows[0].lsn]);
    assert.ok(written.rows[0].bytes > 50e6, `${written.rows[0].bytes} bytes of WAL were written`);
    const startedAt = performance.now();
    const followed = async () => {
      await rest.assertNotFailed(connector);
      const slot = await held(captured);
      return slot !== null && slot.bytes < heldBytesMax;
    };
    await until(followed, { what: 'the slot to follow', timeoutMs: followMsMax });
    assert.deepEqual(await rest.topics(connector), [], 'nothing was published');
    return performance.now() - startedAt;
  }

  for (const mode of ['filtered', 'all_tables']) {
    test(`changes of a table that is not captured (publication.autocreate.mode=${mode})`, async t => {
      await using database = await freshDatabase(server);
      await capture(database, { 'publication.autocreate.mode': mode, 'publication.name': `of_${database.name}` });
      try {
        t.diagnostic(`followed after ${Math.round(await assertFollows(database, database))} ms`);
      } finally {
        await rest.delete(connector);
      }
    });
  }

  test('changes in another database of the server', async t => {
    await using database = await freshDatabase(server);
    await using other = await freshDatabase(server);
    await capture(database, { 'publication.autocreate.mode': 'filtered' });
    await other.run('create table busy (id int primary key, content text)');
    try {
      t.diagnostic(`followed after ${Math.round(await assertFollows(database, other))} ms`);
    } finally {
      await rest.delete(connector);
    }
  });

  test('and after a restart of the daemon it goes on from there', async () => {
    await using database = await freshDatabase(server);
    await capture(database, { 'publication.autocreate.mode': 'filtered' });
    await assertFollows(database, database);
    await daemon.stop();
    await using admin = await connectTo(database.url);
    await admin.query('truncate busy');
    await daemon.start();
    await rest.running(connector);
    await assertFollows(database, database);
    await database.run('insert into quiet values (1)');
    await until(async () => (await rest.topics(connector)).length === 1, { what: 'the change of the captured table' });
    await rest.delete(connector);
  });
});
