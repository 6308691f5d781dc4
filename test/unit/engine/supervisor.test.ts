import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SluiceError, type SourceBatch } from '../../../src/contract/index.ts';
import { backOffMs } from '../../../src/engine/supervisor/supervisor-back-off.ts';
import { until } from '../../support/until.ts';
import { config, Supervised } from './supervised.ts';

const down = () => new SluiceError('DATABASE_UNAVAILABLE', 'the database is down');

function batch(topic: string, lsn: number): SourceBatch {
  const record = { topic, partition: null, timestamp: null, keySchema: null, key: null, valueSchema: null, value: 'v', headers: [] };
  return { records: [record], offsets: [{ partition: { server: 's' }, offset: { lsn } }], committedAtMs: null, bytes: 1 };
}

async function running(supervised: Supervised, name = 'c', reads = 1): Promise<void> {
  const { supervisor, script } = supervised;
  await until(() => script.reads >= reads && supervisor.status(name).tasks[0]?.state === 'RUNNING', { what: `${name} to run` });
}

async function state(supervised: Supervised, name: string, wanted: string): Promise<void> {
  await until(() => supervised.supervisor.status(name).connector.state === wanted, { what: `${name} to be ${wanted}` });
}

describe('the supervisor', () => {
  test('runs a connector that is put, and again after a restart of the worker', async () => {
    await using supervised = await new Supervised().start();
    supervised.script.batches.push(batch('t', 1));
    const { created, info } = await supervised.supervisor.put('c', { ...config(), name: 'c' }, { replace: true });
    assert.deepEqual([created, info.tasks], [true, []]);
    await running(supervised);
    await until(() => supervised.supervisor.activeTopics('c').includes('t'), { what: 'the topic' });
    await supervised.stop();
    assert.equal(supervised.script.disposed, 1);
    await supervised.start();
    await running(supervised, 'c', 2);
    assert.deepEqual(supervised.script.lastOffsets, [{ partition: { server: 's' }, offset: { lsn: 1 } }]);
    assert.deepEqual(supervised.supervisor.activeTopics('c'), ['t']);
  });

  test('refuses to create what is there, and a config with faults', async () => {
    await using supervised = await new Supervised().start();
    await supervised.supervisor.put('c', { ...config(), name: 'c' }, { replace: false });
    await assert.rejects(supervised.supervisor.put('c', { ...config(), name: 'c' }, { replace: false }), {
      code: 'CONFLICT',
      message: 'Connector c already exists',
    });
    await assert.rejects(supervised.supervisor.put('c', { ...config({ port: 'x' }), name: 'c' }, { replace: true }), {
      code: 'BAD_REQUEST',
      message: /following 1 error\(s\):\nInvalid value x/,
    });
  });

  test('stops the source where it pauses, keeps PAUSED over a restart, and resumes', async () => {
    await using supervised = await new Supervised().start();
    await supervised.supervisor.put('c', { ...config(), name: 'c' }, { replace: true });
    await running(supervised);
    await supervised.supervisor.setTarget('c', 'PAUSED');
    await state(supervised, 'c', 'PAUSED');
    assert.equal(supervised.supervisor.status('c').tasks[0]!.state, 'PAUSED');
    assert.equal(supervised.script.disposed, 1);
    await supervised.stop();
    await supervised.start();
    await state(supervised, 'c', 'PAUSED');
    assert.equal(supervised.script.reads, 1);
    await supervised.supervisor.setTarget('c', 'STARTED');
    await running(supervised, 'c', 2);
  });

  test('changes offsets of a stopped connector only', async () => {
    await using supervised = await new Supervised().start();
    supervised.script.batches.push(batch('t', 1));
    const { supervisor } = supervised;
    await supervisor.put('c', { ...config(), name: 'c' }, { replace: true });
    await until(async () => (await supervisor.offsets.read('c')).length === 1, { what: 'the offset' });
    await assert.rejects(supervisor.offsets.alter('c', []), { code: 'BAD_REQUEST', message: /must be in the STOPPED state/ });
    await supervisor.setTarget('c', 'STOPPED');
    await state(supervised, 'c', 'STOPPED');
    assert.deepEqual(supervisor.status('c').tasks, []);
    await supervisor.offsets.alter('c', [{ partition: { server: 's' }, offset: { lsn: 7 } }]);
    assert.deepEqual(await supervisor.offsets.read('c'), [{ partition: { server: 's' }, offset: { lsn: 7 } }]);
    await supervisor.offsets.reset('c');
    assert.deepEqual(await supervisor.offsets.read('c'), []);
  });

  test('tries again what heals by itself, with growing pauses, and shows why', async () => {
    await using supervised = await new Supervised().start();
    supervised.script.failures.push(down(), down());
    const { supervisor, pauses } = supervised;
    await supervisor.put('c', { ...config(), name: 'c' }, { replace: true });
    await until(() => pauses.length === 1, { what: 'the first pause' });
    const [task] = supervisor.progress('c').tasks;
    assert.equal(supervisor.status('c').tasks[0]!.state, 'RUNNING');
    assert.deepEqual([task!.state, task!.retrying!.code, task!.retrying!.attempts], ['RETRYING', 'DATABASE_UNAVAILABLE', 1]);
    pauses[0]!.end();
    await until(() => pauses.length === 2, { what: 'the second pause' });
    assert.deepEqual(
      pauses.map(({ delayMs }) => delayMs),
      [500, 1000],
    );
    pauses[1]!.end();
    await until(() => supervised.script.reads === 3, { what: 'the third attempt' });
    await until(() => supervisor.progress('c').tasks[0]!.state === 'RUNNING', { what: 'the task to have healed' });
    assert.equal(supervisor.progress('c').tasks[0]!.retrying, null);
    assert.equal(supervised.script.disposed, 2);
  });

  test('gives up after errors.max.retries', async () => {
    await using supervised = await new Supervised().start();
    supervised.script.failures.push(down(), down());
    await supervised.supervisor.put('c', { ...config({ 'errors.max.retries': '1' }), name: 'c' }, { replace: true });
    await until(() => supervised.pauses.length === 1, { what: 'the pause' });
    supervised.pauses[0]!.end();
    await until(() => supervised.supervisor.status('c').tasks[0]!.state === 'FAILED', { what: 'FAILED' });
  });

  test('parks a task that fails with anything else, with a trace, and restarts it when told', async () => {
    await using supervised = await new Supervised().start();
    supervised.script.failures.push(new TypeError('x is not a function'));
    const { supervisor } = supervised;
    await supervisor.put('c', { ...config(), name: 'c' }, { replace: true });
    await until(() => supervisor.status('c').tasks[0]?.state === 'FAILED', { what: 'FAILED' });
    const status = supervisor.status('c');
    assert.equal(status.connector.state, 'RUNNING');
    assert.match(status.tasks[0]!.trace!, /^INTERNAL: x is not a function\n.*\n {4}at .*supervisor\.test\.ts/);
    const restarting = await supervisor.restart('c', { includeTasks: true, onlyFailed: true });
    assert.deepEqual(
      [restarting.connector.state, restarting.tasks[0]!.state, restarting.tasks[0]!.trace],
      ['RUNNING', 'RESTARTING', undefined],
    );
    await running(supervised, 'c', 2);
  });

  test('revives what has failed, and what fails yet of what it saw before', async () => {
    await using supervised = await new Supervised().start();
    const missing = () => new SluiceError('NO_TABLES', 'no table matches');
    supervised.script.failures.push(missing());
    const { supervisor, pauses, script } = supervised;
    await supervisor.put('c', { ...config(), name: 'c' }, { replace: true });
    const failed = () => until(() => supervisor.status('c').tasks[0]?.state === 'FAILED', { what: 'FAILED' });
    await failed();
    await supervisor.revive('c');
    await running(supervised, 'c', 2);

    // It looks still, and what it has seen was before the revival.
    await supervisor.revive('c');
    script.failNow(missing());
    await until(() => pauses.length === 1, { what: 'the pause before another attempt' });
    pauses[0]!.end();
    await running(supervised, 'c', 3);
    script.failNow(missing());
    await failed();
    assert.equal(script.reads, 3, 'one more, not more');
  });

  test('leaves a task behind that does not end, and says so by its state', async () => {
    await using supervised = await new Supervised().start();
    supervised.script.hangs = true;
    await supervised.supervisor.put('c', { ...config(), name: 'c' }, { replace: true });
    await running(supervised);
    await supervised.supervisor.setTarget('c', 'PAUSED');
    await until(() => supervised.pauses.length === 1, { what: 'the bound of the stop' });
    supervised.pauses[0]!.end();
    await state(supervised, 'c', 'PAUSED');
  });

  test('shows a stored connector whose config no longer holds as FAILED, and mends it by a new config', async () => {
    await using supervised = await new Supervised().start([], { SECRET: 'x' });
    await supervised.supervisor.put('c', { ...config({ pass: `\${env:SECRET}` }), name: 'c' }, { replace: true });
    await running(supervised);
    await supervised.log.connectors.putConfig('c', { ...config({ pass: `\${env:MISSING}` }), name: 'c' });
    await supervised.stop();
    await supervised.start();
    await state(supervised, 'c', 'FAILED');
    assert.match(supervised.supervisor.status('c').connector.trace!, /Could not resolve \$\{env:MISSING\} for configuration pass/);
    await supervised.supervisor.patch('c', { pass: null });
    await running(supervised, 'c', 2);
  });

  test('keeps a secret that comes back as its mask', async () => {
    await using supervised = await new Supervised().start();
    const { supervisor, script } = supervised;
    await supervisor.put('c', { ...config({ pass: 'geheim' }), name: 'c' }, { replace: true });
    await running(supervised);
    const shown = supervisor.info('c').config;
    assert.equal(shown['pass'], '********');
    await supervisor.put('c', { ...shown, port: '1' }, { replace: true });
    await until(() => script.configs.length === 2, { what: 'the second source' });
    assert.deepEqual([script.configs[1]!['pass'], script.configs[1]!['port']], ['geheim', 1]);
    assert.deepEqual(await supervised.log.connectors.list(), [
      { name: 'c', config: { ...config({ pass: 'geheim', port: '1' }), name: 'c' }, targetState: 'STARTED' },
    ]);
  });

  test('deletes a connector but not its offsets', async () => {
    await using supervised = await new Supervised().start();
    supervised.script.batches.push(batch('t', 1));
    await supervised.supervisor.put('c', { ...config(), name: 'c' }, { replace: true });
    await until(async () => (await supervised.supervisor.offsets.read('c')).length === 1, { what: 'the offset' });
    await supervised.supervisor.delete('c');
    assert.equal(supervised.script.disposed, 1);
    assert.throws(() => supervised.supervisor.status('c'), { code: 'NOT_FOUND', message: 'No status found for connector c' });
    await supervised.supervisor.put('c', { ...config(), name: 'c' }, { replace: true });
    await running(supervised, 'c', 2);
    assert.deepEqual(supervised.script.lastOffsets, [{ partition: { server: 's' }, offset: { lsn: 1 } }]);
  });
});

describe('connectors of files', () => {
  const file = { name: 'f', config: { ...config(), name: 'f' }, targetState: 'STARTED', file: '/c/f.yaml' } as const;

  test('are their files’: REST may pause them, not change them', async () => {
    await using supervised = await new Supervised().start([file]);
    await running(supervised, 'f');
    assert.equal(supervised.supervisor.progress('f').file, '/c/f.yaml');
    assert.deepEqual(supervised.supervisor.info('f').config, file.config);
    for (const change of [
      supervised.supervisor.put('f', file.config, { replace: true }),
      supervised.supervisor.patch('f', { port: '1' }),
      supervised.supervisor.delete('f'),
    ])
      await assert.rejects(change, { code: 'CONFLICT', message: /held by the worker's file \/c\/f\.yaml/ });
    await supervised.supervisor.setTarget('f', 'PAUSED');
    await supervised.stop();
    await supervised.start([{ ...file, config: { ...file.config, port: '9' } }]);
    await state(supervised, 'f', 'PAUSED');
    assert.equal(supervised.supervisor.info('f').config['port'], '9');
  });

  test('go when their file is gone; those made by REST stay', async () => {
    await using supervised = await new Supervised().start([file]);
    await supervised.supervisor.put('c', { ...config(), name: 'c' }, { replace: true });
    await supervised.stop();
    await supervised.start([]);
    assert.deepEqual(supervised.supervisor.names(), ['c']);
  });

  test('with faults are shown as FAILED and do not keep others from running', async () => {
    await using supervised = await new Supervised().start([
      { ...file, name: 'bad', config: { ...config({ port: 'x' }), name: 'bad' } },
      file,
    ]);
    await running(supervised, 'f');
    assert.match(supervised.supervisor.status('bad').connector.trace!, /^CONFIG_INVALID: .*\nInvalid value x for configuration port/);
  });
});

describe('back-off', () => {
  test('grows, stays within its bound and takes at most half off at random', () => {
    assert.deepEqual(
      [1, 2, 3, 10, 1000].map(attempt => backOffMs(attempt, 10_000, 0)),
      [500, 1000, 2000, 10_000, 10_000],
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, most, random) => {
          const delay = backOffMs(attempt, most, random);
          const whole = backOffMs(attempt, most, 0);
          return delay <= most && delay >= Math.floor(whole / 2);
        },
      ),
    );
  });
});
