import type { JsonObject } from '../../../contract/index.ts';
import type { SagaStage, SagaStepDefinition } from '../saga.ts';
import { beginCompensation } from './backward.ts';
import { planRetry, sendAttempt } from './command.ts';
import type { Draft } from './draft.ts';

/** Sends the first stage that is not done, unless it is under way; where all are done, the saga has ended. Loops over what nobody answers. */
export function advance(draft: Draft): void {
  for (;;) {
    if (draft.state !== 'running') return;
    const stage = draft.definition.stages.find(steps => !steps.every(({ name }) => isDone(draft, name)));
    if (stage === undefined) draft.enter('completed', 'every step is done');
    else if (!sendStage(draft, stage)) return;
  }
}

/** Answers whether something may be left to do at once. */
function sendStage(draft: Draft, stage: SagaStage): boolean {
  let sent = false;
  for (const step of stage) {
    if (draft.state !== 'running' || draft.progress(step.name).state !== 'waiting') continue;
    sendForward(draft, step, `${step.type} is sent`);
    sent = true;
  }
  return sent;
}

/** Sends the step's next attempt. The caller advances, since nobody may have to answer. */
export function sendForward(draft: Draft, step: SagaStepDefinition, reason: string): void {
  const missing = sendAttempt(draft, step, 'forward', reason);
  if (missing !== null) giveUp(draft, step, `${step.type} cannot be made: ${missing} is not there`, false);
  else if (step.success.length === 0) succeed(draft, step, 'succeeded', `${step.type} is published, and nobody answers it: it is done`);
}

/** The step is done. The caller advances. */
export function succeed(draft: Draft, step: SagaStepDefinition, state: 'succeeded' | 'skipped', reason: string): void {
  if (step.name === draft.definition.pivot) draft.change({ deadlineAtMs: null });
  draft.move(step.name, { state, dueAtMs: null, doneOrder: draft.nextDoneOrder() }, reason);
}

/** The service says that it did not do it: for good before the pivot's success, for now behind it. */
export function refused(draft: Draft, step: SagaStepDefinition, reply: JsonObject, reason: string): void {
  draft.change({ replies: { ...draft.instance.replies, [step.name]: reply } });
  if (behindPivot(draft, step) && planRetry(draft, step, 'forward', reason)) return;
  // An earlier attempt that was never answered may have been done all the same. Undoing what was not done does no harm.
  const unanswered = draft.progress(step.name).attempt > 1 && step.compensation !== null;
  giveUp(draft, step, unanswered ? `${reason}; an earlier attempt was not answered and may have been done` : reason, unanswered);
}

/** No answer came in time. */
export function timedOut(draft: Draft, step: SagaStepDefinition): void {
  const reason = `no answer to ${step.type} in ${step.timeoutMs} ms`;
  if (!planRetry(draft, step, 'forward', reason))
    giveUp(draft, step, `${reason}, and it was the last attempt: it may have been done`, true);
}

/**
 * The step will not be tried again by itself. Before the pivot's success the saga turns back; behind it, and where nobody knows whether a pivot that
 * cannot be undone was done, a person must decide.
 */
function giveUp(draft: Draft, step: SagaStepDefinition, reason: string, maybeDone: boolean): void {
  draft.move(step.name, { state: 'failed', dueAtMs: null, doneOrder: maybeDone ? draft.nextDoneOrder() : null }, reason);
  if (behindPivot(draft, step)) draft.enter('stuck', `${step.name} failed behind the pivot: a person must decide`);
  else if (maybeDone && step.compensation === null)
    draft.enter('stuck', `nobody knows whether ${step.name} was done, and nothing undoes it: a person must decide`);
  else beginCompensation(draft, `${step.name} failed: what was done is undone`);
}

function isDone(draft: Draft, step: string): boolean {
  const { state } = draft.progress(step);
  return state === 'succeeded' || state === 'skipped';
}

/** Whether the pivot was done before this step. */
function behindPivot(draft: Draft, step: SagaStepDefinition): boolean {
  const { pivot } = draft.definition;
  return pivot !== null && pivot !== step.name && isDone(draft, pivot);
}
