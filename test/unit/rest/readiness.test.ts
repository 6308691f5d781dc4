import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { SluiceError } from '../../../src/contract/index.ts';
import { until } from '../../support/until.ts';
import { config } from '../engine/supervised.ts';
import { RestWorker } from './rest-worker.ts';

const none = { running: 0, starting: 0, retrying: 0, failed: 0, paused: 0, stopped: 0 };

describe('GET /ready', () => {
  test('says 503 with the reason before connectors are loaded, and while the worker ends', async () => {
    await using starting = await new RestWorker().start({ started: false, startup: () => 'The worker is opening the log.' });
    const before = await starting.call('GET', '/ready');
    assert.equal(before.status, 503);
    assert.deepEqual(before.body, {
      status: 'starting',
      message: 'Worker is still starting up. The worker is opening the log.',
      connectors: {},
    });
    await using ending = await new RestWorker().start();
    await ending.supervised.supervisor.stop();
    const after = await ending.call('GET', '/ready');
    assert.deepEqual([after.status, after.body], [503, { status: 'stopping', message: 'Worker is shutting down.', connectors: {} }]);
  });

  test('counts connectors by what they do; one that fails makes the worker unready only for who asks for that', async () => {
    await using worker = await new RestWorker().start();
    const { script } = worker.supervised;
    assert.deepEqual((await worker.call('GET', '/ready?connectors=running')).status, 200, 'there is nothing that could not run');
    await worker.call('PUT', '/connectors/good/config', config());
    await until(async () => (await worker.call('GET', '/ready?connectors=running')).status === 200, { what: 'the good one to run' });
    script.failures.push(new SluiceError('LOGIN_REFUSED', 'no'));
    const counts = async () => ((await worker.call('GET', '/ready')).body as { connectors: typeof none }).connectors;
    await worker.call('PUT', '/connectors/bad/config', config());
    await until(async () => (await counts()).failed === 1, { what: 'the bad one to fail' });
    await worker.call('PUT', '/connectors/resting/config', config());
    await worker.call('PUT', '/connectors/resting/pause');
    const connectors = { ...none, running: 1, failed: 1, paused: 1 };
    await until(async () => isDeepStrictEqual(await counts(), connectors), { what: 'one to run, one to have failed and one to rest' });
    const plain = await worker.call('GET', '/ready');
    assert.deepEqual([plain.status, plain.body], [200, { status: 'ready', message: 'Worker takes requests.', connectors }]);
    const asked = await worker.call('GET', '/ready?connectors=running');
    assert.equal(asked.status, 503);
    const message = '1 of 3 connectors do not run: GET /sluice/connectors says why.';
    assert.deepEqual(asked.body, { status: 'not running', message, connectors });
  });

  test('refuses what it does not know', async () => {
    await using worker = await new RestWorker().start();
    assert.equal((await worker.call('GET', '/ready?connectors=all')).status, 400);
    assert.equal((await worker.call('GET', '/ready?task=1')).status, 400);
  });
});
