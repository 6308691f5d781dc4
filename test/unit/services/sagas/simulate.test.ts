import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulateSaga } from '../../../../src/services/sagas/simulate.ts';
import { command, saga, step, straight } from './definitions.ts';

const ways = (simulation: ReturnType<typeof simulateSaga>) => new Map(simulation.ends.map(end => [end.way, end]));

test('every failure point of three steps, and what is left of each', () => {
  const found = ways(simulateSaga(straight));
  const all = found.get('all goes well')!;
  assert.deepEqual([all.state, all.standing], ['completed', ['A', 'B', 'C']]);
  const failed = found.get('C fails')!;
  assert.deepEqual([failed.state, failed.standing, failed.undone], ['compensated', [], ['A', 'B']]);
  assert.deepEqual(
    failed.commands.map(({ type, fate }) => `${type} ${fate}`),
    ['A done', 'B done', 'C refused', 'UNDO_B done', 'UNDO_A done'],
  );
  const silent = found.get('B is done, but never answers')!;
  assert.deepEqual([silent.state, silent.standing, silent.undone], ['compensated', [], ['A', 'B']]);
  const stuck = found.get('C fails, and UNDO_B fails every time')!;
  assert.deepEqual([stuck.state, stuck.standing, stuck.gap], ['stuck', ['A', 'B'], null]);
  assert.equal(found.get('A is done, but answers only the second time')!.state, 'completed');
  // Each step in four ways, and those on which something is undone again for each compensation.
  const undone = [...found.values()].filter(({ state }) => state === 'stuck').length;
  assert.deepEqual([found.size, undone], [1 + 4 * 3 + undone, 2 + (1 + 2 * 2) + (2 + 2 * 3)]);
});

test('a group fails while the others are under way, or when they are done: nothing is left either way', () => {
  const found = ways(simulateSaga(saga([[step('A'), step('B')]])));
  for (const way of ['A fails while the others of its group are under way', 'A fails when the others of its group are done']) {
    const { state, standing, undone } = found.get(way)!;
    assert.deepEqual([way, state, standing, undone], [way, 'compensated', [], ['B']]);
  }
});

test('the deadline passes at every step before the pivot is done', () => {
  const pinned = saga([[step('A')], [step('B', { compensation: null })], [step('C', { compensation: null })]], {
    pivot: 'B',
    deadlineMs: 5000,
  });
  const passing = simulateSaga(pinned).ends.filter(({ way }) => way.startsWith('the deadline passes'));
  assert.deepEqual(
    passing.map(({ way, state }) => [way, state]),
    [
      ['the deadline passes while A is under way', 'compensated'],
      ['the deadline passes while A is under way, and UNDO_A fails every time', 'stuck'],
      ['the deadline passes while B is under way', 'completed'],
    ],
  );
});

test('gaps: a pivot that nothing undoes and that does not answer, a compensation that cannot be made', () => {
  const unknown = ways(simulateSaga(saga([[step('A')], [step('B', { compensation: null })]], { pivot: 'B' })));
  for (const [way, { gap }] of unknown)
    assert.equal(gap !== null, way === 'B is done, but never answers' || way === 'B is not done, and never answers', way);
  const undo = command('UNDO_A', { payload: { id: '$.replies.A.id' } });
  const unmade = ways(simulateSaga(saga([[step('A', { compensation: undo })], [step('B')]])));
  assert.match(unmade.get('A is done, but never answers')!.gap!, /Write \$\.replies\.A\.id\? where null will do/);
  assert.equal(unmade.get('B fails')!.gap, null);
});
