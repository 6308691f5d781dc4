import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consumerSettings, consumerSpec } from '../../../src/log/consumer-config.ts';

test('what is left out has Kafka’s defaults', () => {
  const settings = consumerSettings({}, () => false);
  assert.equal(settings.pollMsMax, 300_000);
  assert.equal(settings.sessionTimeoutMs, 45_000);
  assert.equal(settings.strategy, 'roundrobin');
  assert.equal(settings.reset, null);
});

test('an assignor may be named as in Java', () => {
  const strategy = (text: string) => consumerSettings({ 'partition.assignment.strategy': text }, () => false).strategy;
  assert.equal(strategy('org.apache.kafka.clients.consumer.RangeAssignor'), 'range');
  assert.equal(strategy('roundrobin'), 'roundrobin');
  assert.throws(() => strategy('org.apache.kafka.clients.consumer.CooperativeStickyAssignor'), /consumer\.override\.partition\.assignment/);
});

test('what cannot be honoured is a fault, whatever its value; what is so anyway is none', () => {
  const refused = {
    'isolation.level': 'read_uncommitted',
    'enable.auto.commit': 'true',
    'auto.commit.interval.ms': '5000',
    'group.id': 'mine',
    'group.instance.id': 'me',
    'client.rack': 'a',
    'key.deserializer': 'org.example.Mine',
    'interceptor.classes': 'org.example.Mine',
    'exclude.internal.topics': 'false',
    'group.protocol': 'consumer',
    'auto.offset.reset': 'by_duration:PT1H',
  };
  const { faults } = consumerSpec.parse(refused);
  assert.deepEqual(faults.map(({ option }) => option).toSorted(), Object.keys(refused).toSorted());
  const harmless = { 'isolation.level': 'read_committed', 'enable.auto.commit': 'false', 'exclude.internal.topics': 'true' };
  assert.deepEqual(consumerSpec.parse(harmless).faults, []);
});

test('a session that is no longer than a heartbeat is refused under the name that was given', () => {
  const faults = (raw: Record<string, string>) => consumerSpec.parse(raw).faults.map(({ option }) => option);
  assert.deepEqual(faults({ 'session.timeout.ms': '3000' }), ['session.timeout.ms']);
  assert.deepEqual(faults({ 'heartbeat.interval.ms': '45000' }), ['heartbeat.interval.ms']);
});
