import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openDoors } from '../../../src/cli/rest-access.ts';
import { parseConfigText } from '../../../src/config/document.ts';
import { resolveWorker } from '../../../src/config/worker-file.ts';

function worker(options: Readonly<Record<string, string>>) {
  const document = parseConfigText('/etc/sluice/worker.yaml', JSON.stringify(options, null, 1))[0]!;
  return resolveWorker(document, {}, async () => ({ parse: () => ({ faults: [], warnings: [] }) }));
}

async function refused(options: Readonly<Record<string, string>>, message: RegExp): Promise<void> {
  await assert.rejects(worker(options), error => {
    assert.match((error as Error).message, message);
    assert.ok(!(error as Error).message.includes('geheim'));
    return true;
  });
}

const https = { listeners: 'HTTPS://:8443, http://127.0.0.1:8083' };
const store = { 'listeners.https.ssl.keystore.location': '/etc/worker.pem' };

describe('the TLS of listeners', () => {
  test('is Connect’s: with its prefix, or else without one', async () => {
    const { config, warnings } = await worker({
      ...https,
      ...store,
      'ssl.keystore.location': '/etc/kafka.pem',
      'bootstrap.servers': 'a:1',
    });
    assert.deepEqual(config.listeners[0], { protocol: 'https', host: '0.0.0.0', port: 8443 });
    assert.deepEqual([config.tls!.keyStore.location, config.tls!.clientAuth], ['/etc/worker.pem', 'none']);
    assert.deepEqual(warnings, []);
    const plain = await worker({ ...https, 'ssl.keystore.location': '/etc/kafka.pem' });
    assert.deepEqual([plain.config.tls!.keyStore.location, plain.warnings], ['/etc/kafka.pem', []]);
    const admin = await worker({ 'admin.listeners': 'https://:1', 'admin.listeners.https.ssl.keystore.location': '/etc/admin.pem' });
    assert.deepEqual([admin.config.tls, admin.config.adminTls!.keyStore.location, admin.warnings], [null, '/etc/admin.pem', []]);
    assert.deepEqual((await worker({ 'admin.listeners': '' })).config.adminListeners, []);
  });

  test('has all it needs, or says what is missing', async () => {
    await refused(https, /worker\.yaml.*An https listener needs listeners\.https\.ssl\.keystore\.location/);
    await refused(
      { ...https, ...store, 'listeners.https.ssl.client.auth': 'required' },
      /need listeners\.https\.ssl\.truststore\.location/,
    );
    await refused(
      { ...https, ...store, 'listeners.https.ssl.cipher.suites': 'X' },
      /'listeners\.https\.ssl\.cipher\.suites' is not supported/,
    );
    await refused({ ...https, ...store, 'listeners.https.ssl.enabled.protocols': 'TLSv1.1' }, /TLSv1\.1 is not supported/);
    await refused(
      { ...https, ...store, 'listeners.https.ssl.keystore.type': 'PEM', 'listeners.https.ssl.keystore.password': 'geheim' },
      /has no password/,
    );
    await refused({ ...https, 'listeners.https.ssl.keystore.key': 'geheim' }, /belong together/);
    const { warnings } = await worker(store);
    assert.match(warnings.join('\n'), /No https listener uses listeners\.https\.ssl\.\*/);
    const near = await worker({ ...https, ...store, 'listeners.https.ssl.clientauth': 'none' });
    assert.match(
      near.warnings.join('\n'),
      /Unknown option 'listeners\.https\.ssl\.clientauth'.*did you mean 'listeners\.https\.ssl\.client\.auth'/,
    );
  });
});

describe('who may call', () => {
  test('is nobody’s business unless it is said', async () => {
    const { config } = await worker({});
    assert.deepEqual([config.access.usersFile, config.access.oidc, config.access.audit.file], [null, null, null]);
    assert.deepEqual([config.access.bodyBytesMax, config.access.requestsPerSecond], [1_048_576, 1000]);
    assert.deepEqual(openDoors(config), []);
  });

  test('is said with paths relative to the file', async () => {
    const { config } = await worker({
      'rest.basic.users.file': 'users',
      'rest.audit.file': '/var/log/audit',
      'rest.extension.classes': 'org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension',
      'rest.oidc.issuer': 'https://id.example/realms/ops',
      'rest.oidc.audience': 'sluice, cdc',
      'rest.oidc.roles': '/ops/oncall=operator, a=b=admin',
    });
    const { usersFile, audit, oidc } = config.access;
    assert.deepEqual([usersFile, audit.file], ['/etc/sluice/users', '/var/log/audit']);
    assert.deepEqual(
      [...oidc!.roles],
      [
        ['/ops/oncall', 'operator'],
        ['a=b', 'admin'],
      ],
    );
    assert.deepEqual([oidc!.audience, oidc!.jwksUrl], [['sluice', 'cdc'], null]);
  });

  test('is refused where it would be less than it looks', async () => {
    await refused({ 'rest.extension.classes': 'BasicAuthSecurityRestExtension' }, /Basic authentication needs rest\.basic\.users\.file/);
    await refused({ 'rest.extension.classes': 'com.example.Mine' }, /com\.example\.Mine is not supported: Java classes/);
    await refused({ 'rest.oidc.issuer': 'https://id.example' }, /needs rest\.oidc\.audience/);
    await refused({ 'rest.oidc.audience': 'sluice' }, /rest\.oidc\.audience needs rest\.oidc\.issuer/);
    await refused({ 'rest.oidc.issuer': 'id.example' }, /Not an http or https URL/);
    const issuer = { 'rest.oidc.issuer': 'https://id.example', 'rest.oidc.audience': 'a' };
    for (const algorithm of ['HS256', 'none', 'RS256,HS512'])
      await refused({ ...issuer, 'rest.oidc.algorithms': algorithm }, /is none of RS256/);
    await refused({ ...issuer, 'rest.oidc.roles': 'a=root' }, /the role one of viewer, operator, admin/);
    const plain = await worker({ ...issuer, 'rest.oidc.issuer': 'http://id.example' });
    assert.match(plain.warnings.join(), /rest\.oidc\.issuer is not https/);
  });

  test('is warned of where doors are open', async () => {
    const doors = async (options: Readonly<Record<string, string>>) => openDoors((await worker(options)).config).join();
    const users = { 'rest.basic.users.file': 'users' };
    assert.match(await doors({ listeners: 'http://:8083' }), /REST is open to whoever reaches 0\.0\.0\.0:8083/);
    assert.match(await doors({ ...https, ...store }), /REST is open/);
    assert.match(await doors({ listeners: 'http://:8083', ...users }), /Passwords and tokens can be read/);
    assert.equal(await doors({ ...https, ...store, ...users }), '');
    const trust = { 'listeners.https.ssl.truststore.location': '/ca.pem', 'listeners.https.ssl.client.auth': 'required' };
    assert.equal(await doors({ ...https, ...store, ...trust }), '');
  });
});
