import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { SluiceError } from '../../src/contract/index.ts';
import { javaOptions, KafkaServer, kafkaLibraries } from '../services/kafka.ts';
import { freePort } from '../support/free-port.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { aName, append, exactlyOnce, makeTopic, never, openLog, readAll, textOf, workerOptions } from './kafka-log-fixture.ts';

const run = promisify(execFile);
const password = 'store-password';
const module = (name: string, user: string, secret: string) =>
  `org.apache.kafka.common.security.${name}LoginModule required username="${user}" password="${secret}";`;
const plain = (user: string, secret: string) => module('plain.Plain', user, secret);
const scram = (user: string, secret: string) => module('scram.Scram', user, secret);

/** A key pair with a self-signed certificate for this machine, as the JDK makes them. */
async function keyPair(folder: ScratchFolder, name: string): Promise<{ store: string; certificate: string }> {
  const store = folder.file(`${name}.p12`);
  const certificate = folder.file(`${name}.pem`);
  const access = ['-keystore', store, '-storepass', password, '-alias', name];
  const names = ['-dname', `CN=${name}`, '-ext', 'SAN=DNS:localhost,IP:127.0.0.1'];
  await run('keytool', [
    '-genkeypair',
    '-keyalg',
    'EC',
    '-groupname',
    'secp256r1',
    '-validity',
    '30',
    '-storetype',
    'PKCS12',
    ...names,
    ...access,
  ]);
  await run('keytool', ['-exportcert', '-rfc', '-file', certificate, ...access]);
  return { store, certificate };
}

describe('secured connections of the Kafka log', { timeout: 240_000 }, () => {
  const folder = new ScratchFolder('kafka-security');
  let server: KafkaServer;
  let ports: { sasl: number; tls: number; saslTls: number };
  let broker: { store: string; certificate: string };
  let client: { store: string; certificate: string };

  before(async () => {
    const libraries = await kafkaLibraries();
    [broker, client] = [await keyPair(folder, 'broker'), await keyPair(folder, 'client')];
    const port = await freePort();
    ports = { sasl: await freePort(), tls: await freePort(), saslTls: await freePort() };
    server = new KafkaServer(port, libraries);
    const own = `PLAINTEXT://127.0.0.1:${port},SASL_PLAINTEXT://127.0.0.1:${ports.sasl},SSL://127.0.0.1:${ports.tls},SASL_SSL://127.0.0.1:${ports.saslTls}`;
    const controller = await freePort();
    const login = (listener: string, mechanism: string, config: string) => ({
      [`listener.name.${listener}.${mechanism}.sasl.jaas.config`]: config,
    });
    const scramLogin = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
    const plainLogin = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="alice-secret";';
    await server.initialize(controller, {
      listeners: `${own},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': own,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name': 'PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      ...login('sasl_plaintext', 'plain', plainLogin),
      ...login('sasl_plaintext', 'scram-sha-256', scramLogin),
      ...login('sasl_plaintext', 'scram-sha-512', scramLogin),
      ...login('sasl_ssl', 'plain', plainLogin),
      ...login('sasl_ssl', 'scram-sha-256', scramLogin),
      ...login('sasl_ssl', 'scram-sha-512', scramLogin),
      'ssl.keystore.type': 'PKCS12',
      'ssl.keystore.location': broker.store,
      'ssl.keystore.password': password,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': client.certificate,
      'listener.name.ssl.ssl.client.auth': 'required',
    });
    await server.start();
    const tool = ['-cp', `${libraries}/*`, 'kafka.admin.ConfigCommand', '--bootstrap-server', server.bootstrapServers];
    const users = ['--alter', '--entity-type', 'users', '--entity-name', 'bob', '--add-config'];
    // One mechanism a request.
    for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512'])
      await run('java', [...javaOptions, ...tool, ...users, `${mechanism}=[password=bob-secret]`]);
  });
  after(async () => {
    await server?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  async function roundTrip(options: Record<string, string>): Promise<void> {
    await using log = await openLog(options);
    const topic = await makeTopic(log);
    await using writer = await log.writer({ connector: 'c', task: 0 }, exactlyOnce, never);
    await append(writer, [{ topic, value: 'secret' }], [{ partition: { server: 'srv' }, offset: { lsn: 1 } }]);
    assert.deepEqual(
      (await readAll(log, topic)).map(({ value }) => textOf(value)),
      ['secret'],
    );
  }

  const options = (port: number, more: Record<string, string>) => workerOptions(`127.0.0.1:${port}`, aName('security'), more);
  const withSasl = (mechanism: string, login: string) => ({
    'security.protocol': 'SASL_PLAINTEXT',
    'sasl.mechanism': mechanism,
    'sasl.jaas.config': login,
  });
  const trust = () => ({ 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': broker.certificate });

  test('PLAIN', () => roundTrip(options(ports.sasl, withSasl('PLAIN', plain('alice', 'alice-secret')))));
  test('SCRAM-SHA-256', () => roundTrip(options(ports.sasl, withSasl('SCRAM-SHA-256', scram('bob', 'bob-secret')))));
  test('SCRAM-SHA-512 over TLS', () =>
    roundTrip(
      options(ports.saslTls, { ...withSasl('SCRAM-SHA-512', scram('bob', 'bob-secret')), 'security.protocol': 'SASL_SSL', ...trust() }),
    ));

  test('TLS with a client certificate from a PKCS12 key store', () =>
    roundTrip(
      options(ports.tls, {
        'security.protocol': 'SSL',
        ...trust(),
        'ssl.keystore.type': 'PKCS12',
        'ssl.keystore.location': client.store,
        'ssl.keystore.password': password,
      }),
    ));

  test('a connector may write as another user than the worker', async () => {
    await using log = await openLog(options(ports.sasl, withSasl('PLAIN', plain('alice', 'alice-secret'))));
    const topic = await makeTopic(log);
    const asBob = { transactional: true, producerOverrides: withSasl('SCRAM-SHA-256', scram('bob', 'bob-secret')) };
    await using writer = await log.writer({ connector: 'c', task: 0 }, asBob, never);
    await append(writer, [{ topic, value: 'v' }]);
    const wrong = { transactional: true, producerOverrides: withSasl('SCRAM-SHA-256', scram('bob', 'wrong')) };
    await assert.rejects(log.writer({ connector: 'd', task: 0 }, wrong, never), (error: SluiceError) => error.code === 'LOG_REFUSED');
  });

  for (const [what, mechanism, login] of [
    ['a wrong password (PLAIN)', 'PLAIN', plain('alice', 'wrong')],
    ['a wrong password (SCRAM)', 'SCRAM-SHA-512', scram('bob', 'wrong')],
  ] as const)
    test(`${what} is refused at once, with the broker’s message and no secret`, async () => {
      await assert.rejects(openLog(options(ports.sasl, withSasl(mechanism, login))), (error: SluiceError) => {
        assert.equal(error.code, 'LOG_REFUSED', error.message);
        assert.match(error.message, /[Aa]uthentication failed/);
        assert.doesNotMatch(error.message, /wrong|secret/);
        return true;
      });
    });

  test('a certificate that nobody vouches for is refused at once', async () => {
    const unknown = options(ports.saslTls, { ...withSasl('PLAIN', plain('alice', 'alice-secret')), 'security.protocol': 'SASL_SSL' });
    await assert.rejects(openLog(unknown), (error: SluiceError) => {
      assert.equal(error.code, 'LOG_REFUSED', error.message);
      assert.match(error.message, /self-signed certificate/);
      return true;
    });
  });
});
