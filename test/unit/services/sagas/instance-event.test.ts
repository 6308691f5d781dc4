import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../../../../src/contract/index.ts';
import { eventOf, evolve, type InstanceEvent } from '../../../../src/services/sagas/instance-event.ts';
import { type SagaInstance, timelineMax } from '../../../../src/services/sagas/saga.ts';
import { sagas } from './definitions.ts';
import { type Behaviour, World } from './world.ts';

const behaviours: readonly Behaviour[] = ['do', 'do', 'refuse', 'silent'];
/** As it is stored and read back. */
const stored = (event: InstanceEvent): InstanceEvent => JSON.parse(JSON.stringify(event)) as InstanceEvent;

/** Every state of a saga in which this and that happens. */
function statesOf(world: World, happening: readonly { readonly which: number; readonly behaviour: Behaviour }[]): readonly SagaInstance[] {
  world.start();
  for (const { which, behaviour } of happening) {
    if (which % 3 === 0) world.pass();
    else if (which % 3 === 1 && world.sent.length > 0) world.serve(world.sent[which % world.sent.length]!, behaviour);
    else if (world.replies.length > 0) world.hear(world.replies[which % world.replies.length]!);
  }
  return world.decisions.map(({ instance }) => instance!);
}

test('the events of an instance, some of them of several transitions, make it again', () => {
  const happenings = fc.array(fc.record({ which: fc.nat(999), behaviour: fc.constantFrom(...behaviours) }), { maxLength: 60 });
  fc.assert(
    fc.property(sagas, happenings, fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1 }), (pinned, happening, strides) => {
      const states = statesOf(new World(pinned), happening);
      let before: SagaInstance | null = null;
      let folded: SagaInstance | null = null;
      for (let at = 0, turn = 0; at < states.length; turn++) {
        const after: SagaInstance = states[Math.min(states.length - 1, at + strides[turn % strides.length]! - 1)]!;
        at += strides[turn % strides.length]!;
        if (after === before) continue;
        folded = evolve(folded, stored(eventOf(before, after)));
        before = after;
        assert.deepEqual(folded, after);
      }
    }),
    { numRuns: 300 },
  );
});

test('a timeline that is longer than its bound keeps its beginning and its end, over any event', () => {
  const line = (atMs: number) => ({ atMs, state: 'running', step: null, stepState: null, attempt: null, reason: 'r', by: null }) as const;
  const lines = Array.from({ length: 3 * timelineMax }, (_, index) => line(index));
  const at = (version: number): SagaInstance => ({
    ...{ id: 's:1', saga: 's', correlationId: '1', definitionHash: 'h', state: 'running', version, startedAtMs: 0, endedAtMs: null },
    ...{ deadlineAtMs: null, start: {} as JsonObject, replies: {}, steps: {}, notes: 0 },
    timeline: version <= timelineMax ? lines.slice(0, version) : [lines[0]!, ...lines.slice(version - timelineMax + 1, version)],
  });
  for (const [before, after] of [
    [1, timelineMax],
    [timelineMax - 1, timelineMax + 1],
    [timelineMax, timelineMax + 7],
    [3, timelineMax + 2],
    [timelineMax + 5, 2 * timelineMax + 5],
    [2, 3 * timelineMax],
  ] as const)
    assert.deepEqual(evolve(at(before), stored(eventOf(at(before), at(after)))), at(after), `${before} to ${after}`);
});

test('what changes nothing of a step, or of a reply, has none of it; a stream without its beginning is nothing', () => {
  const states = (() => {
    const [pinned] = fc.sample(sagas, { numRuns: 1, seed: 7 });
    return statesOf(new World(pinned!), [
      { which: 1, behaviour: 'do' },
      { which: 2, behaviour: 'do' },
    ]);
  })();
  const [first] = states;
  const same = eventOf(first!, { ...first!, version: first!.version + 1, notes: 1 });
  assert.deepEqual([same.begun, same.steps, same.replies, same.lines.length], [null, {}, {}, 1]);
  assert.equal(evolve(null, same), null);
});
