import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssignerProtocol } from 'kafkajs';
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from '../../../../src/log/kafka/consumer-protocol.ts';

const { MemberAssignment, MemberMetadata } = AssignerProtocol;
const userData = Buffer.from([1, 2, 3]);

// kafkajs has its own implementation of the same messages.
test('subscriptions are those of other clients', () => {
  const topics = ['one', 'zwei ☃'];
  assert.deepEqual(MemberMetadata.decode(encodeSubscription(topics))?.topics, topics);
  assert.deepEqual(decodeSubscription(MemberMetadata.encode({ version: 1, topics, userData })), topics);
});

test('assignments are those of other clients', () => {
  const partitions = [
    { topic: 'one', partition: 0 },
    { topic: 'one', partition: 2 },
    { topic: 'zwei ☃', partition: 7 },
  ];
  const assignment = { one: [0, 2], 'zwei ☃': [7] };
  assert.deepEqual({ ...MemberAssignment.decode(encodeAssignment(partitions))?.assignment }, assignment);
  assert.deepEqual(decodeAssignment(MemberAssignment.encode({ version: 0, assignment, userData })), partitions);
  assert.deepEqual(decodeAssignment(Buffer.alloc(0)), []);
});
