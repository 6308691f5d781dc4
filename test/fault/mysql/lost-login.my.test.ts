import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type MysqlServer, startMysql } from '../../services/mysql.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { connectMysql } from '../../support/fresh-mysql-database.ts';
import { until } from '../../support/until.ts';
import { CapturedMysqlTable } from './captured-mysql-table.ts';

const rights = 'select, reload, lock tables, replication slave, replication client on *.*';
const login = { 'database.user': 'shopper', 'database.password': 'first' };

describe('a login that is revoked', { timeout: 180_000 }, () => {
  let server: MysqlServer;
  let daemon: Daemon;

  before(async () => {
    [server, daemon] = await Promise.all([startMysql(), startDaemon({})]);
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  /** A table that a login of its own captures. */
  async function start(): Promise<CapturedMysqlTable> {
    await using admin = await connectMysql(server);
    await admin.query(`drop user if exists shopper; create user shopper identified by 'first'; grant ${rights} to shopper`);
    return CapturedMysqlTable.start(server, daemon, login);
  }

  /** Ends the daemon's connections, as a restart of the server does, and waits for their ends: the next ones have to log in again. */
  async function cut(): Promise<void> {
    await using admin = await connectMysql(server);
    const [found] = await admin.query(`select id from information_schema.processlist where user = 'shopper'`);
    const ids = (found as { id: number }[]).map(({ id }) => id);
    for (const id of ids) await admin.query(`kill ${id}`).catch(() => {});
    // Until then the binlog is still read over one of them.
    const gone = async () => {
      const [left] = await admin.query('select id from information_schema.processlist where id in (?)', [[0, ...ids]]);
      return (left as unknown[]).length === 0;
    };
    await until(gone, { what: 'the connections to end', timeoutMs: 60_000 });
  }

  for (const { what, revoke, code, says, restore, config = {} } of [
    {
      what: 'the password changed',
      revoke: `alter user shopper identified by 'second'`,
      code: 'LOGIN_REFUSED',
      says: /Access denied for user 'shopper'[\s\S]*Check database\.user, database\.password/,
      restore: 'select 1',
      config: { 'database.password': 'second' },
    },
    {
      what: 'the account is locked',
      revoke: 'alter user shopper account lock',
      code: 'LOGIN_REFUSED',
      says: /Account is locked/,
      restore: 'alter user shopper account unlock',
    },
    {
      what: 'the account is gone',
      revoke: 'rename user shopper to former',
      code: 'LOGIN_REFUSED',
      says: /Access denied for user 'shopper'/,
      restore: 'rename user former to shopper',
    },
    {
      what: 'the right to replicate taken away',
      revoke: 'revoke replication slave on *.* from shopper',
      code: 'PRIVILEGE_MISSING',
      says: /REPLICATION SLAVE/,
      restore: 'grant replication slave on *.* to shopper',
    },
  ]) {
    test(`${what}: the stream goes on until it has to log in again`, async () => {
      await using captured = await start();
      await captured.run(revoke);
      await captured.run('insert into orders (id) values (4)');
      await captured.holds('r1', 'r2', 'c3', 'c4');
      await cut();
      await captured.run('insert into orders (id) values (5)');
      const trace = await captured.failed(code);
      assert.match(trace, says);
      assert.doesNotMatch(trace, /first|second/, 'no secret in a trace');
      await captured.holds('r1', 'r2', 'c3', 'c4');
      await captured.run(restore);
      if (Object.keys(config).length > 0) await captured.configure(config);
      else await captured.restart();
      await captured.holds('r1', 'r2', 'c3', 'c4', 'c5');
    });
  }

  test('SELECT revoked: the stream goes on, also when it has to log in again', async () => {
    await using captured = await start();
    await captured.run('revoke select on *.* from shopper');
    await captured.run('insert into orders (id) values (4)');
    await captured.holds('r1', 'r2', 'c3', 'c4');
    await cut();
    await captured.run('insert into orders (id) values (5)');
    await captured.holds('r1', 'r2', 'c3', 'c4', 'c5');
  });

  test('the server takes no more connections of the user for a while: the task waits, and says so', async () => {
    await using captured = await start();
    await captured.run('alter user shopper with max_user_connections 1');
    await cut();
    // Whoever comes first: the daemon needs two.
    const { host, port } = server;
    const shopper = { url: server.url, host, port, user: 'shopper', password: 'first' };
    const holder = await until(() => connectMysql(shopper).catch(() => null), { what: 'the only connection to be had' });
    await using _ = holder;
    const told = async () => /max_user_connections/.test((await captured.retrying())?.reason ?? '');
    await until(told, { what: 'the reason to be told', timeoutMs: 60_000 });
    assert.equal((await captured.retrying())?.code, 'DATABASE_UNAVAILABLE');
    await captured.run('alter user shopper with max_user_connections 0');
    await captured.run('insert into orders (id) values (4)');
    await captured.holds('r1', 'r2', 'c3', 'c4');
  });
});
