import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../../support/until.ts';
import { config, Supervised } from './supervised.ts';

const named = (changes: Record<string, string> = {}) => ({ ...config(changes), name: 'c' });

/** Sources that were made and still live. */
function alive({ script }: Supervised): number {
  return script.configs.length - script.disposed;
}

describe('calls about one connector at the same time', () => {
  test('a DELETE right behind a PUT leaves no task that nobody owns', async () => {
    await using supervised = await new Supervised().start();
    const { supervisor } = supervised;
    await Promise.all([supervisor.put('c', named(), { replace: true }), supervisor.delete('c')]);
    await Promise.all([
      supervisor.put('c', named({ port: '1' }), { replace: true }),
      supervisor.setTarget('c', 'PAUSED'),
      supervisor.delete('c'),
    ]);
    // Another connector's start comes behind whatever the first one still does.
    await supervisor.put('d', { ...config(), name: 'd' }, { replace: true });
    await until(() => supervisor.status('d').tasks[0]?.state === 'RUNNING', { what: 'd to run' });
    await supervised.stop();
    assert.equal(alive(supervised), 0);
    assert.equal(supervised.script.reads, 1);
  });

  test('a connector that is deleted and made again has one task', async () => {
    await using supervised = await new Supervised().start();
    const { supervisor } = supervised;
    await supervisor.put('c', named(), { replace: true });
    await until(() => supervised.script.reads === 1, { what: 'the task' });
    await Promise.all([
      supervisor.put('c', named({ port: '1' }), { replace: true }),
      supervisor.restart('c', { includeTasks: true, onlyFailed: false }),
      supervisor.delete('c'),
      supervisor.put('c', named({ port: '2' }), { replace: true }),
    ]);
    await until(() => supervisor.status('c').tasks[0]?.state === 'RUNNING', { what: 'the new task' });
    assert.equal(alive(supervised), 1);
    assert.equal(supervised.script.configs.at(-1)!['port'], 2);
  });

  test('PATCHes of two clients both hold', async () => {
    await using supervised = await new Supervised().start();
    const { supervisor } = supervised;
    await supervisor.put('c', named(), { replace: true });
    await Promise.all([
      supervisor.patch('c', { port: '1' }),
      supervisor.patch('c', { mode: 'never' }),
      supervisor.patch('c', { pass: 'p' }),
    ]);
    const stored = (await supervised.log.connectors.list())[0]!.config;
    assert.deepEqual([stored['port'], stored['mode'], stored['pass']], ['1', 'never', 'p']);
  });

  test('a storm of pauses and resumes ends where the last one that was taken said', async () => {
    await using supervised = await new Supervised().start();
    const { supervisor } = supervised;
    await supervisor.put('c', named(), { replace: true });
    const targets = Array.from({ length: 150 }, (_, index) => (index % 3 === 2 ? 'STARTED' : 'PAUSED'));
    const answers = await Promise.allSettled(targets.map(target => supervisor.setTarget('c', target as 'STARTED')));
    const last = targets.filter((_, index) => answers[index]!.status === 'fulfilled').at(-1);
    assert.ok(
      answers.some(({ status }) => status === 'rejected'),
      'there is a bound',
    );
    const shown = last === 'STARTED' ? 'RUNNING' : 'PAUSED';
    assert.equal((await supervised.log.connectors.list())[0]!.targetState, last);
    await until(() => supervisor.status('c').tasks[0]?.state === shown && supervisor.progress('c').target_state === last, {
      what: `the connector to be ${shown}`,
    });
    assert.equal(alive(supervised), last === 'STARTED' ? 1 : 0);
  });

  test('what a call was answered is carried out, however many wait behind it', async () => {
    await using supervised = await new Supervised().start();
    const { supervisor } = supervised;
    await supervisor.put('c', named(), { replace: true });
    const answers = await Promise.allSettled([
      supervisor.setTarget('c', 'PAUSED'),
      ...Array.from({ length: 120 }, () => supervisor.offsets.alter('c', [])),
    ]);
    assert.equal(answers[0].status, 'fulfilled');
    await until(() => supervisor.status('c').connector.state === 'PAUSED', { what: 'the pause' });
  });

  test('a stop of the worker while a connector starts ends what it started', async () => {
    await using supervised = await new Supervised().start();
    for (let turns = 0; turns < 30; turns++) {
      await supervised.supervisor.put('c', named({ port: String(turns) }), { replace: true });
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      await supervised.supervisor.stop();
      assert.equal(alive(supervised), 0, `after ${turns} turns`);
      await supervised.stop();
      await supervised.start();
    }
  });
});

describe('a connector that is made stopped or paused', () => {
  for (const initialState of ['STOPPED', 'PAUSED'] as const)
    test(`is still ${initialState} after a restart of the worker`, async () => {
      await using supervised = await new Supervised().start();
      await supervised.supervisor.put('c', named(), { replace: false, initialState });
      const isThere = () => supervised.supervisor.status('c').connector.state === initialState;
      await until(isThere, { what: initialState });
      await supervised.stop();
      await supervised.start();
      await until(isThere, { what: `${initialState} again` });
      assert.equal(supervised.script.reads, 0);
    });

  test('is so too where a file made it', async () => {
    const file = { name: 'c', config: named(), targetState: 'STOPPED', file: '/c/f.yaml' } as const;
    await using supervised = await new Supervised().start([file]);
    await supervised.stop();
    await supervised.start([file]);
    await until(() => supervised.supervisor.status('c').connector.state === 'STOPPED', { what: 'STOPPED' });
    assert.equal(supervised.script.reads, 0);
  });
});
