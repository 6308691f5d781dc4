import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { SluiceError } from '../../../../src/contract/index.ts';
import { noServices } from '../../../../src/rest/services/services.ts';
import type { InstanceList, ShownInstance } from '../../../../src/services/sagas/runtime/saga-views.ts';
import type { SagaOverview, Sagas } from '../../../../src/services/sagas/runtime/sagas-service.ts';
import type { SagaOrder, SagaState } from '../../../../src/services/sagas/saga.ts';
import { runCommand } from '../../../support/command-line-run.ts';
import { RestWorker } from '../rest-worker.ts';

const at = '2026-01-31T12:00:00.000Z';
const waiting: ShownInstance = {
  ...{
    id: 'orders:o/1',
    correlation_id: 'o/1',
    state: 'stuck',
    started: at,
    ended: null,
    definition: 'ab'.repeat(32),
    version: 2,
    deadline: null,
  },
  steps: [{ name: 'RESERVE', state: 'compensation-failed', attempt: 3, sent: at, due: null }],
  omitted: 0,
  timeline: [
    { at, state: 'stuck', step: 'RESERVE', step_state: 'compensation-failed', attempt: 3, reason: 'it was the last attempt', by: null },
  ],
};

/** Writes down what it is asked, and answers that it is done, or fails as it is told. */
class ScriptedSagas implements Sagas {
  asked: unknown[] = [];
  failure: SluiceError | null = null;

  overview(): readonly SagaOverview[] {
    const instances = { running: 0, compensating: 0, completed: 4, compensated: 1, stuck: 1 };
    return [{ name: 'orders', state: 'running', definition: waiting.definition, instances, error: null }];
  }

  async list(saga: string, state: SagaState | null, limit: number): Promise<InstanceList> {
    this.asked.push([saga, state, limit]);
    return { total: 0, instances: [] };
  }

  async show(saga: string, instance: string): Promise<ShownInstance> {
    this.asked.push([saga, instance]);
    return waiting;
  }

  async order(saga: string, instance: string, order: SagaOrder): Promise<ShownInstance> {
    this.asked.push([saga, instance, order]);
    if (this.failure !== null) throw this.failure;
    return { ...waiting, state: 'compensated' };
  }
}

describe('sagas over REST', () => {
  const worker = new RestWorker();
  const sagas = new ScriptedSagas();
  const place = '/sagas/orders/instances/o%2F1';
  before(async () => {
    await worker.start({ services: { ...noServices, sagas } });
  });
  after(() => worker[Symbol.asyncDispose]());
  beforeEach(() => {
    [sagas.asked, sagas.failure] = [[], null];
  });

  test('an order says what, of which step, who and why', async () => {
    const retried = await worker.call('POST', `${place}/retry`, { why: 'the store is open', step: 'RESERVE', who: 'ada' });
    assert.deepEqual([retried.status, (retried.body as ShownInstance).state], [200, 'compensated']);
    for (const action of ['skip', 'compensate'])
      assert.equal((await worker.call('POST', `${place}/${action}`, { why: 'by hand' })).status, 200);
    assert.deepEqual(sagas.asked, [
      ['orders', 'o/1', { action: 'retry', step: 'RESERVE', who: 'ada', why: 'the store is open' }],
      ['orders', 'o/1', { action: 'skip', step: null, who: 'anonymous', why: 'by hand' }],
      ['orders', 'o/1', { action: 'compensate', step: null, who: 'anonymous', why: 'by hand' }],
    ]);
  });

  test('an order that is none is refused with the reason, and given to nobody', async () => {
    const refused: readonly (readonly [action: string, body: unknown, reason: RegExp])[] = [
      ['retry', {}, /Say why/],
      ['retry', { why: '  ' }, /'why' must be a text/],
      ['skip', { why: 'x', stepp: 'RESERVE' }, /There is no field 'stepp'/],
      ['skip', { why: 'x', step: 7 }, /'step' must be a text/],
      ['compensate', { why: 'x', step: 'RESERVE' }, /it takes no step/],
      ['retry', [], /must be a JSON object/],
      ['retry', { why: 'y'.repeat(1_001) }, /at most 1000 characters/],
    ];
    for (const [action, body, reason] of refused) {
      const answer = await worker.call('POST', `${place}/${action}`, body);
      assert.equal(answer.status, 400, JSON.stringify(body));
      assert.match((answer.body as { readonly message: string }).message, reason);
    }
    assert.equal((await worker.call('GET', '/sagas/orders/instances?limit=0')).status, 400);
    assert.deepEqual(sagas.asked, []);
  });

  test('what does not fit, is not there, or is led elsewhere is told by its status', async () => {
    for (const [code, status] of [
      ['CONFLICT', 409],
      ['NOT_FOUND', 404],
      ['UNAVAILABLE', 503],
    ] as const) {
      sagas.failure = new SluiceError(code, 'not now');
      assert.equal((await worker.call('POST', `${place}/retry`, { why: 'x' })).status, status, code);
    }
    assert.equal((await worker.call('GET', '/sagas/nothing')).status, 404);
  });

  test('the command line looks and orders by it, with who it is and why', async () => {
    const user = process.env['USER'];
    process.env['USER'] = 'ada';
    const command = (...args: string[]) => runCommand(['saga', ...args, '--url', worker.url]);
    try {
      assert.match((await command('list')).out, /^orders {2}running {2}.*1 stuck/m);
      assert.match((await command('list', 'orders', '--state', 'stuck', '--limit', '7')).out, /There are no such instances/);
      const shown = await command('show', 'orders', 'o/1');
      assert.match(shown.out, /RESERVE: it was the last attempt/, shown.err);
      const runs = [
        await command('retry', 'orders', 'o/1', '--step', 'RESERVE', '--why', 'the store is open'),
        await command('skip', 'orders', 'o/1', '--why', 'by hand'),
        await command('compensate', 'orders', 'o/1', '--why', 'the order is a joke'),
      ];
      for (const { code, out, err } of runs) assert.deepEqual([code, out], [0, 'orders:o/1  compensated\n'], err);
      sagas.failure = new SluiceError('CONFLICT', 'Saga orders:o/1 has ended.');
      const late = await command('skip', 'orders', 'o/1', '--why', 'by hand');
      assert.equal(late.code, 1);
      assert.match(late.err, /Saga orders:o\/1 has ended/);
    } finally {
      if (user === undefined) delete process.env['USER'];
      else process.env['USER'] = user;
    }
    assert.deepEqual(sagas.asked.slice(0, 5), [
      ['orders', 'stuck', 7],
      ['orders', 'o/1'],
      ['orders', 'o/1', { action: 'retry', step: 'RESERVE', who: 'ada', why: 'the store is open' }],
      ['orders', 'o/1', { action: 'skip', step: null, who: 'ada', why: 'by hand' }],
      ['orders', 'o/1', { action: 'compensate', step: null, who: 'ada', why: 'the order is a joke' }],
    ]);
  });
});
