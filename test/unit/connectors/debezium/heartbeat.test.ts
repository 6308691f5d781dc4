import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Heartbeat } from '../../../../connectors/debezium/heartbeat.ts';
import { schemaNameAdjuster } from '../../../../connectors/debezium/name-adjustment.ts';
import { recorded } from './task.ts';

const make = (intervalMs: number) => new Heartbeat('__debezium-heartbeat.srv', 'srv', intervalMs, schemaNameAdjuster('none'), 1000);

test('a heartbeat is due after each interval', () => {
  const heartbeat = make(100);
  assert.equal(heartbeat.due(1099), null);
  assert.equal(heartbeat.waitMs(1040), 60);
  const record = heartbeat.due(1100);
  assert.ok(record);
  assert.equal(heartbeat.due(1199), null);
  assert.ok(heartbeat.due(1250));
  assert.equal(heartbeat.waitMs(1250), 100);
});

test('it holds the server’s name and the time, goes to partition 0 and has no headers', () => {
  const record = make(1).due(2000);
  assert.ok(record);
  assert.equal(record.partition, 0);
  const [line = ''] = recorded([record], true);
  const { key, value, headers } = JSON.parse(line);
  assert.deepEqual(key, {
    schema: {
      type: 'struct',
      fields: [{ type: 'string', optional: false, field: 'serverName' }],
      optional: false,
      name: 'io.debezium.connector.common.ServerNameKey',
      version: 1,
    },
    payload: { serverName: 'srv' },
  });
  assert.deepEqual(value.payload, { ts_ms: 2000 });
  assert.equal(value.schema.name, 'io.debezium.connector.common.Heartbeat');
  assert.deepEqual(headers, {});
});

test('an interval of 0 means none', () => {
  assert.equal(make(0).due(1e12), null);
  assert.equal(make(0).waitMs(5), Number.POSITIVE_INFINITY);
});
