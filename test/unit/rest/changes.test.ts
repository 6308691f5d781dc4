import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChangePlan } from '../../../src/engine/changes/connector-change.ts';
import { config } from '../engine/supervised.ts';
import { RestWorker } from './rest-worker.ts';

test('POST /sluice/plan and PUT .../apply answer what would change, and change it', async () => {
  await using worker = await new RestWorker().start();
  const plan = async (body: object) => (await worker.call('POST', '/sluice/plan', body)).body as ChangePlan;
  const connector = { name: 'c', config: config() };
  assert.deepEqual(
    (await plan({ connectors: [connector] })).changes.map(({ name, action }) => [name, action]),
    [['c', 'add']],
  );
  const { status, body } = await worker.call('PUT', '/sluice/connectors/c/apply', { config: config(), initial_state: 'STOPPED' });
  assert.deepEqual([status, (body as { action: string }).action], [200, 'add']);
  assert.equal(((await worker.call('GET', '/connectors/c/status')).body as { connector: { state: string } }).connector.state, 'STOPPED');
  assert.equal((await plan({ connectors: [connector] })).changes[0]!.action, 'none');
  assert.deepEqual(
    (await plan({ connectors: [], prune: true })).changes.map(({ name, action }) => [name, action]),
    [['c', 'remove']],
  );
  assert.equal((await worker.call('PUT', '/sluice/connectors/c/apply', { config: null })).status, 200);
  assert.deepEqual((await worker.call('GET', '/connectors')).body, []);
});

test('what is wrong with a request is named', async () => {
  await using worker = await new RestWorker().start();
  const refused = async (method: string, path: string, body: unknown, status: number, message: RegExp) => {
    const answer = await worker.call(method, path, body);
    assert.equal(answer.status, status);
    assert.match((answer.body as { message: string }).message, message);
  };
  await refused('POST', '/sluice/plan', { conectors: [] }, 400, /has no "conectors"/);
  await refused('POST', '/sluice/plan', { connectors: {} }, 400, /must be a list/);
  await refused('POST', '/sluice/plan', { connectors: [{ config: {} }] }, 400, /needs a "name"/);
  await refused('POST', '/sluice/plan', { connectors: [{ name: 'c', config: { a: null } }] }, 400, /must be a text/);
  const twice = { name: 'c', config: config() };
  await refused('POST', '/sluice/plan', { connectors: [twice, twice] }, 400, /is there twice/);
  await refused('PUT', '/sluice/connectors/c/apply', {}, 400, /either "config" or "file"/);
  await refused('PUT', '/sluice/connectors/c/apply', { config: null }, 404, /not found/);
  await refused('PUT', '/sluice/connectors/c/apply', { config: config(), lose_position: 'yes' }, 400, /must be true or false/);
  await refused('PUT', '/sluice/connectors/c/apply', { config: config({ mode: 'x' }) }, 400, /Value must be one of/);
});
