import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SluiceError } from '../../../../src/contract/index.ts';
import { decide, nextDueAtMs } from '../../../../src/services/sagas/machine.ts';
import type { PinnedDefinition, SagaDecision, SagaInput, SagaInstance, SagaOrder } from '../../../../src/services/sagas/saga.ts';
import { sagas } from './definitions.ts';
import { type Behaviour, World } from './world.ts';

/** One thing that happens: what, to which of those there are, and how it goes. */
type Event = { readonly kind: number; readonly which: number; readonly behaviour: Behaviour; readonly keyed: boolean };

const behaviours: readonly Behaviour[] = ['do', 'do', 'do', 'refuse', 'forget', 'silent'];
const events = fc.array(
  fc.record({ kind: fc.nat(9), which: fc.nat(999), behaviour: fc.constantFrom(...behaviours), keyed: fc.boolean() }),
  { maxLength: 80, size: 'max' },
);

const ended = ['completed', 'compensated'];

/** What must hold of every single decision. */
function checkDecision(pinned: PinnedDefinition, nowMs: () => number) {
  const keys = new Set<string>();
  return (before: SagaInstance | null, decision: SagaDecision, input: SagaInput): void => {
    const copy = structuredClone(before);
    assert.deepEqual(decide(pinned, copy, input, nowMs()), decision, 'the same arguments give another decision');
    assert.deepEqual(copy, before, 'the instance given was written to');
    const { instance, changed, commands } = decision;
    if (!changed) assert.equal(instance, before);
    if (commands.length > 0) assert.ok(changed);
    for (const { idempotencyKey } of commands) {
      assert.ok(!keys.has(idempotencyKey), `${idempotencyKey} came twice`);
      keys.add(idempotencyKey);
    }
    if (before !== null && ended.includes(before.state)) {
      assert.deepEqual(commands, [], 'a command after the end');
      assert.equal(instance?.state, before.state);
    }
    if (instance === null) return;
    assert.deepEqual(JSON.parse(JSON.stringify(instance)), instance, 'an instance is no JSON');
    if (ended.includes(instance.state)) assert.equal(nextDueAtMs(instance), null);
    else if (instance.state !== 'stuck') assert.notEqual(nextDueAtMs(instance), null, 'nothing will ever happen');
    if (changed) assert.equal(instance.timeline.length - (before?.timeline.length ?? 0), instance.version - (before?.version ?? 0));
  };
}

/** Lets things happen, and then, when nobody says anything any more, time go by. */
function live(pinned: PinnedDefinition, happening: readonly Event[], orders: boolean): World {
  let world: World | null = null;
  world = new World(
    pinned,
    checkDecision(pinned, () => world!.nowMs),
  );
  world.start();
  for (const { kind, which, behaviour, keyed } of happening) {
    const { sent, replies } = world;
    // Messages of a key keep their order, so what is served first came first; redelivery brings earlier ones again.
    if (kind < 4 && sent.length > 0) world.serve(sent[sent.length - 1 - (which % Math.min(sent.length, 3))]!, behaviour, keyed);
    else if (kind < 7 && replies.length > 0) world.hear(replies[replies.length - 1 - (which % Math.min(replies.length, 4))]!);
    else if (kind === 7) world.start();
    else if (kind === 8) {
      world.nowMs += which;
      world.input({ kind: 'time' });
    } else if (orders) order(world, which);
  }
  let steps = 0;
  while (world.pass()) assert.ok(++steps < 1000, 'it never comes to an end');
  // What was under way comes in the end, and is answered.
  for (const sent of [...world.sent]) world.serve(sent, 'do');
  for (const reply of [...world.replies]) world.hear(reply);
  return world;
}

const actions = ['retry', 'skip', 'compensate'] as const;

function order(world: World, which: number): void {
  const names = [null, ...world.pinned.definition.stages.flat().map(({ name }) => name)];
  const given: SagaOrder = { action: actions[which % 3]!, step: names[which % names.length]!, who: 'ada', why: 'a test' };
  try {
    world.input({ kind: 'order', order: given });
  } catch (error) {
    assert.ok(error instanceof SluiceError && error.code === 'CONFLICT', String(error));
  }
}

const parameters = { numRuns: 500 };

test('whatever is lost, doubled or late: an end is reached, and what was done stands whole or is undone', () => {
  const ends = new Map<string, number>();
  fc.assert(
    fc.property(sagas, events, (pinned, happening) => {
      const world = live(pinned, happening, false);
      const { state, steps } = world.instance!;
      ends.set(state, (ends.get(state) ?? 0) + 1);
      const names = Object.keys(steps);
      if (state === 'completed') for (const name of names) assert.equal(steps[name]!.state, 'succeeded');
      else if (state === 'compensated') {
        for (const name of names) assert.ok(!world.standing(name), `${name} was done and is not undone`);
        for (const name of names) assert.notEqual(steps[name]!.state, 'succeeded');
      } else assert.equal(state, 'stuck');
      // Undoing begins at what was done last, and comes to the one before when that is undone.
      const undoing = [...new Set(world.sent.filter(({ compensation }) => compensation).map(({ step }) => step))];
      const places = undoing.map(name => steps[name]!.doneOrder!);
      assert.deepEqual(
        places,
        [...places].sort((a, b) => b - a),
      );
    }),
    parameters,
  );
  for (const state of ['completed', 'compensated', 'stuck']) assert.ok((ends.get(state) ?? 0) > 5, `hardly a saga was ${state}`);
});

test('whatever people order besides, no key comes twice, and nothing is sent after the end', () => {
  fc.assert(
    fc.property(sagas, events, (pinned, happening) => {
      const { state } = live(pinned, happening, true).instance!;
      assert.ok(['completed', 'compensated', 'stuck'].includes(state));
    }),
    parameters,
  );
});
