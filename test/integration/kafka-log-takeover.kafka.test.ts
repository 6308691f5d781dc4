import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SluiceError } from '../../src/contract/index.ts';
import { startConnect } from '../services/connect.ts';
import { ConnectClient } from '../support/connect-client.ts';
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
    const rest = new ConnectClient(connect.url);
    const ask = <Answer>(path: string) => rest.call<Answer>('GET', `/connectors/inventory${path}`);
    const change = (method: 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object) =>
      rest.change(method, `/connectors/inventory${path}`, body);
    assert.deepEqual((await ask<{ config: object }>('')).config, config);
    await until(async () => (await rest.status('inventory'))?.connector.state === 'STOPPED', {
      what: 'the connector to be stopped',
      timeoutMs: 60_000,
    });
    assert.deepEqual(await ask('/offsets'), {
      offsets: [{ partition, offset: { lsn: 24023128, txId: 7, sluice_commit_lsn: '0/16E8F98' } }],
    });
    assert.deepEqual(await rest.topics('inventory'), ['srv.public.orders']);

    await change('PATCH', '/offsets', { offsets: [{ partition, offset: { lsn: 99, txId: 8 } }] });
    const refused = (error: SluiceError) => error.code === 'FENCED';
    await assert.rejects(zombie.append({ records: null, offsets: [{ partition, offset: { lsn: 1 } }] }), refused);
    assert.deepEqual(await connectors.offsets('inventory'), [{ partition, offset: { lsn: 99, txId: 8 } }]);

    await change('PUT', '/pause');
    const stateOf = async () => (await connectors.list()).find(({ name }) => name === 'inventory')?.targetState;
    await until(async () => (await stateOf()) === 'PAUSED', { what: 'Connect’s target state' });
    await change('DELETE', '');
    await until(async () => (await stateOf()) === undefined, { what: 'Connect’s deletion' });
    assert.deepEqual(await connectors.offsets('inventory'), [{ partition, offset: { lsn: 99, txId: 8 } }]);
    await until(async () => (await connectors.activeTopics('inventory')).length === 0, { what: 'the topics to be forgotten' });
  });
});
