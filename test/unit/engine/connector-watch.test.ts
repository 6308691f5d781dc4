import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DatabaseReading, SluiceError, type SourceBatch } from '../../../src/contract/index.ts';
import { until } from '../../support/until.ts';
import { config, Supervised } from './supervised.ts';

function reading(changes: Partial<DatabaseReading> = {}): DatabaseReading {
  return {
    atMs: Date.now(),
    end: 'end',
    completeToMs: Date.now() - 60_000,
    lagBytes: 100,
    logBytes: 1000,
    logLimitBytes: 5000,
    headroomBytes: 4000,
    headroomSeconds: null,
    windowSeconds: null,
    slotWalStatus: 'reserved',
    warnings: [],
    givingUp: null,
    ...changes,
  };
}

async function withConnector(supervised: Supervised): Promise<void> {
  await supervised.start();
  await supervised.supervisor.put('c', config({ name: 'c' }), { replace: false });
  await until(() => supervised.supervisor.status('c').tasks[0]?.state === 'RUNNING', { what: 'the task to run' });
}

const observed = (supervised: Supervised) => supervised.supervisor.watching.observed()[0]!;
const failures = (supervised: Supervised) => observed(supervised).measure_failures;

test('a connector that is stopped is looked at all the same, and its lag grows', async () => {
  await using supervised = new Supervised();
  await withConnector(supervised);
  const { supervisor, script } = supervised;
  const completeToMs = Date.now() - 60_000;
  let lagBytes = 100;
  script.measure = async () => reading({ completeToMs, lagBytes });
  await supervisor.watching.look();
  const running = observed(supervised);
  assert.ok(running.lag.ms !== null && running.lag.ms >= 60_000);
  await supervisor.setTarget('c', 'STOPPED');
  await until(() => supervisor.status('c').connector.state === 'STOPPED', { what: 'the connector to stop' });
  lagBytes = 900;
  await supervisor.watching.look();
  const stopped = observed(supervised);
  assert.deepEqual([stopped.state, stopped.tasks.length, stopped.lag.bytes], ['STOPPED', 0, 900]);
  await until(() => (observed(supervised).lag.ms ?? 0) > (running.lag.ms ?? 0), { what: 'the lag to grow' });
  assert.equal(supervisor.progress('c').lag.bytes, 900, 'REST tells the same');
});

test('a failed task’s lag grows from what was durable last', async () => {
  await using supervised = new Supervised();
  await supervised.start();
  const batch: SourceBatch = {
    records: [{ topic: 't', partition: null, timestamp: null, keySchema: null, key: null, valueSchema: null, value: 'v', headers: [] }],
    offsets: [{ partition: { server: 's' }, offset: { lsn: 1 } }],
    committedAtMs: Date.now() - 5000,
    bytes: 1,
  };
  supervised.script.batches.push(batch);
  await supervised.supervisor.put('c', config({ name: 'c' }), { replace: false });
  await until(() => observed(supervised).lag.ms !== null, { what: 'a change to be durable' });
  const { latency, batches } = observed(supervised).tasks[0]!;
  assert.ok(latency.sum >= 5 && latency.sum < 3600, `${latency.sum} s from commit to log`);
  assert.deepEqual([Array.from(latency.counts).reduce((a, b) => a + b), batches.sum], [1, 1]);
  const before = observed(supervised).lag.ms!;
  await until(() => observed(supervised).lag.ms! > before, { what: 'the lag to grow while nothing comes' });
});

test('offsets that are set from outside make what is known of the lag void', async () => {
  await using supervised = new Supervised();
  await withConnector(supervised);
  const { supervisor, script } = supervised;
  script.measure = async () => reading();
  await supervisor.watching.look();
  await supervisor.setTarget('c', 'STOPPED');
  await until(() => supervisor.status('c').connector.state === 'STOPPED', { what: 'the connector to stop' });
  assert.notEqual(observed(supervised).lag.ms, null);
  await supervisor.offsets.reset('c');
  assert.equal(observed(supervised).lag.ms, null);
});

test('a look that fails is counted, told of once, and makes the next ones wait', async () => {
  await using supervised = new Supervised();
  await withConnector(supervised);
  let looks = 0;
  supervised.script.measure = async () => {
    looks++;
    throw new SluiceError('DATABASE_UNAVAILABLE', 'gone');
  };
  const { watching } = supervised.supervisor;
  for (let times = 0; times < 20; times++) await watching.look();
  assert.ok(looks > 1 && looks < 10, `${looks} of 20 looks were made`);
  assert.equal(failures(supervised), looks);
  supervised.script.measure = async () => reading();
  await until(
    async () => {
      await watching.look();
      return observed(supervised).database !== null;
    },
    { what: 'a look that is well again', everyMs: 1 },
  );
});

test('a source that ends while it is asked is no fault of the database’s: it is asked beside it', async () => {
  await using supervised = new Supervised();
  await withConnector(supervised);
  const { supervisor, script } = supervised;
  const asked = Promise.withResolvers<DatabaseReading>();
  script.measure = () => {
    script.measure = async () => reading();
    return asked.promise;
  };
  const looked = supervisor.watching.look();
  await supervisor.setTarget('c', 'STOPPED');
  asked.reject(new SluiceError('DATABASE_UNAVAILABLE', 'the client is closed'));
  await looked;
  assert.equal(failures(supervised), 0);
  assert.equal(observed(supervised).database?.log_bytes, 1000);
});

test('a database that does not answer is asked no second time meanwhile', async () => {
  await using supervised = new Supervised();
  await withConnector(supervised);
  let looks = 0;
  const answer = Promise.withResolvers<DatabaseReading>();
  supervised.script.measure = () => {
    looks++;
    return answer.promise;
  };
  const { watching } = supervised.supervisor;
  const first = watching.look();
  await watching.look();
  assert.equal(looks, 1);
  answer.resolve(reading());
  await first;
  assert.equal(observed(supervised).database?.log_bytes, 1000);
});

test('warnings of the database stand with the connector’s own', async () => {
  await using supervised = new Supervised();
  await withConnector(supervised);
  supervised.script.measure = async () => reading({ warnings: ['It holds too much.'] });
  await supervised.supervisor.watching.look();
  assert.ok(supervised.supervisor.progress('c').warnings.includes('It holds too much.'));
});

test('a place that is to be given up is: the task fails, the gap is recorded, then the place goes', async () => {
  await using supervised = new Supervised();
  await withConnector(supervised);
  const { supervisor, script, log } = supervised;
  const error = new SluiceError('SLOT_GIVEN_UP', 'It held too much.');
  script.measure = async () => reading({ givingUp: error });
  const gap = { partition: { server: 's', sluice_gap: 'slot' }, offset: { from_lsn: '0/1' } };
  let disposedBefore = 0;
  script.giveUp = async record => {
    disposedBefore = script.disposed;
    await record([gap]);
    script.measure = async () => reading();
    return false;
  };
  await supervisor.watching.look();
  await until(async () => (await log.connectors.offsets('c')).length > 0, { what: 'the gap to be recorded' });
  assert.deepEqual(await log.connectors.offsets('c'), [gap]);
  assert.equal(disposedBefore, 1, 'the task’s source was gone before');
  const [task] = supervisor.status('c').tasks;
  assert.equal(task?.state, 'FAILED');
  assert.match(task?.trace ?? '', /^SLOT_GIVEN_UP: It held too much/);
});

for (const target of ['STARTED', 'PAUSED'] as const)
  test(`of a place that was given up and heals by itself ${target === 'STARTED' ? 'the task that ran is started again' : 'a task that did not run stays as it is'}`, async () => {
    await using supervised = new Supervised();
    await withConnector(supervised);
    const { supervisor, script } = supervised;
    if (target === 'PAUSED') {
      await supervisor.setTarget('c', 'PAUSED');
      await until(() => supervisor.status('c').tasks[0]?.state === 'PAUSED', { what: 'the task to be paused' });
    }
    const reads = script.reads;
    let given = false;
    script.measure = async () => reading({ givingUp: given ? null : new SluiceError('SLOT_GIVEN_UP', 'It held too much.') });
    script.giveUp = async () => {
      given = true;
      return true;
    };
    await supervisor.watching.look();
    await until(() => given, { what: 'the place to be given up' });
    await supervisor.settled('c');
    if (target === 'STARTED') await until(() => script.reads === reads + 1, { what: 'the task to be started again' });
    assert.equal(supervisor.status('c').tasks[0]?.state, target === 'STARTED' ? 'RUNNING' : 'FAILED');
    assert.equal(script.reads, reads + (target === 'STARTED' ? 1 : 0));
  });
