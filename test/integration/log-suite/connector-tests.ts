import assert from 'node:assert/strict';
import { test } from 'node:test';
import { code, offsetAt, type Suite } from './suite.ts';

/** The connector store, and the log’s identity. */
export function connectorTests(suite: Suite): void {
  test('connectors’ configs and target states outlive the worker', async () => {
    const [kept, removed] = [suite.aName('kept'), suite.aName('removed')];
    const { connectors } = suite.log;
    await connectors.putConfig(kept, { 'connector.class': 'postgres', 'database.hostname': 'old' });
    await connectors.putConfig(kept, { 'connector.class': 'postgres', 'tasks.max': '1' });
    await connectors.putTargetState(kept, 'PAUSED');
    await connectors.putConfig(removed, { 'connector.class': 'postgres' });
    await connectors.remove(removed);
    await connectors.putStatus(kept, null, { state: 'RUNNING', trace: null });
    await connectors.putStatus(kept, 0, { state: 'FAILED', trace: 'why' });
    await suite.reopen();
    const stored = await suite.log.connectors.list();
    assert.deepEqual(
      stored.filter(({ name }) => name === kept || name === removed),
      [{ name: kept, config: { 'connector.class': 'postgres', 'tasks.max': '1' }, targetState: 'PAUSED' }],
    );
  });

  test('a new connector is to be started', async () => {
    const name = suite.aName('new');
    await suite.log.connectors.putConfig(name, {});
    const [stored] = (await suite.log.connectors.list()).filter(connector => connector.name === name);
    assert.equal(stored!.targetState, 'STARTED');
  });

  test('a connector may be stored with its target state at once, and keeps it when its config changes', async () => {
    const name = suite.aName('stopped');
    const { connectors } = suite.log;
    await connectors.putConfig(name, { a: '1' }, 'STOPPED');
    await connectors.putConfig(name, { a: '2' });
    await suite.reopen();
    const [stored] = (await suite.log.connectors.list()).filter(connector => connector.name === name);
    assert.deepEqual(stored, { name, config: { a: '2' }, targetState: 'STOPPED' });
  });

  test('offsets of a removed connector stay, and it may come back', async () => {
    const task = suite.aTask();
    await using writer = await suite.writerOf(task);
    await suite.log.connectors.putConfig(task.connector, {});
    await writer.append({ records: null, offsets: [offsetAt('one', 1)] });
    await suite.log.connectors.remove(task.connector);
    assert.deepEqual(await suite.log.connectors.offsets(task.connector), [offsetAt('one', 1)]);
  });

  test('altered offsets replace the named ones, fence the task, and outlive the worker', async () => {
    const task = suite.aTask();
    await using zombie = await suite.writerOf(task);
    await zombie.append({ records: null, offsets: [offsetAt('a', 1), offsetAt('b', 1), offsetAt('c', 1)] });
    await suite.log.connectors.alterOffsets(task.connector, [offsetAt('a', 9), offsetAt('b', null)]);
    await assert.rejects(zombie.append({ records: null, offsets: [offsetAt('a', 2)] }), code('FENCED'));
    await suite.reopen();
    const offsets = await suite.log.connectors.offsets(task.connector);
    assert.deepEqual(
      offsets.toSorted((a, b) => String(a.partition['server']).localeCompare(String(b.partition['server']))),
      [offsetAt('a', 9), offsetAt('c', 1)],
    );
  });

  test('active topics add up until they are reset', async () => {
    const name = suite.aName('active');
    const { connectors } = suite.log;
    assert.deepEqual(await connectors.activeTopics(name), []);
    await connectors.addActiveTopics(name, ['b', 'a']);
    await connectors.addActiveTopics(name, ['a', 'c']);
    await suite.reopen();
    assert.deepEqual((await suite.log.connectors.activeTopics(name)).toSorted(), ['a', 'b', 'c']);
    await suite.log.connectors.resetActiveTopics(name);
    assert.deepEqual(await suite.log.connectors.activeTopics(name), []);
  });

  test('the log has an identity that stays', async () => {
    const id = await suite.log.clusterId();
    assert.ok(id.length > 0);
    await suite.reopen();
    assert.equal(await suite.log.clusterId(), id);
  });
}
