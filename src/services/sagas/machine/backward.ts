import type { SagaStepDefinition, SagaStepProgress } from '../saga.ts';
import { planRetry, sendAttempt, underWay } from './command.ts';
import type { Draft } from './draft.ts';

/**
 * Turns the saga back. What was under way may have been done or may yet be: it counts among what is to be undone, as the last of it. A step whose
 * only attempt was answered with a failure was not done, and is not undone.
 */
export function beginCompensation(draft: Draft, reason: string): void {
  for (const { name } of draft.steps)
    if (underWay(draft.progress(name)) === 'forward')
      draft.move(
        name,
        { state: 'failed', dueAtMs: null, doneOrder: draft.nextDoneOrder() },
        'given up while its answer was awaited: it may have been done',
      );
  draft.enter('compensating', reason);
  compensateNext(draft);
}

/** Undoes what is left to be undone, the latest first, until an answer is awaited; where nothing is left, the saga has ended. */
export function compensateNext(draft: Draft): void {
  while (draft.state === 'compensating') {
    const step = lastDone(draft);
    if (step === null) draft.enter('compensated', 'everything that was done is undone');
    else if (!sendCompensation(draft, step, `${step.compensation!.type} is sent`)) return;
  }
}

/** Sends the compensation's next attempt. Answers whether the step is undone by that alone, since nobody answers. */
export function sendCompensation(draft: Draft, step: SagaStepDefinition, reason: string): boolean {
  const missing = sendAttempt(draft, step, 'compensation', reason);
  if (missing !== null) {
    const made = underWay(draft.progress(step.name)) === 'compensation' ? {} : { attempt: 0, attemptsMax: 0 };
    park(draft, step, `${step.compensation!.type} cannot be made: ${missing} is not there`, made);
    return false;
  }
  if (step.compensation!.success.length > 0) return false;
  draft.move(
    step.name,
    { state: 'compensated', dueAtMs: null },
    `${step.compensation!.type} is published, and nobody answers it: it is undone`,
  );
  return true;
}

/** The compensation did not go well this time. */
export function compensationFailed(draft: Draft, step: SagaStepDefinition, reason: string): void {
  if (!planRetry(draft, step, 'compensation', reason)) park(draft, step, `${reason}, and it was the last attempt`);
}

/** From here on only a person can go on. */
function park(draft: Draft, step: SagaStepDefinition, reason: string, attempts: Partial<SagaStepProgress> = {}): void {
  draft.move(step.name, { state: 'compensation-failed', dueAtMs: null, ...attempts }, reason);
  draft.enter('stuck', `${step.name} is not undone: a person must decide`);
}

/** States in which a step that was done is not yet being undone. */
const doneStates: readonly string[] = ['succeeded', 'skipped', 'failed'];

/** The step that was done last, of those that are not undone yet. One that cannot be undone is a person's affair, who was told. */
function lastDone(draft: Draft): SagaStepDefinition | null {
  let last: SagaStepDefinition | null = null;
  for (const step of draft.steps) {
    const { state, doneOrder } = draft.progress(step.name);
    if (doneOrder === null || !doneStates.includes(state) || step.compensation === null) continue;
    if (last === null || doneOrder > draft.progress(last.name).doneOrder!) last = step;
  }
  return last;
}
