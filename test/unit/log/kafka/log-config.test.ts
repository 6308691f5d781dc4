import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { inspect } from 'node:util';
import type { SluiceError } from '../../../../src/contract/index.ts';
import { kafkaLogConfig, kafkaLogSpec, taskProducerConfig } from '../../../../src/log/kafka/log-config.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';

const least = { 'bootstrap.servers': 'one:9092,two:9092' };
const sasl = {
  ...least,
  'security.protocol': 'SASL_SSL',
  'sasl.mechanism': 'SCRAM-SHA-512',
  'sasl.jaas.config': 'org.apache.kafka.common.security.scram.ScramLoginModule required username="alice" password="hush";',
};

function faultsOf(raw: Record<string, string>): string[] {
  return kafkaLogSpec.parse(raw, () => true).faults.map(({ option }) => option);
}

test('bootstrap.servers alone is enough', () => {
  const config = kafkaLogConfig(least);
  assert.deepEqual(config.connection.brokers, ['one:9092', 'two:9092']);
  assert.equal(config.connection.tls, null);
  assert.equal(config.configStorage.partitions, 1);
  assert.equal(config.offsetStorage.partitions, 25);
  assert.equal(config.offsetStorage.replicationFactor, null);
});

test('internal topics take further topic configs under their prefix, as in Connect', () => {
  const config = kafkaLogConfig({
    ...least,
    'offset.storage.topic': 'offsets',
    'offset.storage.partitions': '3',
    'offset.storage.replication.factor': '2',
    'offset.storage.min.insync.replicas': '2',
  });
  assert.deepEqual(config.offsetStorage, {
    topic: 'offsets',
    partitions: 3,
    replicationFactor: 2,
    configs: { 'min.insync.replicas': '2' },
  });
});

test('all faults come at once', () => {
  const faults = faultsOf({
    'bootstrap.servers': 'no-port',
    'security.protocol': 'SASL_SSL',
    'ssl.truststore.location': '/certificates/trust.jks',
    'producer.partitioner.class': 'org.example.Mine',
    'consumer.isolation.level': 'read_uncommitted',
    'admin.max.poll.records': '5',
  });
  for (const option of ['bootstrap.servers', 'sasl.mechanism', 'sasl.jaas.config', 'ssl.truststore.type'])
    assert.ok(faults.includes(option), `${option} in ${faults.join(', ')}`);
  assert.ok(faults.includes('producer.partitioner.class'));
  assert.ok(faults.includes('consumer.isolation.level'));
  assert.ok(faults.includes('admin.max.poll.records'));
});

test('a Java key store is refused with the way to convert it', () => {
  const { faults } = kafkaLogSpec.parse(
    { ...least, 'security.protocol': 'SSL', 'ssl.keystore.location': '/certificates/key.jks' },
    () => true,
  );
  assert.match(faults[0]!.message, /JKS key stores are not supported: convert it \(keytool .*\/certificates\/key\.jks/);
});

test('GSSAPI, OAUTHBEARER and a login module of another mechanism are refused by name', () => {
  assert.deepEqual(faultsOf({ ...sasl, 'sasl.mechanism': 'GSSAPI' }), ['sasl.mechanism']);
  assert.deepEqual(faultsOf({ ...sasl, 'sasl.mechanism': 'PLAIN' }), ['sasl.jaas.config']);
  assert.deepEqual(faultsOf({ ...sasl, 'sasl.kerberos.service.name': 'kafka' }), ['sasl.kerberos.service.name']);
});

test('PEM trust and key stores are read, and the endpoint check can be switched off', () => {
  using folder = new ScratchFolder('pem');
  writeFileSync(folder.file('trust.pem'), 'CERTIFICATE');
  writeFileSync(folder.file('key.pem'), 'KEY AND CHAIN');
  const { tls } = kafkaLogConfig({
    ...least,
    'security.protocol': 'SSL',
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': folder.file('trust.pem'),
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': folder.file('key.pem'),
    'ssl.key.password': 'hush',
    'ssl.endpoint.identification.algorithm': '',
    'ssl.enabled.protocols': 'TLSv1.3',
  }).connection;
  assert.equal(String(tls?.ca), 'CERTIFICATE');
  assert.equal(String(tls?.key), 'KEY AND CHAIN');
  assert.equal(tls?.passphrase, 'hush');
  assert.equal(tls?.minVersion, 'TLSv1.3');
  assert.equal(tls?.checkServerIdentity?.('any', {} as never), undefined);
});

test('the broker’s name goes out with the TLS greeting unless brokers are named by address', () => {
  assert.equal(kafkaLogConfig(sasl).connection.tlsServerName, true);
  assert.equal(kafkaLogConfig({ ...sasl, 'bootstrap.servers': '10.0.0.1:9092' }).connection.tlsServerName, false);
});

test('no dump of a config shows its password', () => {
  const config = kafkaLogConfig(sasl);
  const { connection } = config;
  assert.equal(connection.sasl?.password(), 'hush');
  assert.doesNotMatch(inspect(config, { depth: 9 }) + JSON.stringify(config), /hush/);
});

test('a connector’s overrides win over the worker’s producer options, and those over the defaults', () => {
  const config = kafkaLogConfig({ ...least, 'producer.compression.type': 'zstd', 'producer.linger.ms': '5', 'producer.client.id': 'mine' });
  const { settings, connection } = taskProducerConfig(config, { 'linger.ms': '20', 'bootstrap.servers': 'three:9092' }, true);
  assert.equal(settings.compression, 'zstd');
  assert.equal(settings.lingerMs, 20);
  assert.equal(connection.clientId, 'mine');
  assert.deepEqual(connection.brokers, ['three:9092']);
});

test('exactly once refuses producers that could lose or repeat records; without it they may', () => {
  const config = kafkaLogConfig(least);
  const refused = (overrides: Record<string, string>, message: RegExp) =>
    assert.throws(
      () => taskProducerConfig(config, overrides, true),
      (error: SluiceError) => error.code === 'CONFIG_INVALID' && message.test(error.message),
    );
  refused({ acks: '1' }, /producer\.override\.acks/);
  refused({ 'enable.idempotence': 'false' }, /producer\.override\.enable\.idempotence/);
  refused({ 'transactional.id': 'x' }, /producer\.override\.transactional\.id/);
  assert.equal(taskProducerConfig(config, { acks: '1' }, false).settings.acks, 1);
  assert.equal(taskProducerConfig(config, { acks: 'all' }, true).settings.acks, -1);
});
