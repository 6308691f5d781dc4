import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SluiceError } from '../../../../src/contract/index.ts';
import { serviceConnectors } from '../../../../src/services/hosting/service-connectors.ts';
import { until } from '../../../support/until.ts';
import { ScriptedGroup } from '../../engine/scripted-group.ts';
import { config, Supervised } from '../../engine/supervised.ts';

const other = { id: 'other:8083', url: 'http://other:8083' };
const missing = () => new SluiceError('NO_TABLES', 'no table matches');

async function running(supervised: Supervised, reads: number): Promise<void> {
  const runs = () => {
    // A pause before a further attempt is over at once.
    for (const pause of supervised.pauses.splice(0)) pause.end();
    return supervised.script.reads === reads && supervised.supervisor.status('c').tasks[0]?.state === 'RUNNING';
  };
  await until(runs, { what: `the connector to run for the ${reads}. time` });
}

describe('the connectors of a service', () => {
  test('are nobody’s before the supervisor has loaded them', async () => {
    const supervised = new Supervised();
    const connectors = serviceConnectors(supervised.make());
    assert.equal(connectors.states('c'), null);
    await connectors.revive('c');
    assert.equal(supervised.script.reads, 0);
    await supervised[Symbol.asyncDispose]();
  });

  test('in a group: another worker’s are left to it, and what comes to this one while its service is made ready looks again', async () => {
    await using supervised = new Supervised();
    const group = new ScriptedGroup();
    await supervised.start([], {}, group);
    const { script, supervisor } = supervised;
    await supervised.log.connectors.putConfig('c', { ...config(), name: 'c' });
    const connectors = serviceConnectors(supervisor);
    await group.assign([], new Map([[other, ['c']]]));
    assert.equal(connectors.states('c'), null);
    await connectors.revive('c');
    assert.equal(script.reads, 0);

    // It comes, and has not begun to look when the service is ready: or has, and fails of what it saw.
    script.failures.push(missing());
    await group.assign(['c'], new Map([[other, []]]));
    await connectors.revive('c');
    await running(supervised, 2);
    assert.deepEqual(connectors.states('c'), ['RUNNING', 'RUNNING']);

    // It looked before, and has failed by now.
    script.failNow(missing());
    await until(() => connectors.states('c')?.[1] === 'FAILED', { what: 'the task to fail' });
    await connectors.revive('c');
    await running(supervised, 3);

    // Another has it from here on.
    await group.assign([], new Map([[other, ['c']]]));
    await connectors.revive('c');
    assert.equal(connectors.states('c'), null);
    assert.equal(script.reads, 3);
  });
});
