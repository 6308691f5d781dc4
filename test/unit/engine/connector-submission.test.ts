import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CheckResult, ErrorCode } from '../../../src/contract/index.ts';
import { until } from '../../support/until.ts';
import { RestWorker } from '../rest/rest-worker.ts';
import { scriptedClass } from './scripted-source.ts';
import { config, Supervised } from './supervised.ts';

const named = (changes: Record<string, string> = {}) => ({ ...config(changes), name: 'c' });

function fault(code: ErrorCode): CheckResult {
  return { subject: 's', status: 'fault', code, option: 'hostname', message: `${code} at h`, remedy: 'Mend it.' };
}

describe('a config that REST submits is held against its database', () => {
  for (const code of ['LOGIN_REFUSED', 'WAL_LEVEL', 'PRIVILEGE_MISSING'] as const)
    test(`${code} is refused, and nothing is stored`, async () => {
      await using supervised = await new Supervised().start();
      supervised.script.findings = [fault(code)];
      await assert.rejects(supervised.supervisor.put('c', named(), { replace: true }), {
        code: 'BAD_REQUEST',
        message: new RegExp(`following 1 error\\(s\\):\nError while validating connector config: ${code} at h\\. Mend it\\.\n`),
      });
      assert.deepEqual([supervised.supervisor.names(), await supervised.log.connectors.list()], [[], []]);
      assert.deepEqual([supervised.script.checks, supervised.script.checksDisposed], [1, 1]);
    });

  test('what may heal by the time the task starts is not', async () => {
    await using supervised = await new Supervised().start();
    supervised.script.findings = [fault('DATABASE_UNAVAILABLE'), fault('SLOT_IN_USE'), fault('NO_TABLES')];
    await supervised.supervisor.put('c', named(), { replace: true });
    await until(() => supervised.script.reads === 1, { what: 'the task' });
  });

  test('a change that is refused leaves the connector as it runs', async () => {
    await using supervised = await new Supervised().start();
    await supervised.supervisor.put('c', named(), { replace: true });
    await until(() => supervised.script.reads === 1, { what: 'the task' });
    supervised.script.findings = [fault('LOGIN_REFUSED')];
    await assert.rejects(supervised.supervisor.patch('c', { port: '1' }), { code: 'BAD_REQUEST' });
    assert.equal(supervised.supervisor.info('c').config['port'], undefined);
    assert.equal(supervised.supervisor.status('c').tasks[0]!.state, 'RUNNING');
  });

  test('one with faults of its own is not, nor is one of a file, nor a restart', async () => {
    const file = { name: 'f', config: { ...config(), name: 'f' }, targetState: 'STARTED', file: '/c/f.yaml' } as const;
    await using supervised = await new Supervised().start([file]);
    await until(() => supervised.script.reads === 1, { what: 'the task' });
    await supervised.supervisor.restart('f', { includeTasks: true, onlyFailed: false });
    await until(() => supervised.script.reads === 2, { what: 'the restarted task' });
    await assert.rejects(supervised.supervisor.put('c', named({ port: 'x' }), { replace: true }), { code: 'BAD_REQUEST' });
    assert.equal(supervised.script.checks, 0);
  });

  test('a database that does not answer holds up neither the answer nor a stop', { timeout: 120_000 }, async t => {
    // The look's own bound never comes: what ends it is the stop.
    t.mock.method(AbortSignal, 'timeout', () => new AbortController().signal);
    await using supervised = await new Supervised().start();
    supervised.script.checkHangs = true;
    const made = supervised.supervisor.put('c', named(), { replace: true });
    await until(() => supervised.script.checks === 1, { what: 'the look at the database' });
    await supervised.supervisor.stop();
    await made;
    assert.equal(supervised.script.reads, 0);
    assert.equal(supervised.script.checksDisposed, 1);
  });

  test('validate tells of it under its option', async () => {
    await using worker = await new RestWorker().start();
    worker.supervised.script.findings = [fault('LOGIN_REFUSED')];
    const { status, body } = await worker.call('PUT', '/connector-plugins/ScriptedConnector/config/validate', {
      ...named(),
      'connector.class': scriptedClass,
    });
    const answer = body as { error_count: number; configs: { value: { name: string; errors: string[] } }[] };
    assert.deepEqual([status, answer.error_count], [200, 1]);
    assert.deepEqual(answer.configs.find(({ value }) => value.name === 'hostname')!.value.errors, [
      'Error while validating connector config: LOGIN_REFUSED at h. Mend it.',
    ]);
  });
});
