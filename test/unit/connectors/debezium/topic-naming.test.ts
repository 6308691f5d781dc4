import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sanitizedTopicName, topicNaming } from '../../../../connectors/debezium/topic-naming.ts';

const settings = {
  prefix: 'srv',
  delimiter: '.',
  heartbeatPrefix: '__debezium-heartbeat',
  heartbeatName: null,
  transaction: 'transaction',
};

test('topics are named by prefix, schema and table', () => {
  const topics = topicNaming(settings);
  assert.equal(topics.dataChangeTopic({ catalog: 'd', schema: 'public', table: 'Odd Name' }), 'srv.public.Odd_Name');
  assert.equal(topics.heartbeatTopic, '__debezium-heartbeat.srv');
  assert.equal(topics.transactionTopic, 'srv.transaction');
  assert.equal(topics.messageTopic, 'srv.message');
});

test('the delimiter stands between all parts but in front of message', () => {
  const topics = topicNaming({ ...settings, delimiter: '_', heartbeatName: 'beats' });
  assert.equal(topics.dataChangeTopic({ catalog: 'd', schema: 's', table: 't' }), 'srv_s_t');
  assert.equal(topics.transactionTopic, 'srv_transaction');
  assert.equal(topics.heartbeatTopic, 'beats');
  assert.equal(topics.messageTopic, 'srv.message');
});

test('what Kafka does not take is replaced, and too long a name cut', () => {
  assert.equal(sanitizedTopicName('a:b/ü😀'), 'a_b____');
  assert.equal(sanitizedTopicName('..'), '__');
  assert.equal(sanitizedTopicName('x'.repeat(300)).length, 249);
});
