import fc from 'fast-check';
import { pinDefinition } from '../../../../src/services/sagas/definition.ts';
import type { PinnedDefinition, SagaCommandDefinition, SagaDefinition, SagaStepDefinition } from '../../../../src/services/sagas/saga.ts';

const retry = { attemptsMax: 3, delayMs: 100, factor: 2, delayMsMax: 250 };

/** A command with replies on topics of its own. */
export function command(type: string, changes: Partial<SagaCommandDefinition> = {}): SagaCommandDefinition {
  const topic = type.toLowerCase();
  return {
    type,
    topic: 'commands',
    payload: '$.saga.correlationId',
    success: [{ topic: `${topic}-done`, type: null }],
    failure: [{ topic: `${topic}-failed`, type: null }],
    timeoutMs: 1000,
    retry,
    ...changes,
  };
}

export function step(name: string, changes: Partial<SagaStepDefinition> = {}): SagaStepDefinition {
  return { name, ...command(name), compensation: command(`UNDO_${name}`), ...changes };
}

export function saga(stages: SagaDefinition['stages'], changes: Partial<SagaDefinition> = {}): PinnedDefinition {
  const start = { topic: 'started', type: null };
  return pinDefinition({ name: 'test', start, correlation: 'id', stages, pivot: null, deadlineMs: null, ...changes });
}

/** Three steps, one behind another: A, B, C. */
export const straight = saga([[step('A')], [step('B')], [step('C')]]);

const attempts = fc.integer({ min: 1, max: 3 });
const stepShape = fc.record({ attempts, undoAttempts: attempts, answered: fc.boolean(), compensated: fc.boolean() });

/** Sagas of one to four stages of one to three steps, with and without pivot, deadline and answers. */
export const sagas: fc.Arbitrary<PinnedDefinition> = fc
  .record({
    stages: fc.array(fc.array(stepShape, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }),
    pivot: fc.option(fc.nat(3)),
    deadlineMs: fc.option(fc.integer({ min: 1, max: 5000 })),
  })
  .map(({ stages, pivot, deadlineMs }) => {
    const pivotAt = pivot !== null && pivot < stages.length ? pivot : null;
    const built = stages.map((shapes, stage) =>
      (stage === pivotAt ? shapes.slice(0, 1) : shapes).map((shape, index) => {
        const name = `S${stage}${'abc'[index]}`;
        const free = pivotAt !== null && stage >= pivotAt;
        const forward = {
          retry: { ...retry, attemptsMax: shape.attempts },
          ...(shape.answered || shape.attempts > 1 ? {} : { success: [], failure: [] }),
        };
        const undo = command(`UNDO_${name}`, { retry: { ...retry, attemptsMax: shape.undoAttempts } });
        return step(name, { ...forward, compensation: free && !shape.compensated ? null : undo });
      }),
    );
    return saga(built, { pivot: pivotAt === null ? null : built[pivotAt]![0]!.name, deadlineMs });
  });
