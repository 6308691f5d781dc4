import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { freePort } from '../../support/free-port.ts';
import { until } from '../../support/until.ts';
import { ScriptedGroup } from '../engine/scripted-group.ts';
import { config } from '../engine/supervised.ts';
import { RestWorker } from './rest-worker.ts';

/** Two workers with a connector `c` each has stored; the first one owns it and leads. */
class Pair implements AsyncDisposable {
  readonly owner = new RestWorker();
  readonly asked = new RestWorker();
  readonly #groups = [
    new ScriptedGroup({ id: 'owner:1', url: 'http://owner:1' }),
    new ScriptedGroup({ id: 'asked:1', url: 'http://asked:1' }),
  ] as const;

  async start(ownerUrl?: string): Promise<this> {
    const [ofOwner, ofAsked] = this.#groups;
    await this.owner.start({ group: ofOwner });
    await this.asked.start({ group: ofAsked });
    for (const { supervised } of [this.owner, this.asked]) await supervised.log.connectors.putConfig('c', { ...config(), name: 'c' });
    await ofOwner.assign(['c']);
    await ofAsked.assign([], new Map([[{ id: 'owner:1', url: ownerUrl ?? this.owner.url }, ['c']]]));
    await until(() => this.owner.supervised.supervisor.status('c').tasks[0]?.state === 'RUNNING', { what: 'c to run' });
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.asked[Symbol.asyncDispose]();
    await this.owner[Symbol.asyncDispose]();
  }
}

describe('a request to a worker', () => {
  test('that concerns another one’s connector is carried out there', async () => {
    await using pair = await new Pair().start();
    const { owner, asked } = pair;
    assert.equal((await asked.call('PUT', '/connectors/c/pause')).status, 202);
    await until(() => owner.supervised.supervisor.status('c').connector.state === 'PAUSED', { what: 'PAUSED' });
    const patched = await asked.call('PATCH', '/connectors/c/config', { port: '9' });
    assert.equal(patched.status, 200);
    assert.equal(owner.supervised.supervisor.info('c').config['port'], '9');
    assert.deepEqual((await asked.call('GET', '/connectors/c/tasks')).body, (await owner.call('GET', '/connectors/c/tasks')).body);
    const refused = await asked.call('PUT', '/connectors/c/config', { ...config({ port: 'x' }) });
    assert.equal(refused.status, 400);
    assert.match(JSON.stringify(refused.body), /Invalid value x/);
    const restarted = await asked.call('POST', '/connectors/c/restart?includeTasks=true&onlyFailed=false');
    assert.equal(restarted.status, 202, 'the query comes along');
  });

  test('that makes a connector is carried out by the leader', async () => {
    await using pair = await new Pair().start();
    const made = await pair.asked.call('POST', '/connectors', { name: 'new', config: config() });
    assert.deepEqual([made.status, made.headers.get('location')], [201, `${pair.owner.url}/connectors/new`]);
    assert.equal((await pair.asked.call('PUT', '/connectors/newer/config', config())).status, 201);
    assert.deepEqual(pair.owner.supervised.supervisor.names(), ['c', 'new', 'newer']);
  });

  test('looks at all workers’ connectors where it asks for ours', async () => {
    await using pair = await new Pair().start();
    const one = await pair.asked.call('GET', '/sluice/connectors/c');
    const all = await pair.asked.call('GET', '/sluice/connectors');
    for (const progress of [one.body, (all.body as Record<string, unknown>)['c']])
      assert.equal((progress as { tasks: { phase: string }[] }).tasks[0]!.phase, 'streaming');
  });

  test('of a worker that cannot be reached is a conflict, and says so', async () => {
    await using pair = await new Pair().start(`http://127.0.0.1:${await freePort()}`);
    const { status, body } = await pair.asked.call('PUT', '/connectors/c/pause');
    assert.equal(status, 409);
    assert.match(JSON.stringify(body), /Worker owner:1, whose this is, cannot be reached/);
  });

  test('that was handed on already is not handed on again', { timeout: 120_000 }, async () => {
    await using pair = await new Pair().start();
    const { status, body } = await pair.asked.call('PUT', '/connectors/c/pause', undefined, { 'sluice-handed-on-by': 'x:1' });
    assert.equal(status, 409);
    assert.match(JSON.stringify(body), /a rebalance is in progress/);
  });

  test('of a connector that there is not is answered here', async () => {
    await using pair = await new Pair().start();
    for (const [method, path] of [
      ['GET', '/connectors/x'],
      ['GET', '/connectors/x/status'],
      ['DELETE', '/connectors/x'],
      ['GET', '/sluice/connectors/x'],
    ] as const)
      assert.equal((await pair.asked.call(method, path)).status, 404, `${method} ${path}`);
  });
});
