import assert from 'node:assert/strict';
import { chownSync, copyFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import { type ConnectionSettings, connect } from '../../connectors/postgres/connection.ts';
import { SluiceError } from '../../src/contract/index.ts';
import { bundle, CertificateAuthority, encryptedKey, type KeyPair } from '../services/certificates.ts';
import { type PostgresServer, startPostgres } from '../services/postgres.ts';
import { serverUser } from '../services/postgres-binaries.ts';
import { connectTo } from '../support/fresh-database.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { postgresRun } from '../support/source-run.ts';

const folder = new ScratchFolder('postgres-tls');
const password = 'a secret: ü%&';

/** The first line that fits a login counts; `postgres` is the tests' own way in. */
const accessRules = `
host      all,replication  postgres     127.0.0.1/32  trust
hostssl   all,replication  by_tls       127.0.0.1/32  scram-sha-256
hostnossl all,replication  by_plain     127.0.0.1/32  scram-sha-256
host      all,replication  by_either    127.0.0.1/32  scram-sha-256
hostssl   all,replication  by_cert      127.0.0.1/32  cert
`;
const roles = ['by_tls', 'by_plain', 'by_either', 'by_cert'] as const;

let server: PostgresServer;
let authority: CertificateAuthority;
let stranger: CertificateAuthority;
let client: KeyPair;
let admin: pg.Client & AsyncDisposable;

/** The server takes this certificate from now on. PostgreSQL wants the key to be its own. */
async function serve({ certificate, key }: KeyPair): Promise<void> {
  const user = await serverUser();
  copyFileSync(certificate, folder.file('server.pem'));
  copyFileSync(key, folder.file('server.key'));
  if (user) chownSync(folder.file('server.key'), user.uid, user.gid);
}

function settings(given: Partial<ConnectionSettings>): ConnectionSettings {
  return {
    hostname: 'localhost',
    port: server.port,
    user: 'by_either',
    password,
    database: 'postgres',
    sslMode: 'prefer',
    sslRootCertificateFile: null,
    sslCertificateFile: null,
    sslKeyFile: null,
    sslKeyPassword: null,
    tcpKeepAlive: true,
    initialStatements: [],
    ...given,
  };
}

/** How the server sees the login: `tls` or `plain`, once by an ordinary and once by a replication connection, which must agree. */
async function login(given: Partial<ConnectionSettings>): Promise<'tls' | 'plain'> {
  const seen: boolean[] = [];
  for (const replication of [false, true]) {
    const connected = await connect(settings(given), replication);
    try {
      const { processID } = connected as pg.Client & { processID: number };
      const { rows } = await admin.query('select ssl from pg_stat_ssl where pid = $1', [processID]);
      seen.push(rows[0].ssl);
    } finally {
      await connected.end();
    }
  }
  assert.equal(seen[0], seen[1]);
  return seen[0] ? 'tls' : 'plain';
}

/** What a login is refused with, which both kinds of connection must say alike. */
async function refusal(given: Partial<ConnectionSettings>): Promise<string> {
  const codes: string[] = [];
  for (const replication of [false, true]) {
    await assert.rejects(
      connect(settings(given), replication).then(connected => connected.end()),
      (error: unknown) => {
        assert.ok(error instanceof SluiceError);
        assert.ok(!error.message.includes(password), 'no secret in a message');
        codes.push(error.code);
        return true;
      },
    );
  }
  assert.equal(codes[0], codes[1]);
  return codes[0]!;
}

describe('connections to PostgreSQL', { timeout: 240_000 }, () => {
  before(async () => {
    authority = await CertificateAuthority.create(folder, 'authority');
    stranger = await CertificateAuthority.create(folder, 'stranger');
    client = await authority.sign('by_cert');
    await serve(await authority.sign('named', ['DNS:localhost']));
    server = await startPostgres({
      version: 18,
      settings: {
        ssl: 'on',
        ssl_cert_file: folder.file('server.pem'),
        ssl_key_file: folder.file('server.key'),
        ssl_ca_file: authority.certificate,
        password_encryption: 'scram-sha-256',
      },
    });
    admin = await connectTo(server.url);
    for (const role of roles) await admin.query(`create role ${role} login replication password '${password}'`);
    writeFileSync(`${server.dataFolder}/pg_hba.conf`, accessRules);
    await admin.query('select pg_reload_conf()');
  });
  after(async () => {
    await admin?.end();
    await server?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  test('each sslmode takes the kind of connection it says', async () => {
    const kinds = {
      disable: 'plain',
      allow: 'plain',
      prefer: 'tls',
      require: 'tls',
    } as const;
    for (const [sslMode, kind] of Object.entries(kinds)) {
      assert.equal(await login({ sslMode: sslMode as ConnectionSettings['sslMode'] }), kind, sslMode);
    }
  });

  test('allow and prefer take the other kind where access rules ask for it; the others do not', async () => {
    assert.equal(await login({ sslMode: 'allow', user: 'by_tls' }), 'tls');
    assert.equal(await login({ sslMode: 'prefer', user: 'by_plain' }), 'plain');
    assert.equal(await refusal({ sslMode: 'disable', user: 'by_tls' }), 'LOGIN_REFUSED');
    assert.equal(await refusal({ sslMode: 'require', user: 'by_plain' }), 'LOGIN_REFUSED');
  });

  test('verify-ca wants a certificate of a known authority, under whatever name', async () => {
    const sslMode = 'verify-ca';
    assert.equal(await login({ sslMode, sslRootCertificateFile: authority.certificate }), 'tls');
    assert.equal(await login({ sslMode, sslRootCertificateFile: authority.certificate, hostname: '127.0.0.1' }), 'tls');
    assert.equal(await refusal({ sslMode, sslRootCertificateFile: stranger.certificate }), 'TLS_FAILED');
    assert.equal(await refusal({ sslMode }), 'TLS_FAILED', 'this machine does not know the authority');
  });

  test('verify-full wants the host name too, or the address where the host is given by it', async () => {
    const verified = { sslMode: 'verify-full', sslRootCertificateFile: authority.certificate } as const;
    assert.equal(await login(verified), 'tls');
    assert.equal(await refusal({ ...verified, hostname: '127.0.0.1' }), 'TLS_FAILED');
    assert.equal(await refusal({ ...verified, sslRootCertificateFile: stranger.certificate }), 'TLS_FAILED');
    await serve(await authority.sign('addressed', ['IP:127.0.0.1']));
    await admin.query('select pg_reload_conf()');
    assert.equal(await login({ ...verified, hostname: '127.0.0.1' }), 'tls');
    assert.equal(await refusal(verified), 'TLS_FAILED');
  });

  test('a certificate logs in, its key as PEM, as encrypted PKCS#8 or in a PKCS#12 file', async () => {
    const { certificate: sslCertificateFile, key } = client;
    const cert = { sslMode: 'require', user: 'by_cert', password: null, sslCertificateFile } as const;
    assert.equal(await login({ ...cert, sslKeyFile: key }), 'tls');
    assert.equal(await login({ ...cert, sslKeyFile: await encryptedKey(client, password), sslKeyPassword: password }), 'tls');
    const sslKeyFile = await bundle(client, password);
    assert.equal(await login({ ...cert, sslCertificateFile: null, sslKeyFile, sslKeyPassword: password }), 'tls');
  });

  test('a missing, foreign or unreadable certificate is refused as such', async () => {
    const cert = { sslMode: 'require', user: 'by_cert', password: null } as const;
    assert.equal(await refusal(cert), 'LOGIN_REFUSED');
    assert.equal(await refusal({ ...cert, sslMode: 'prefer' }), 'LOGIN_REFUSED');
    const foreign = await stranger.sign('foreign');
    assert.equal(await refusal({ ...cert, sslCertificateFile: foreign.certificate, sslKeyFile: foreign.key }), 'TLS_FAILED');
    assert.equal(await refusal({ ...cert, sslCertificateFile: folder.file('nowhere.pem') }), 'CONFIG_INVALID');
    const locked = await encryptedKey(client, password);
    const wrong = { sslCertificateFile: client.certificate, sslKeyFile: locked, sslKeyPassword: 'wrong' };
    assert.equal(await refusal({ ...cert, ...wrong }), 'CONFIG_INVALID');
  });

  test('a wrong or missing password is LOGIN_REFUSED, with SCRAM and with and without TLS', async () => {
    for (const sslMode of ['disable', 'require'] as const) {
      assert.equal(await refusal({ sslMode, password: 'wrong' }), 'LOGIN_REFUSED');
      assert.equal(await refusal({ sslMode, password: '' }), 'LOGIN_REFUSED');
    }
    assert.equal(await refusal({ user: 'nobody_known' }), 'LOGIN_REFUSED');
    assert.equal(await refusal({ database: 'nowhere', user: 'postgres' }), 'LOGIN_REFUSED');
  });

  test('a snapshot and a stream by TLS and SCRAM, with initial statements on each ordinary connection', async () => {
    await admin.query(`create table captured (id int primary key, v text); insert into captured select n, repeat('x', 1000) from generate_series(1, 5000) n;
      create table logins (says text); grant select on captured to by_tls; grant insert on logins to by_tls; create publication captured for table captured;`);
    const run = postgresRun({
      'topic.prefix': 'srv',
      'database.hostname': '127.0.0.1',
      'database.port': String(server.port),
      'database.user': 'by_tls',
      'database.password': password,
      'database.dbname': 'postgres',
      'database.sslmode': 'verify-full',
      'database.sslrootcert': authority.certificate,
      'database.initial.statements': `set application_name = 'one;;two'; insert into logins values (current_setting('application_name'))`,
      'table.include.list': 'public.captured',
      'publication.name': 'captured',
      'slot.name': 'by_tls',
    });
    let streamed = false;
    await run.run(batch => {
      if (!streamed && run.records.length + batch.records.length >= 5000) {
        streamed = true;
        void admin.query(`insert into captured select n, repeat('y', 1000) from generate_series(5001, 10000) n`);
      }
      return run.records.length + batch.records.length >= 10_000 ? 'crash after' : 'append';
    });
    assert.equal(run.records.length, 10_000);
    const { rows } = await admin.query('select distinct says from logins');
    assert.deepEqual(rows, [{ says: 'one;two' }]);
  });
});
