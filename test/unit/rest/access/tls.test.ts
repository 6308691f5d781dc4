import assert from 'node:assert/strict';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { connect, type PeerCertificate } from 'node:tls';
import { type CallTls, HttpCallError, httpCall } from '../../../../src/rest/http-call.ts';
import { readTls, type TlsSettings } from '../../../../src/rest/tls-material.ts';
import { bundle, CertificateAuthority, type KeyPair } from '../../../services/certificates.ts';
import { logged } from '../../../support/logged.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { until } from '../../../support/until.ts';
import { RestWorker, type RestWorkerSettings } from '../rest-worker.ts';

const folder = new ScratchFolder('tls');
let authority: CertificateAuthority;
let ca: string;
let server: KeyPair;
let client: KeyPair;
/** Of an authority that nobody trusts. */
let stranger: KeyPair;

/** Key and certificate in one PEM file, as Kafka's PEM key stores have them. */
function keyStore(name: string, pair: KeyPair): string {
  const file = folder.file(`${name}-store.pem`);
  writeFileSync(file, readFileSync(pair.key, 'utf8') + readFileSync(pair.certificate, 'utf8'));
  return file;
}

function settings(location: string, changes: Partial<TlsSettings> = {}): TlsSettings {
  return {
    prefix: 'listeners.https.',
    keyStore: { location, type: null, password: null, key: null, chain: null },
    keyPassword: null,
    trustStore: { location: null, type: null, certificates: null },
    clientAuth: 'none',
    versions: { lowest: 'TLSv1.2', highest: 'TLSv1.3' },
    verifyHost: true,
    ...changes,
  };
}

const listeners = [{ protocol: 'https' as const, host: '127.0.0.1', port: 0 }];

function start(tls: TlsSettings, changes: RestWorkerSettings = {}): Promise<RestWorker> {
  return new RestWorker().start({ listeners, tls, started: false, watchEveryMs: 10, ...changes });
}

/** The status of a call; the code of the error where there is none. */
async function reach(worker: RestWorker, tls: CallTls, path = '/health'): Promise<number | string> {
  try {
    return (await httpCall(worker.url + path, { tls, withinMs: 60_000 })).status;
  } catch (error) {
    return (error as HttpCallError).code;
  }
}

const shown = ({ certificate, key }: KeyPair): CallTls => ({ ca, cert: readFileSync(certificate), key: readFileSync(key) });

before(async () => {
  authority = await CertificateAuthority.create(folder, 'authority');
  const other = await CertificateAuthority.create(folder, 'other');
  ca = readFileSync(authority.certificate, 'utf8');
  [server, client, stranger] = await Promise.all([
    authority.sign('server', ['IP:127.0.0.1']),
    authority.sign('client'),
    other.sign('stranger'),
  ]);
});
after(() => folder[Symbol.dispose]());

describe('an https listener', () => {
  test('shows its certificate, and is https in its own URL', async () => {
    await using worker = await start(settings(keyStore('server', server)));
    assert.match(worker.url, /^https:\/\/127\.0\.0\.1:\d+$/);
    assert.equal(await reach(worker, { ca }), 503);
    assert.match(String(await reach(worker, {})), /UNABLE_TO|SELF_SIGNED|CERT/, 'nobody trusts it by chance');
    await assert.rejects(httpCall(worker.url.replace('https:', 'http:'), { withinMs: 60_000 }), HttpCallError);
  });

  test('takes PKCS12, by its password', async () => {
    const location = await bundle(server, 'geheim');
    const store = { location, type: null, password: 'geheim', key: null, chain: null };
    await using worker = await start(settings(location, { keyStore: store }));
    assert.equal(await reach(worker, { ca }), 503);
    const jks = { ...store, type: 'jks' as const };
    assert.ok(readTls(settings(location, { keyStore: jks })).pfx, 'what Java calls JKS may be PKCS12');
    assert.throws(() => readTls(settings(location, { keyStore: { ...store, password: 'wrong' } })), {
      code: 'CONFIG_INVALID',
      message: /^listeners\.https\.ssl\.keystore\.location: key and certificates cannot be used: (?!.*wrong)/,
    });
  });

  test('asks for certificates of clients where they are required', async () => {
    const trustStore = { location: authority.certificate, type: null, certificates: null };
    await using worker = await start(settings(keyStore('server', server), { trustStore, clientAuth: 'required' }));
    assert.equal(await reach(worker, shown(client)), 503);
    assert.notEqual(typeof (await reach(worker, { ca })), 'number', 'without one');
    assert.notEqual(typeof (await reach(worker, shown(stranger))), 'number', 'with a stranger’s');
  });

  test('lets those without a certificate in where one is only requested, but none that it does not trust', async () => {
    const trustStore = { location: authority.certificate, type: null, certificates: null };
    await using worker = await start(settings(keyStore('server', server), { trustStore, clientAuth: 'requested' }));
    assert.equal(await reach(worker, shown(client)), 503);
    assert.equal(await reach(worker, { ca }), 503);
    assert.notEqual(typeof (await reach(worker, shown(stranger))), 'number');
  });

  test('shows another certificate when the file is another, without a connection being lost', async () => {
    const location = keyStore('changing', server);
    const { logger, lines } = logged();
    await using worker = await start(settings(location), { logger });
    const { port } = new URL(worker.url);
    const open = connect({ port: Number(port), host: '127.0.0.1', ca });
    const first = await serialOf(worker);
    const next = await authority.sign('next', ['IP:127.0.0.1']);
    writeFileSync(folder.file('half'), 'half a certif');
    renameSync(folder.file('half'), location);
    await until(() => lines.some(({ message }) => /could not be read again; those that were read before stay/.test(message)), {
      what: 'the broken file to be told of',
    });
    assert.equal(await serialOf(worker), first);
    renameSync(keyStore('next', next), location);
    await until(async () => (await serialOf(worker)) !== first, { what: 'the new certificate' });
    assert.equal(open.destroyed, false);
    open.destroy();
  });

  test('is refused where key and certificate are no pair, or not there', async () => {
    const mixed = keyStore('mixed', { certificate: server.certificate, key: client.key });
    assert.throws(() => readTls(settings(mixed)), {
      code: 'CONFIG_INVALID',
      message: /^listeners\.https\.ssl\.keystore\.location: key and cert/,
    });
    assert.throws(() => readTls(settings(folder.file('none'))), { message: /cannot be read \(ENOENT\)/ });
    assert.throws(() => readTls(settings(server.certificate)), { message: /must hold the private key and the certificate chain/ });
    writeFileSync(folder.file('java'), Buffer.from('feedfeed00000002', 'hex'));
    assert.throws(() => readTls(settings(folder.file('java'))), { message: /convert it with `keytool -importkeystore/ });
  });

  test('has a listener for /admin of its own where it is told to', async () => {
    await using worker = await start(settings(keyStore('server', server)), {
      adminListeners: [{ host: '127.0.0.1', port: 0 }],
      started: true,
    });
    const admin = `http://127.0.0.1:${worker.rest.adminPort}`;
    const statusOf = async (url: string) => (await httpCall(url, { tls: { ca }, withinMs: 60_000 })).status;
    assert.deepEqual([await statusOf(`${admin}/admin/loggers`), await statusOf(`${admin}/connectors`)], [200, 404]);
    assert.deepEqual([await statusOf(`${worker.url}/admin/loggers`), await statusOf(`${worker.url}/connectors`)], [404, 200]);
  });

  test('has nobody answer /admin where it is told so', async () => {
    await using worker = await new RestWorker().start({ adminListeners: [], started: false });
    assert.equal((await worker.call('GET', '/admin/loggers')).status, 404);
  });

  async function serialOf(worker: RestWorker): Promise<string> {
    const socket = connect({ port: Number(new URL(worker.url).port), host: '127.0.0.1', ca });
    try {
      await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
      return (socket.getPeerCertificate() as PeerCertificate).serialNumber;
    } finally {
      socket.destroy();
    }
  }
});
