import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configRecords, readConfigRecord, readStatusKey, statusRecords } from '../../../../src/log/kafka/connect-records.ts';
import { canonicalPartition, offsetKey, offsetValue, readOffsetKey, readOffsetValue } from '../../../../src/log/kafka/offset-format.ts';

const text = ({ key, value }: { key: string; value: Buffer | null }) => [key, value && String(value)];
const bytes = (value: string) => Buffer.from(value);

test('config records are Connect’s to the byte', () => {
  assert.deepEqual(text(configRecords.config('a', { name: 'a', 'tasks.max': '1' })), [
    'connector-a',
    '{"properties":{"name":"a","tasks.max":"1"}}',
  ]);
  assert.deepEqual(text(configRecords.config('a', null)), ['connector-a', null]);
  assert.deepEqual(text(configRecords.targetState('a', 'STARTED')), ['target-state-a', '{"state":"STARTED","state.v2":"STARTED"}']);
  assert.deepEqual(text(configRecords.targetState('a', 'STOPPED')), ['target-state-a', '{"state":"PAUSED","state.v2":"STOPPED"}']);
  assert.deepEqual(text(configRecords.commit('a', 0)), ['commit-a', '{"tasks":0}']);
});

test('status records are Connect’s to the byte', () => {
  const status = { state: 'FAILED', trace: 'why', workerId: 'host:8083', generation: 0 };
  assert.deepEqual(text(statusRecords.state('a', null, { ...status, trace: null })), [
    'status-connector-a',
    '{"state":"FAILED","trace":null,"worker_id":"host:8083","generation":0}',
  ]);
  assert.deepEqual(text(statusRecords.state('a-b', 3, status)), [
    'status-task-a-b-3',
    '{"state":"FAILED","trace":"why","worker_id":"host:8083","generation":0}',
  ]);
  assert.deepEqual(text(statusRecords.topic('a', 'srv.public.t', { task: 0, timestampMs: 5 })), [
    'status-topic-srv.public.t:connector-a',
    '{"topic":{"name":"srv.public.t","connector":"a","task":0,"discoverTimestamp":5}}',
  ]);
});

test('config records of Connect are understood, those of older and of no concern too', () => {
  assert.deepEqual(readConfigRecord('connector-my-one', bytes('{"properties":{"a":"1","b":null}}')), {
    kind: 'config',
    name: 'my-one',
    config: { a: '1' },
  });
  assert.deepEqual(readConfigRecord('connector-a', null), { kind: 'config', name: 'a', config: null });
  assert.deepEqual(readConfigRecord('target-state-a', bytes('{"state":"PAUSED"}')), { kind: 'targetState', name: 'a', state: 'PAUSED' });
  assert.deepEqual(readConfigRecord('target-state-a', bytes('{"state":"PAUSED","state.v2":"STOPPED"}')), {
    kind: 'targetState',
    name: 'a',
    state: 'STOPPED',
  });
  assert.deepEqual(readConfigRecord('commit-a', bytes('{"tasks":2}')), { kind: 'tasks', name: 'a', tasks: 2 });
  assert.deepEqual(readConfigRecord('tasks-fencing-a', bytes('{"task-count":3}')), { kind: 'fenced', name: 'a', tasks: 3 });
  for (const key of ['session-key', 'task-a-0', 'restart-connector-a', 'logger-cluster-x'])
    assert.equal(readConfigRecord(key, bytes('{"properties":{}}')), null);
  assert.equal(readConfigRecord('connector-a', bytes('no json')), null);
  assert.equal(readConfigRecord('connector-a', bytes('{"properties":7}')), null);
});

test('status keys are understood with dashes and colons in names', () => {
  assert.deepEqual(readStatusKey('status-task-my-connector-12'), { kind: 'task', name: 'my-connector', task: 12 });
  assert.deepEqual(readStatusKey('status-connector-my-connector'), { kind: 'connector', name: 'my-connector' });
  assert.deepEqual(readStatusKey('status-topic-a-connector-b:connector-c:connector-d'), {
    kind: 'topic',
    topic: 'a-connector-b',
    name: 'c:connector-d',
  });
  assert.equal(readStatusKey('status-topic-:connector-a'), null);
  assert.equal(readStatusKey('else'), null);
});

test('offsets are Connect’s to the byte, and read back', () => {
  const partition = { server: 'srv' };
  assert.equal(String(offsetKey('inventory', partition)), '["inventory",{"server":"srv"}]');
  assert.equal(String(offsetValue({ lsn: 24023128, snapshot: true, last: null })), '{"lsn":24023128,"snapshot":true,"last":null}');
  assert.deepEqual(readOffsetKey(offsetKey('inventory', partition)), { connector: 'inventory', partition });
  assert.deepEqual(readOffsetValue(bytes('{"lsn":1}')), { lsn: 1 });
  assert.equal(readOffsetValue(null), null);
  for (const odd of ['{}', '["a"]', '["a",null]', '[1,{}]', 'x']) assert.equal(readOffsetKey(bytes(odd)), null);
  assert.equal(readOffsetValue(bytes('[1]')), undefined);
});

test('a partition is the same one whatever the order of its keys', () => {
  assert.equal(canonicalPartition({ b: 1, a: { d: 2, c: [3] } }), canonicalPartition({ a: { c: [3], d: 2 }, b: 1 }));
  assert.notEqual(canonicalPartition({ a: 1 }), canonicalPartition({ a: '1' }));
});
