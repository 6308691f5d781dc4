import assert from 'node:assert/strict';
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { schemas } from '../../../../src/contract/index.ts';
import { CertificateAuthority, type KeyPair } from '../../../services/certificates.ts';
import { type ElasticsearchServer, startElasticsearch } from '../../../services/elasticsearch.ts';
import { elasticsearchTask } from '../../../support/elasticsearch.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { live, never, Rows } from './rows.ts';

const scratch = new ScratchFolder('elasticsearch-security');
let server: ElasticsearchServer;
let authority: CertificateAuthority;
let pair: KeyPair;

/** A password as the file of users keeps it. */
function hashed(password: string): string {
  const salt = randomBytes(32);
  const hash = pbkdf2Sync(password, salt, 10_000, 32, 'sha512');
  return `{PBKDF2}10000$${salt.toString('base64')}$${hash.toString('base64')}`;
}

before(async () => {
  authority = await CertificateAuthority.create(scratch, 'authority');
  pair = await authority.sign('search', ['IP:127.0.0.1']);
  server = await startElasticsearch({
    settings: {
      'xpack.security.enabled': 'true',
      'xpack.security.http.ssl.enabled': 'true',
      'xpack.security.http.ssl.key': 'http.key',
      'xpack.security.http.ssl.certificate': 'http.pem',
      'xpack.security.authc.api_key.enabled': 'true',
    },
    files: {
      'http.key': readFileSync(pair.key, 'utf8'),
      'http.pem': readFileSync(pair.certificate, 'utf8'),
      users: `writer:${hashed('correct horse')}\nreader:${hashed('correct horse')}\n`,
      users_roles: 'superuser:writer\nreading:reader\n',
      'roles.yml': 'reading:\n  indices:\n    - names: ["*"]\n      privileges: ["read"]\n',
    },
  });
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  scratch[Symbol.dispose]();
});

function task(options: Readonly<Record<string, string>>) {
  return elasticsearchTask({
    'connection.url': server.url,
    'elastic.https.ssl.truststore.type': 'PEM',
    'elastic.https.ssl.truststore.location': authority.certificate,
    'index.settings': '{"number_of_replicas": 0}',
    'behavior.on.null.values': 'delete',
    'connection.timeout.ms': '30000',
    'read.timeout.ms': '60000',
    ...options,
  });
}

const writer = { 'connection.username': 'writer', 'connection.password': 'correct horse' };

async function faultsOf(options: Readonly<Record<string, string>>) {
  await using sink = task(options);
  return (await sink.check(never)).filter(({ status }) => status === 'fault');
}

describe('elasticsearch: logins and TLS', () => {
  test('by user and password', async () => {
    const rows = new Rows([['name', schemas.optionalString]]);
    await using sink = task({ ...writer, topics: rows.topic });
    assert.deepEqual(
      (await sink.check(never)).filter(({ status }) => status === 'fault'),
      [],
    );
    assert.deepEqual((await sink.write(live(rows.upsert(1, ['a']), rows.delete(1)), never)).failed, []);
  });

  test('a wrong password is told at check and stops the task', async () => {
    const [fault] = await faultsOf({ ...writer, 'connection.password': 'wrong' });
    assert.deepEqual([fault?.code, fault?.option], ['TARGET_REFUSED', 'connection.username']);
    const rows = new Rows([['name', schemas.optionalString]]);
    await using sink = task({ ...writer, 'connection.password': 'wrong' });
    await assert.rejects(sink.write(live(rows.upsert(1, ['a'])), never), { code: 'TARGET_REFUSED' });
    const [wrongKey] = await faultsOf({ 'connection.api.key': Buffer.from('no:such').toString('base64') });
    assert.equal(wrongKey?.option, 'connection.api.key');
  });

  test('missing privileges are named', async () => {
    const [fault] = await faultsOf({ ...writer, 'connection.username': 'reader', topics: 'orders' });
    assert.match(fault?.message ?? '', /index, .*on orders/);
  });

  test('a certificate of nobody we trust is refused, and is not what heals by itself', async () => {
    const [fault] = await faultsOf({
      ...writer,
      'elastic.https.ssl.truststore.location': (await CertificateAuthority.create(scratch, 'other')).certificate,
    });
    assert.equal(fault?.code, 'TARGET_REFUSED');
    assert.match(fault?.message ?? '', /certificate/);
  });
});
