import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../../../src/contract/index.ts';
import { decide, nextDueAtMs } from '../../../../src/services/sagas/machine.ts';
import { notesMax, type PinnedDefinition, type SagaOrder, timelineMax } from '../../../../src/services/sagas/saga.ts';
import { command, saga, step, straight } from './definitions.ts';
import { World } from './world.ts';

/** A saga that has begun. */
function begun(pinned: PinnedDefinition): World {
  const world = new World(pinned);
  world.start();
  return world;
}

const keys = (world: World) => world.sent.map(({ command: { idempotencyKey } }) => idempotencyKey.replace('test:1:', ''));
const states = (world: World) => Object.fromEntries(Object.entries(world.instance!.steps).map(([name, { state }]) => [name, state]));
const lastReason = (world: World) => world.instance!.timeline.at(-1)!.reason;
const order = (world: World, given: Partial<SagaOrder> & Pick<SagaOrder, 'action'>) =>
  world.input({ kind: 'order', order: { step: null, who: 'ada', why: 'the phone rang', ...given } });

test('the straight way: one command after another, each when the one before is answered', () => {
  const world = new World(straight);
  const { instance, commands, heard } = world.start({ orderId: '1', note: 'x' });
  assert.deepEqual([heard, instance!.id, instance!.state], ['start', 'test:1', 'running']);
  assert.deepEqual(commands, [{ topic: 'commands', type: 'A', idempotencyKey: 'test:1:A:1', correlationId: '1', payload: '1' }]);
  assert.equal(nextDueAtMs(instance!), world.nowMs + 1000);
  assert.equal(world.hear({ topic: 'a-done', data: { id: 7 } }).heard, 'reply');
  world.hear({ topic: 'b-done', idempotencyKey: 'test:1:B:1' });
  world.nowMs += 50;
  world.hear({ topic: 'c-done' });
  assert.deepEqual(keys(world), ['A:1', 'B:1', 'C:1']);
  const ended = world.instance!;
  assert.deepEqual([ended.state, ended.endedAtMs, nextDueAtMs(ended)], ['completed', 1050, null]);
  assert.deepEqual(ended.replies['A'], { id: 7 });
  assert.equal(ended.version, ended.timeline.length);
});

test('a failure: what succeeded is undone, the latest first, and the step that failed is not', () => {
  const world = begun(straight);
  world.hear({ topic: 'a-done' });
  world.hear({ topic: 'b-done' });
  world.hear({ topic: 'c-failed' });
  assert.deepEqual(keys(world), ['A:1', 'B:1', 'C:1', 'B/compensation:1']);
  world.hear({ topic: 'undo_b-done' });
  world.hear({ topic: 'undo_a-done' });
  assert.deepEqual(states(world), { A: 'compensated', B: 'compensated', C: 'failed' });
  assert.equal(world.instance!.state, 'compensated');
});

test('no answer: the command comes again under a key of its own, with growing pauses, and then what may have been done is undone', () => {
  const world = begun(straight);
  const due: number[] = [];
  while (keys(world).at(-1) !== 'A/compensation:1') {
    due.push(nextDueAtMs(world.instance!)! - world.nowMs);
    world.pass();
  }
  assert.deepEqual(keys(world), ['A:1', 'A:2', 'A:3', 'A/compensation:1']);
  assert.deepEqual(due, [1000, 100, 1000, 200, 1000]);
  // What it says now is too late.
  assert.equal(world.hear({ topic: 'a-done', idempotencyKey: 'test:1:A:2' }).heard, 'late');
  world.hear({ topic: 'undo_a-done' });
  assert.equal(world.instance!.state, 'compensated');
});

test('an answer to an earlier attempt is good news, but no bad news', () => {
  const late = begun(straight);
  late.pass();
  late.pass();
  assert.deepEqual(keys(late), ['A:1', 'A:2']);
  const { heard, changed, commands } = late.hear({ topic: 'a-failed', idempotencyKey: 'test:1:A:1' });
  assert.deepEqual([heard, changed, commands.length], ['late', true, 0]);
  assert.equal(late.hear({ topic: 'a-done', idempotencyKey: 'test:1:A:1' }).heard, 'reply');
  assert.equal(states(late)['A'], 'succeeded');
});

test('a failure behind an attempt without an answer: that one may have been done, so it is undone all the same', () => {
  const world = begun(straight);
  world.pass();
  world.pass();
  world.hear({ topic: 'a-failed', idempotencyKey: 'test:1:A:2' });
  assert.equal(keys(world).at(-1), 'A/compensation:1');
});

test('a group: sent together, gone on from when all are done, and undone in the order of its answers', () => {
  const pinned = saga([[step('A'), step('B')], [step('C')]]);
  const world = begun(pinned);
  assert.deepEqual(keys(world), ['A:1', 'B:1']);
  world.hear({ topic: 'b-done' });
  assert.equal(world.sent.length, 2);
  world.hear({ topic: 'a-done' });
  world.hear({ topic: 'c-failed' });
  world.hear({ topic: 'undo_a-done' });
  assert.deepEqual(keys(world).slice(2), ['C:1', 'A/compensation:1', 'B/compensation:1']);
  // One that is under way when another fails may have been done.
  const other = begun(pinned);
  other.hear({ topic: 'a-failed' });
  assert.deepEqual(states(other), { A: 'failed', B: 'compensation-sent', C: 'waiting' });
});

const pivot = saga([[step('A')], [step('B', { compensation: null })], [step('C', { compensation: null })]], {
  pivot: 'B',
  deadlineMs: 1500,
});

test('behind the pivot there is no way back: a failure is tried again, and then a person decides', () => {
  const world = begun(pivot);
  world.hear({ topic: 'a-done' });
  world.hear({ topic: 'b-done' });
  assert.equal(world.instance!.deadlineAtMs, null);
  for (let attempt = 1; attempt <= 3; attempt++) {
    world.hear({ topic: 'c-failed', idempotencyKey: `test:1:C:${attempt}` });
    world.pass();
  }
  assert.deepEqual([world.instance!.state, nextDueAtMs(world.instance!)], ['stuck', null]);
  assert.throws(() => order(world, { action: 'compensate' }), /B is done, and has no compensation/);
  order(world, { action: 'retry' });
  assert.equal(keys(world).at(-1), 'C:4');
  world.hear({ topic: 'c-done' });
  assert.equal(world.instance!.state, 'completed');
  assert.deepEqual(world.instance!.timeline.find(({ by }) => by !== null)?.by, { who: 'ada', why: 'the phone rang' });
});

test('the deadline: what is under way may have been done; a pivot that nothing undoes is waited for', () => {
  const early = begun(pivot);
  early.nowMs += 1500;
  early.input({ kind: 'time' });
  assert.deepEqual(keys(early), ['A:1', 'A/compensation:1']);
  const late = begun(pivot);
  late.hear({ topic: 'a-done' });
  late.nowMs += 1500;
  late.input({ kind: 'time' });
  assert.equal(late.instance!.state, 'running');
  assert.notEqual(nextDueAtMs(late.instance!), 2500);
  late.hear({ topic: 'b-done' });
  assert.equal(keys(late).at(-1), 'C:1');
});

test('a pivot that never answers and that nothing undoes: nobody knows, so a person decides, and may say that it is undone', () => {
  const world = begun(saga([[step('A')], [step('B', { compensation: null })]], { pivot: 'B' }));
  world.hear({ topic: 'a-done' });
  while (world.pass());
  assert.equal(world.instance!.state, 'stuck');
  assert.match(lastReason(world), /nobody knows whether B was done/);
  order(world, { action: 'compensate' });
  world.hear({ topic: 'undo_a-done' });
  assert.equal(world.instance!.state, 'compensated');
});

test('a compensation that fails is tried again, then parked; a person retries it, or says that it is done', () => {
  const stuck = () => {
    const world = begun(saga([[step('A')], [step('B')]]));
    world.hear({ topic: 'a-done' });
    world.hear({ topic: 'b-failed' });
    for (let attempt = 1; attempt <= 3; attempt++) {
      world.hear({ topic: 'undo_a-failed' });
      world.pass();
    }
    assert.deepEqual([world.instance!.state, states(world)['A']], ['stuck', 'compensation-failed']);
    return world;
  };
  const retried = stuck();
  order(retried, { action: 'retry' });
  assert.equal(keys(retried).at(-1), 'A/compensation:4');
  retried.hear({ topic: 'undo_a-done' });
  assert.equal(retried.instance!.state, 'compensated');
  const skipped = stuck();
  order(skipped, { action: 'skip', step: 'A' });
  assert.equal(skipped.instance!.state, 'compensated');
  assert.throws(() => order(skipped, { action: 'retry', step: 'A' }), /has ended \(compensated\)/);
});

test('orders that do not fit are refused, and the step that there is not', () => {
  const world = begun(straight);
  const refused = (code: string, pattern: RegExp) => (error: unknown) =>
    error instanceof SluiceError && error.code === code && pattern.test(error.message);
  assert.throws(() => order(world, { action: 'retry' }), refused('CONFLICT', /is not stuck \(running\): name the step/));
  assert.throws(() => order(world, { action: 'retry', step: 'A' }), refused('CONFLICT', /is under way \(attempt 1\)/));
  assert.throws(() => order(world, { action: 'skip', step: 'C' }), refused('CONFLICT', /is waiting/));
  assert.throws(() => order(world, { action: 'skip', step: 'D' }), refused('NOT_FOUND', /has no step D; it has A, B, C/));
  order(world, { action: 'skip', step: 'A' });
  assert.deepEqual(states(world), { A: 'skipped', B: 'sent', C: 'waiting' });
  order(world, { action: 'compensate' });
  assert.throws(() => order(world, { action: 'compensate' }), refused('CONFLICT', /is being undone already/));
});

test('what is repeated, late or foreign is recorded as that, and changes nothing', () => {
  const world = begun(straight);
  world.hear({ topic: 'a-done' });
  const before = world.instance!;
  const heard = (message: Parameters<World['hear']>[0]) => {
    const { heard: as, commands, instance } = world.hear(message);
    assert.deepEqual(commands, []);
    const { timeline, version, notes, ...rest } = instance!;
    const { timeline: lines, version: older, notes: noted, ...same } = before;
    assert.deepEqual(rest, same);
    return as;
  };
  assert.equal(heard({ topic: 'started' }), 'repeated');
  assert.equal(heard({ topic: 'a-done' }), 'repeated');
  assert.equal(heard({ topic: 'c-done' }), 'foreign');
  assert.equal(heard({ topic: 'undo_a-done' }), 'foreign');
  assert.equal(heard({ topic: 'b-done', idempotencyKey: 'test:1:B:2' }), 'foreign');
  assert.equal(heard({ topic: 'b-done', idempotencyKey: 'test:2:B:1' }), 'foreign');
  assert.equal(heard({ topic: 'b-done', idempotencyKey: 'test:1:A:1' }), 'foreign');
  assert.equal(world.instance!.notes, 7);
  // What is no answer of this saga at all leaves no line, and no message more than so many.
  assert.equal(world.hear({ topic: 'weather' }).changed, false);
  for (let times = 0; times < 2 * notesMax; times++) world.hear({ topic: 'a-done' });
  assert.equal(world.instance!.notes, notesMax);
  assert.equal(world.hear({ topic: 'a-done' }).changed, false);
});

test('a message that starts nothing, and one for another affair', () => {
  const world = new World(straight);
  assert.deepEqual(world.hear({ topic: 'a-done' }), { instance: null, changed: false, commands: [], heard: 'foreign' });
  world.start();
  const message = { topic: 'a-done', type: null, correlationId: '2', data: {}, idempotencyKey: null };
  assert.equal(world.input({ kind: 'message', message }).heard, 'foreign');
  assert.throws(() => decide({ ...straight, hash: 'other' }, world.instance, { kind: 'time' }, 0), /is on another definition/);
});

test('types tell messages of one topic apart', () => {
  const typed = { success: [{ topic: 'events', type: 'Done' }], failure: [{ topic: 'events', type: 'Failed' }] };
  const world = begun(saga([[step('A', typed)]]));
  assert.equal(world.hear({ topic: 'events', type: 'Else' }).heard, 'foreign');
  world.hear({ topic: 'events', type: 'Done' });
  assert.equal(world.instance!.state, 'completed');
});

test('a payload that cannot be made: nothing is sent, and it is undone, or parked', () => {
  const undo = command('UNDO_A', { payload: { id: '$.replies.A.id' } });
  const pinned = saga([[step('A', { compensation: undo })], [step('B', { payload: { amount: '$.start.amount' } })]]);
  const world = begun(pinned);
  world.hear({ topic: 'a-done', data: {} });
  assert.deepEqual(keys(world), ['A:1']);
  const reasons = world.instance!.timeline.map(({ reason }) => reason);
  assert.ok(reasons.includes('B cannot be made: $.start.amount is not there'), reasons.join('\n'));
  assert.ok(reasons.includes('UNDO_A cannot be made: $.replies.A.id is not there'), reasons.join('\n'));
  assert.equal(world.instance!.state, 'stuck');
});

test('nobody answers: the command counts as carried out once it is sent', () => {
  const silent = { success: [], failure: [] };
  const pinned = saga([[step('A', { ...silent, compensation: command('UNDO_A', silent) })], [step('B')]]);
  const world = begun(pinned);
  assert.deepEqual(keys(world), ['A:1', 'B:1']);
  world.hear({ topic: 'b-failed' });
  assert.deepEqual(keys(world), ['A:1', 'B:1', 'A/compensation:1']);
  assert.equal(world.instance!.state, 'compensated');
});

test('a timeline has an end: its first line and the latest stay', () => {
  const world = begun(saga([[step('A')]]));
  while (world.instance!.version < timelineMax + 20) {
    while (world.pass());
    order(world, { action: 'retry' });
  }
  const { timeline, version } = world.instance!;
  assert.equal(timeline.length, timelineMax);
  assert.ok(version > timelineMax);
  assert.equal(timeline[0]!.reason, 'the starting event came');
});
