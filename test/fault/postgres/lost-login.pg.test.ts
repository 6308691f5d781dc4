import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type PostgresServer, startPostgres } from '../../services/postgres.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { connectTo } from '../../support/fresh-database.ts';
import { until } from '../../support/until.ts';
import { CapturedTable } from './captured-table.ts';

describe('a login that is revoked', { timeout: 240_000 }, () => {
  let server: PostgresServer;
  let daemon: Daemon;

  before(async () => {
    [server, daemon] = await Promise.all([startPostgres({ version: 18, auth: 'scram-sha-256' }), startDaemon({})]);
    await using admin = await connectTo(server.url);
    await admin.query(`create role reader superuser replication login password 'first'; alter role reader nosuperuser`);
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  const reader = { 'database.user': 'reader', 'database.password': 'first', 'publication.autocreate.mode': 'disabled' };

  /** A table that `reader` captures. */
  async function start(): Promise<CapturedTable> {
    return CapturedTable.start(server, daemon, reader, async captured => {
      await captured.run(`create publication ${captured.publication} for all tables; grant select on orders to reader`);
    });
  }

  /** Ends the daemon's connections, as a restart of the server does, and waits for their ends: the next ones have to log in again. */
  const cut = async (captured: CapturedTable) => {
    const ended = `select pg_terminate_backend(pid, 60000) from pg_stat_activity where application_name = 'Sluice' and datname = $1`;
    await captured.run(ended, captured.name);
  };

  for (const { what, revoke, code, says, restore, config = {} } of [
    {
      what: 'the password changed',
      revoke: `alter role reader password 'second'`,
      code: 'LOGIN_REFUSED',
      says: /password authentication failed for user "reader"[\s\S]*Check database\.user, database\.password/,
      restore: `select 1`,
      config: { 'database.password': 'second' },
    },
    {
      what: 'the role may not log in',
      revoke: 'alter role reader nologin',
      code: 'LOGIN_REFUSED',
      says: /role "reader" is not permitted to log in/,
      restore: 'alter role reader login',
    },
    {
      what: 'the role is gone',
      revoke: 'alter role reader rename to former_reader',
      code: 'LOGIN_REFUSED',
      says: /authentication failed for user "reader"|role "reader" does not exist/,
      restore: `alter role former_reader rename to reader; alter role reader password 'first'`,
    },
    {
      what: 'the right to replicate taken away',
      revoke: 'alter role reader noreplication',
      code: 'PRIVILEGE_MISSING',
      says: /Run: ALTER ROLE "reader" WITH REPLICATION/,
      restore: 'alter role reader replication',
    },
  ]) {
    test(`${what}: the stream goes on until it has to log in again`, async () => {
      await using captured = await start();
      try {
        await captured.run(revoke);
        await captured.run('insert into orders values (4)');
        await captured.holds('r1', 'r2', 'c3', 'c4');
        await cut(captured);
        await captured.run('insert into orders values (5)');
        const trace = await captured.failed();
        assert.ok(trace.startsWith(`${code}: `), trace);
        assert.match(trace, says);
        assert.doesNotMatch(trace, /first|second/, 'no secret in a trace');
        await captured.holds('r1', 'r2', 'c3', 'c4');
        await captured.run(restore);
        if (Object.keys(config).length > 0) await captured.configure(config);
        else await captured.restart();
        await captured.holds('r1', 'r2', 'c3', 'c4', 'c5');
      } finally {
        await captured.run(restore).catch(() => {});
        await captured.run(`alter role reader password 'first'`);
      }
    });
  }

  test('SELECT revoked: the stream goes on, also after a restart; a snapshot says which table may not be read', async () => {
    await using captured = await start();
    await captured.run('revoke select on orders from reader');
    await captured.run('insert into orders values (4)');
    await captured.holds('r1', 'r2', 'c3', 'c4');
    await cut(captured);
    await captured.run('insert into orders values (5)');
    await captured.holds('r1', 'r2', 'c3', 'c4', 'c5');
    await captured.configure({ 'snapshot.mode': 'always' });
    const trace = await captured.failed();
    assert.match(trace, /^TABLE_UNREADABLE: Table "public"\."orders" may not be read\.[\s\S]*Grant SELECT on the table, or exclude it/);
    await captured.run('grant select on orders to reader');
    await captured.restart();
    await captured.holds('r1', 'r2', 'c3', 'c4', 'c5', 'r1', 'r2', 'r3', 'r4', 'r5');
  });

  test('the server forbids logins for a while: the task waits, and says so', async () => {
    await using captured = await start();
    await using admin = await connectTo(server.url);
    await admin.query(`alter database ${captured.name} connection limit 0`);
    await cut(captured);
    const retrying = await until(() => captured.retrying(), { what: 'the task to be tried again', timeoutMs: 60_000 });
    assert.equal(retrying.code, 'DATABASE_UNAVAILABLE');
    await until(async () => /too many connections/.test((await captured.retrying())?.reason ?? ''), {
      what: 'the reason to be told',
      timeoutMs: 60_000,
    });
    await admin.query(`alter database ${captured.name} connection limit -1`);
    await captured.run('insert into orders values (4)');
    await captured.holds('r1', 'r2', 'c3', 'c4');
  });
});
