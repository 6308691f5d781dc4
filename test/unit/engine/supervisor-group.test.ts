import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SluiceError } from '../../../src/contract/index.ts';
import { until } from '../../support/until.ts';
import { ScriptedGroup } from './scripted-group.ts';
import { config, Supervised } from './supervised.ts';

const other = { id: 'other:8083', url: 'http://other:8083' };

/** A worker of a group, with a connector `c` that is stored and nobody's. */
class Member implements AsyncDisposable {
  readonly supervised = new Supervised();
  readonly group = new ScriptedGroup();

  async start(): Promise<this> {
    await this.supervised.start([], {}, this.group);
    await this.store({});
    return this;
  }

  /** As another worker would store it. */
  async store(changes: Record<string, string>): Promise<void> {
    await this.supervised.log.connectors.putConfig('c', { ...config(changes), name: 'c' });
  }

  async running(reads: number): Promise<void> {
    const runs = () => this.supervised.script.reads === reads && this.supervised.supervisor.status('c').tasks[0]?.state === 'RUNNING';
    await until(runs, { what: `the task to run for the ${reads}. time` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.supervised[Symbol.asyncDispose]();
  }
}

describe('a worker of a group', () => {
  test('runs what it is assigned, and stops what it loses before it says so', async () => {
    await using member = await new Member().start();
    const { supervised, group } = member;
    await group.assign([], new Map([[other, ['c']]]));
    assert.deepEqual([supervised.supervisor.names(), supervised.script.reads], [['c'], 0]);
    await group.assign(['c'], new Map([[other, []]]));
    await member.running(1);
    await group.assign(['c']);
    assert.equal(supervised.script.disposed, 0, 'what it keeps goes on');
    await group.assign([], new Map([[other, ['c']]]));
    assert.equal(supervised.script.disposed, 1);
    await group.assign(['c']);
    await member.running(2);
    await supervised.stop();
    assert.ok(group.left);
  });

  test('that is counted out stops everything', async () => {
    await using member = await new Member().start();
    await member.group.assign(['c']);
    await member.running(1);
    await member.group.lose();
    assert.equal(member.supervised.script.disposed, 1);
    assert.equal(member.supervised.supervisor.owns('c'), false);
  });

  test('follows what others store: a change of config or target state, a connector that comes or goes', async () => {
    await using member = await new Member().start();
    const { supervised, group } = member;
    await group.assign(['c']);
    await member.running(1);
    await member.store({ port: '7' });
    group.connectorsChanged();
    await member.running(2);
    assert.equal(supervised.script.configs[1]!['port'], 7);
    await supervised.log.connectors.putTargetState('c', 'PAUSED');
    group.connectorsChanged();
    await until(() => supervised.supervisor.status('c').connector.state === 'PAUSED', { what: 'PAUSED' });
    await supervised.log.connectors.putConfig('d', { ...config(), name: 'd' });
    group.connectorsChanged();
    await until(() => supervised.supervisor.names().length === 2, { what: 'd' });
    assert.equal(supervised.script.reads, 2, 'd is nobody’s yet');
    await supervised.log.connectors.remove('c');
    group.connectorsChanged();
    await until(() => supervised.supervisor.names().length === 1, { what: 'c to go' });
  });

  test('does not start what it makes until it is assigned', async () => {
    await using member = await new Member().start();
    const { supervised, group } = member;
    await group.assign(['c']);
    await member.running(1);
    await supervised.supervisor.put('e', { ...config(), name: 'e' }, { replace: true });
    assert.equal(supervised.supervisor.owns('e'), false);
    await group.assign(['c', 'e']);
    await until(() => supervised.supervisor.status('e').tasks[0]?.state === 'RUNNING', { what: 'e' });
  });

  test('says that a task was fenced, and starts it when it is assigned anew, not before', async () => {
    await using member = await new Member().start();
    const { supervised, group } = member;
    supervised.script.failures.push(new SluiceError('FENCED', 'another worker writes as this task'));
    await group.assign(['c']);
    await until(() => supervised.supervisor.status('c').tasks[0]?.state === 'FAILED', { what: 'FAILED' });
    assert.match(supervised.supervisor.status('c').tasks[0]!.trace!, /^FENCED: /);
    assert.deepEqual(group.letGoOf, ['c']);
    await group.assign(['c']);
    assert.equal(supervised.supervisor.status('c').tasks[0]!.state, 'FAILED', 'a rebalance alone is no reason');
    await group.assign(['c'], new Map(), ['c']);
    await member.running(2);
  });

  test('shows what is another’s as its owner last told it, its secrets masked', async () => {
    await using member = await new Member().start();
    const { supervised, group } = member;
    await member.store({ pass: 'swordfish' });
    const told = { state: 'FAILED', trace: 'BOOM: it broke', workerId: other.id };
    group.stored = new Map([['c', { connector: { ...told, state: 'RUNNING', trace: null }, tasks: new Map([[0, told]]) }]]);
    await group.assign([], new Map([[other, ['c']]]));
    const shared = await supervised.supervisor.shared();
    const status = await shared.status('c');
    assert.deepEqual(
      [status.connector.state, status.connector.worker_id, status.tasks.map(({ state, trace, worker_id }) => [state, trace, worker_id])],
      ['RUNNING', other.id, [['FAILED', 'BOOM: it broke', other.id]]],
    );
    assert.equal((await shared.taskStatus('c', 0)).state, 'FAILED');
    const info = await shared.info('c');
    assert.deepEqual([info.config['pass'], info.type, info.tasks], ['********', 'source', [{ connector: 'c', task: 0 }]]);
    await assert.rejects(shared.status('x'), { code: 'NOT_FOUND' });
  });

  test('shows no tasks of what its owner has stopped', async () => {
    await using member = await new Member().start();
    const { supervised, group } = member;
    await member.store({});
    const told = (state: string) => ({ state, trace: null, workerId: other.id });
    group.stored = new Map([['c', { connector: told('STOPPED'), tasks: new Map([[0, told('UNASSIGNED')]]) }]]);
    await group.assign([], new Map([[other, ['c']]]));
    const shared = await supervised.supervisor.shared();
    const { connector, tasks } = await shared.status('c');
    assert.deepEqual([connector.state, tasks, (await shared.info('c')).tasks], ['STOPPED', [], []]);
    await assert.rejects(shared.taskStatus('c', 0), { code: 'NOT_FOUND' });
  });

  test('leaves another worker’s file alone, and lets it be changed when that worker is gone', async () => {
    await using supervised = new Supervised();
    const group = new ScriptedGroup();
    const marked = { ...config(), name: 'f', 'sluice.file': '/f.yaml', 'sluice.file.worker': other.id };
    await supervised.start();
    await supervised.log.connectors.putConfig('f', marked);
    await supervised.stop();
    await supervised.start([], {}, group);
    assert.deepEqual(supervised.supervisor.names(), ['f']);
    await group.assign(['f'], new Map([[other, []]]));
    await assert.rejects(supervised.supervisor.delete('f'), { code: 'CONFLICT', message: /held by the worker's file \/f\.yaml/ });
    await group.assign(['f']);
    await supervised.supervisor.delete('f');
    assert.deepEqual(supervised.supervisor.names(), []);
  });
});
