import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connect, disconnect, noTls, query } from '../../connectors/mysql/connection.ts';
import { type MysqlServer, startMariadb, startMysql } from '../services/mysql.ts';
import { connectMysql } from '../support/fresh-mysql-database.ts';
import { settingsOf } from './mysql-decoded-tables.ts';

/** Logs in as that user and tells whether the connection is encrypted. */
async function login(server: MysqlServer, user: string, password: string, tls: Partial<typeof noTls>): Promise<boolean> {
  const client = await connect({ ...settingsOf(server), user, password, tls: { ...noTls, ...tls } });
  try {
    const [row] = await query(client, "show session status like 'Ssl_cipher'");
    return row!['Value'] !== '';
  } finally {
    await disconnect(client);
  }
}

describe('logins of MySQL', { timeout: 180_000 }, () => {
  let server: MysqlServer;
  before(async () => {
    server = await startMysql();
    await using admin = await connectMysql(server);
    await admin.query(
      "create user cached identified with caching_sha2_password by 'püss w0rd'; create user nobody identified with caching_sha2_password by ''",
    );
  });
  after(() => server[Symbol.asyncDispose]());

  // The server has cached nobody's password: it wants all of it, by TLS or encrypted with its RSA key.
  for (const [way, mode, encrypted] of [
    ['without TLS, by RSA', 'disabled', false],
    ['by TLS', 'required', true],
  ] as const) {
    test(`caching_sha2_password ${way}: the first time, and from the server’s cache`, async () => {
      await using admin = await connectMysql(server);
      await admin.query('flush privileges');
      for (const turn of ['first', 'cached']) assert.equal(await login(server, 'cached', 'püss w0rd', { mode }), encrypted, turn);
      await admin.query('flush privileges');
      await assert.rejects(login(server, 'cached', 'wrong', { mode }), { code: 'LOGIN_REFUSED' });
      assert.equal(await login(server, 'nobody', '', { mode }), encrypted, 'an empty password');
    });
  }

  test('a user who must use TLS is told from one with a wrong password', async () => {
    await using admin = await connectMysql(server);
    await admin.query("create user encrypted identified by 'secret' require ssl");
    assert.equal(await login(server, 'encrypted', 'secret', { mode: 'preferred' }), true);
    await assert.rejects(login(server, 'encrypted', 'secret', { mode: 'disabled' }), { code: 'LOGIN_REFUSED' });
  });
});

describe('logins of MariaDB', { timeout: 180_000 }, () => {
  let server: MysqlServer;
  before(async () => {
    server = await startMariadb();
  });
  after(() => server[Symbol.asyncDispose]());

  test('mysql_native_password, and TLS preferred where the server has none', async () => {
    await using admin = await connectMysql(server);
    await admin.query("create user native identified via mysql_native_password using password('secret')");
    assert.equal(await login(server, 'native', 'secret', { mode: 'preferred' }), false);
    await assert.rejects(login(server, 'native', 'wrong', { mode: 'disabled' }), { code: 'LOGIN_REFUSED' });
    await assert.rejects(login(server, 'native', 'secret', { mode: 'required' }), { code: 'TLS_FAILED' });
  });
});
