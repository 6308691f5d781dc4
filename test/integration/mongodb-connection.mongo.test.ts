import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MongoClient } from 'mongodb';
import { mongodbConnector } from '../../connectors/mongodb/plugin.ts';
import type { CheckResult, RawConfig } from '../../src/contract/index.ts';
import { CertificateAuthority } from '../services/certificates.ts';
import { startMongodb } from '../services/mongodb.ts';
import { freshMongoDatabase } from '../support/fresh-mongo-database.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { sharedMongodb } from '../support/servers.ts';
import { silentLogger } from '../support/silent-logger.ts';

/** On SecantusDB, in MongoDB's place: these servers are of their own. */
async function check(options: RawConfig): Promise<readonly CheckResult[]> {
  const { config, faults } = mongodbConnector.spec.parse({
    'topic.prefix': 'srv',
    'mongodb.server.selection.timeout.ms': '30000',
    ...options,
  });
  assert.ok(config, faults.map(({ message }) => message).join('\n'));
  const clock = { nowMs: () => Date.now(), nowNs: () => BigInt(Date.now()) * 1_000_000n };
  await using made = mongodbConnector.create(config, { connector: 'test', task: 0, logger: silentLogger, clock });
  return made.check(new AbortController().signal);
}

/** For a server that is waited for in vain. */
const hasty = { 'mongodb.server.selection.timeout.ms': '5000' };

const faultOf = (results: readonly CheckResult[]) => results.find(({ status }) => status === 'fault');

test('a user logs in by SCRAM; a wrong password is a fault that shows no password', async () => {
  await using server = await startMongodb();
  const admin = await MongoClient.connect(server.url);
  await admin.db('admin').command({ createUser: 'reader', pwd: 'right one', roles: ['root'] });
  await admin.close();
  await server.stop();
  await server.start(['--auth']);
  const as = (password: string) =>
    check({ 'mongodb.connection.string': server.url, 'mongodb.user': 'reader', 'mongodb.password': password });
  assert.equal(faultOf(await as('right one')), undefined);
  const refused = faultOf(await as('wrong one'));
  assert.equal(refused?.code, 'LOGIN_REFUSED');
  assert.doesNotMatch(JSON.stringify(refused), /wrong one/);
  assert.ok(faultOf(await check({ 'mongodb.connection.string': server.url })), 'nobody gets in without a name');
});

test('a server that is not there is a fault that may heal', async () => {
  const results = await check({ 'mongodb.connection.string': 'mongodb://127.0.0.1:1/?replicaSet=rs0', ...hasty });
  assert.equal(faultOf(results)?.code, 'DATABASE_UNAVAILABLE');
});

test('TLS by options of the connection string: the server’s certificate is checked', async () => {
  using folder = new ScratchFolder('mongodb-tls');
  const authority = await CertificateAuthority.create(folder, 'authority');
  const { certificate, key } = await authority.sign('server', ['IP:127.0.0.1']);
  await using server = await startMongodb();
  await server.stop();
  await server.start(['--tls-cert-file', certificate, '--tls-key-file', key], `tls=true&tlsCAFile=${authority.certificate}`);
  const trusted = await check({ 'mongodb.connection.string': `${server.url}&tls=true&tlsCAFile=${authority.certificate}` });
  assert.equal(faultOf(trusted), undefined);
  const untrusted = await check({ 'mongodb.connection.string': server.url, 'mongodb.ssl.enabled': 'true', ...hasty });
  assert.equal(faultOf(untrusted)?.code, 'TLS_FAILED');
});

test('patterns that fit no collection are warned of, and so are lists that fit none', async () => {
  await using database = await freshMongoDatabase(await sharedMongodb());
  await database.db.collection('orders').insertOne({ n: 1 });
  const warningsOf = async (list: string) => {
    const { 'connector.class': _, ...options } = database.config({ 'collection.include.list': list });
    const results = await check(options);
    assert.equal(faultOf(results), undefined);
    return results.flatMap(({ status, subject, message }) => (status === 'warning' ? [`${subject}: ${message}`] : []));
  };
  const { name } = database;
  assert.deepEqual(await warningsOf(`${name}.orders`), []);
  const [misspelt, ...others] = await warningsOf(`${name}.orders,${name}.ordres`);
  assert.match(misspelt ?? '', /^collection\.include\.list: '.*ordres' matches no collection/);
  assert.deepEqual(others, []);
  const none = await warningsOf(`${name}.ordres`);
  assert.match(none[0] ?? '', /^collections: No collection matches the include and exclude lists now/);
  assert.ok(
    none.some(text => text.startsWith('collection.include.list: ')),
    none.join('\n'),
  );
});
