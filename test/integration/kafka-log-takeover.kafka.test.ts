import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SluiceError } from '../../src/contract/index.ts';
import { startConnect } from '../services/connect.ts';
import { freePort } from '../support/free-port.ts';
import { sharedKafka } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { aName, exactlyOnce, never, openLog, workerOptions } from './kafka-log-fixture.ts';

describe('a group of workers changes hands', { timeout: 300_000 }, () => {
  test('the real Kafka Connect goes on from what we left, and we from what it leaves', async () => {
    const bootstrapServers = await sharedKafka();
    const group = aName('takeover');
    const options = workerOptions(bootstrapServers, group);
    await using log = await openLog(options);
    const { connectors } = log;
    const config = {
      name: 'inventory',
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'tasks.max': '1',
      'topic.prefix': 'srv',
      'database.hostname': '127.0.0.1',
      'database.port': String(await freePort()), // nobody there: it is about the books, not about the tasks
      'database.user': 'nobody',
      'database.password': 'none',
      'database.dbname': 'none',
      'plugin.name': 'pgoutput',
    };
    await connectors.putConfig('inventory', config);
    await connectors.putTargetState('inventory', 'STOPPED');
    await connectors.addActiveTopics('inventory', ['srv.public.orders']);
    const partition = { server: 'srv' };
    await using zombie = await log.writer({ connector: 'inventory', task: 0 }, exactlyOnce, never);
    await zombie.append({ records: null, offsets: [{ partition, offset: { lsn: 24023128, txId: 7, sluice_commit_lsn: '0/16E8F98' } }] });

    const storage = Object.fromEntries(Object.entries(options).filter(([name]) => /^group\.id$|\.storage\./.test(name)));
    await using connect = await startConnect(bootstrapServers, storage);
    const ask = async (method: string, path: string, body?: object) => {
      const init = { method, headers: { 'content-type': 'application/json' }, ...(body && { body: JSON.stringify(body) }) };
      const response = await fetch(`${connect.url}/connectors/inventory${path}`, init);
      const text = await response.text();
      assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
      return text === '' ? null : JSON.parse(text);
    };
    assert.deepEqual((await ask('GET', '')).config, config);
    await until(async () => (await ask('GET', '/status')).connector.state === 'STOPPED', {
      what: 'the connector to be stopped',
      timeoutMs: 30_000,
    });
    assert.deepEqual(await ask('GET', '/offsets'), {
      offsets: [{ partition, offset: { lsn: 24023128, txId: 7, sluice_commit_lsn: '0/16E8F98' } }],
    });
    assert.deepEqual((await ask('GET', '/topics')).inventory.topics, ['srv.public.orders']);

    await ask('PATCH', '/offsets', { offsets: [{ partition, offset: { lsn: 99, txId: 8 } }] });
    const refused = (error: SluiceError) => error.code === 'FENCED';
    await assert.rejects(zombie.append({ records: null, offsets: [{ partition, offset: { lsn: 1 } }] }), refused);
    assert.deepEqual(await connectors.offsets('inventory'), [{ partition, offset: { lsn: 99, txId: 8 } }]);

    await ask('PUT', '/pause');
    const stateOf = async () => (await connectors.list()).find(({ name }) => name === 'inventory')?.targetState;
    await until(async () => (await stateOf()) === 'PAUSED', { what: 'Connect’s target state' });
    await ask('DELETE', '');
    await until(async () => (await stateOf()) === undefined, { what: 'Connect’s deletion' });
    assert.deepEqual(await connectors.offsets('inventory'), [{ partition, offset: { lsn: 99, txId: 8 } }]);
    await until(async () => (await connectors.activeTopics('inventory')).length === 0, { what: 'the topics to be forgotten' });
  });
});
