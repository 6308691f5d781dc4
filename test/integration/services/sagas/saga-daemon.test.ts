import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import type { InstanceList, ShownInstance } from '../../../../src/services/sagas/runtime/saga-views.ts';
import type { SagaOverview } from '../../../../src/services/sagas/runtime/sagas-service.ts';
import { runCommand } from '../../../support/command-line-run.ts';
import { type Daemon, newDaemon } from '../../../support/daemon.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { until } from '../../../support/until.ts';
import { basic, passwordOf, writeUsers } from '../../../unit/rest/access/users.ts';

const root = new URL('../../../..', import.meta.url).pathname;
const saga = 'order-processing';

/** The example as it is, with users. */
describe('the worker of the order example', { timeout: 300_000 }, () => {
  const folder = new ScratchFolder('order-saga');
  let daemon: Daemon;
  before(async () => {
    daemon = await newDaemon({});
    const { url } = daemon;
    const usersFile = folder.file('users');
    await writeUsers(usersFile, { vera: 'viewer', otto: 'operator' });
    await daemon.configure({
      listeners: url,
      'data.dir': folder.file('log'),
      'key.converter': 'string',
      'value.converter': 'json',
      'value.converter.schemas.enable': 'false',
      'rest.basic.users.file': usersFile,
      'services.event-store.topic.per.type': 'true',
      'services.sagas.definitions': `${root}config/examples/order-saga/sagas/*.yaml`,
      connectors: `${root}config/examples/order-saga/services/*.yaml`,
    });
    daemon.environment = { DATA_FOLDER: folder.path };
    daemon.workingFolder = root;
  });
  after(async () => {
    await daemon[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const login = basic('otto');
  const get = async <Answer>(path: string): Promise<Answer> => {
    const response = await fetch(daemon.url + path, { headers: login });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  };
  async function started(): Promise<void> {
    await daemon.launch();
    const runs = async () => {
      try {
        // Orders go by the event store, which may be opened later than the sagas run.
        if (!(await fetch(`${daemon.url}/ready?services=running`, { headers: login })).ok) return false;
        return (await get<readonly SagaOverview[]>('/sagas'))[0]?.state === 'running';
      } catch {
        return false;
      }
    };
    await until(runs, { what: 'the saga to run', timeoutMs: 60_000 }).catch(error => {
      throw new Error(`${error.message}\n${daemon.log()}`);
    });
  }
  async function place(orderId: string, data: Readonly<Record<string, unknown>>): Promise<void> {
    const response = await fetch(`${daemon.url}/event-store/streams/order:${orderId}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...login },
      body: JSON.stringify({ events: [{ id: `placed-${orderId}`, type: 'OrderCreated', data: { orderId, customerId: 'c-1', ...data } }] }),
    });
    assert.ok(response.ok, await response.text());
  }
  const tea = (quantity: number) => ({ amountCents: 100 * quantity, items: [{ sku: 'tea', quantity }] });
  const ended = async (orderId: string, state: string): Promise<ShownInstance> => {
    const look = async () => {
      try {
        const shown = await get<ShownInstance>(`/sagas/${saga}/instances/${orderId}`);
        return shown.state === state ? shown : null;
      } catch {
        return null;
      }
    };
    return until(look, { what: `${orderId} to be ${state}. ${daemon.log(5)}`, timeoutMs: 60_000 });
  };
  const command = (...args: string[]) => runCommand(['saga', ...args, '--url', daemon.url, '--user', 'otto']);

  test('orders that the event store publishes go their way, through a kill of the worker', async () => {
    await started();
    for (let index = 0; index < 6; index++) await place(`o-${index}`, tea(1));
    await daemon.stop('SIGKILL');
    await started();
    await place('too-much', tea(5_000));
    await ended('too-much', 'compensated');
    const all = await until(
      async () => {
        const list = await get<InstanceList>(`/sagas/${saga}/instances`);
        return list.instances.length === 7 && list.instances.every(({ ended: at }) => at !== null) ? list : null;
      },
      { what: 'every order to end', timeoutMs: 60_000 },
    );
    assert.ok(all.instances.filter(({ state }) => state === 'completed').length > 0, JSON.stringify(all));
  });

  test('the topic of the starting event, which the saga made before there was one, keeps all events', () => {
    using file = new DatabaseSync(folder.file('log/log.db'), { readOnly: true, timeout: 20_000 });
    const topic = file.prepare("select configs from topics where name = 'order-created'").get();
    assert.deepEqual(JSON.parse(String(topic?.['configs'])), { 'cleanup.policy': 'delete', 'retention.ms': '-1' });
  });

  test('REST lists by state, shows one with its timeline, and refuses what does not fit, with the reason', async () => {
    const undone = await get<InstanceList>(`/sagas/${saga}/instances?state=compensated&limit=1`);
    assert.equal(undone.instances.length, 1);
    assert.equal(undone.instances[0]!.state, 'compensated');
    const { timeline } = await get<ShownInstance>(`/sagas/${saga}/instances/too-much`);
    assert.match(timeline.map(({ reason }) => reason).join('\n'), /the starting event came/);
    const call = async (method: string, path: string, body?: unknown, headers = login) => {
      const response = await fetch(daemon.url + path, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: response.status, text: await response.text() };
    };
    const path = `/sagas/${saga}/instances/too-much/compensate`;
    assert.equal((await call('POST', path, { why: 'x' }, basic('vera'))).status, 403);
    assert.match((await call('POST', path, {})).text, /Say why/);
    assert.match((await call('POST', path, { why: 'x', who: 'somebody else' })).text, /leave out who/);
    assert.equal((await call('POST', path, { why: 'x' })).status, 409);
    assert.equal((await call('GET', `/sagas/${saga}/instances?state=lost`)).status, 400);
    assert.equal((await call('GET', '/sagas/nothing/instances')).status, 404);
    assert.equal((await call('GET', `/sagas/${saga}/instances/nothing`)).status, 404);
  });

  test('the command line lists and shows them', async () => {
    process.env['SLUICE_PASSWORD'] = passwordOf('otto');
    const sagas = await command('list');
    assert.match(sagas.out, /^order-processing {2}running {2}.*\d+ completed/m, sagas.err);
    assert.match((await command('list', saga, '--state', 'compensated')).out, /^compensated +too-much/m);
    const shown = await command('show', saga, 'too-much');
    assert.match(shown.out, /RESERVE_INVENTORY/);
    assert.match(shown.out, /the starting event came/);
    const refused = await command('retry', saga, 'too-much');
    assert.equal(refused.code, 1);
    assert.match(refused.err, /Why\?/);
    assert.match((await command('lst')).err, /did you mean 'list'\?/);
  });

  test('metrics tell of them', async () => {
    const text = await (await fetch(`${daemon.url}/metrics`, { headers: login })).text();
    assert.match(text, /^sluice_saga_instances\{saga="order-processing",state="completed"\} [1-9]/m);
    assert.match(text, /^sluice_saga_step_seconds_count\{saga="order-processing",step="RESERVE_INVENTORY"\} [1-9]/m);
    assert.match(text, /^sluice_saga_compensated_total\{saga="order-processing"\} [1-9]/m);
  });
});
