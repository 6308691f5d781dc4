import { SluiceError } from '../../../contract/index.ts';
import type { SagaOrder, SagaStepDefinition } from '../saga.ts';
import { beginCompensation, compensateNext, sendCompensation } from './backward.ts';
import { commandOf, type Direction, underWay } from './command.ts';
import type { Draft } from './draft.ts';
import { advance, sendForward, succeed } from './forward.ts';

/** Does what a person ordered. Throws SluiceError CONFLICT, or NOT_FOUND for a step that there is not, and then nothing has changed. */
export function follow(draft: Draft, order: SagaOrder): void {
  const { id, state } = draft.instance;
  if (state === 'completed' || state === 'compensated') throw conflict(`Saga ${id} has ended (${state}): there is nothing left to order.`);
  if (order.action === 'compensate') {
    compensate(draft);
    return;
  }
  const step = orderedStep(draft, order);
  const direction = orderedDirection(draft, step, order.action);
  if (order.action === 'retry') retry(draft, step, direction);
  else skip(draft, step, direction);
}

function retry(draft: Draft, step: SagaStepDefinition, direction: Direction): void {
  const command = commandOf(step, direction)!;
  const { attempt } = draft.progress(step.name);
  const state = direction === 'forward' ? 'retrying' : 'compensation-retrying';
  const changes = {
    state,
    attemptsMax: attempt + command.retry.attemptsMax,
    dueAtMs: draft.nowMs,
    doneOrder: orderOf(draft, step, direction),
  } as const;
  draft.move(step.name, changes, 'is tried again by order');
  resume(draft, direction);
  if (direction === 'forward') {
    sendForward(draft, step, `${command.type} is sent again`);
    advance(draft);
  } else if (sendCompensation(draft, step, `${command.type} is sent again`)) compensateNext(draft);
}

/** What is tried again is open again; what is undone keeps its place. */
function orderOf(draft: Draft, step: SagaStepDefinition, direction: Direction): number | null {
  return direction === 'forward' ? null : draft.progress(step.name).doneOrder;
}

function skip(draft: Draft, step: SagaStepDefinition, direction: Direction): void {
  if (direction === 'forward') {
    succeed(draft, step, 'skipped', 'counts as done by order');
    resume(draft, direction);
    advance(draft);
  } else {
    draft.move(step.name, { state: 'compensated', dueAtMs: null }, 'counts as undone by order');
    resume(draft, direction);
    compensateNext(draft);
  }
}

/** A stuck saga goes on, unless another step is stuck too. */
function resume(draft: Draft, direction: Direction): void {
  if (draft.state === 'stuck' && stuckSteps(draft).length === 0)
    draft.enter(direction === 'forward' ? 'running' : 'compensating', 'goes on by order');
}

function compensate(draft: Draft): void {
  const { id } = draft.instance;
  if (backward(draft)) throw conflict(`Saga ${id} is being undone already. Order its step to be retried or skipped.`);
  for (const { name, compensation } of draft.steps) {
    const progress = draft.progress(name);
    if (compensation !== null) continue;
    if (underWay(progress) !== null)
      throw conflict(`Saga ${id} waits for the answer of ${name}, which nothing undoes: order it when that is known.`);
    if (progress.state === 'succeeded' || progress.state === 'skipped')
      throw conflict(`Saga ${id} cannot be undone: ${name} is done, and has no compensation.`);
    if (progress.doneOrder !== null) draft.line(name, 'may have been done and has no compensation: whoever orders this answers for it');
  }
  beginCompensation(draft, 'is undone by order');
}

/** Whether it is being undone: a stuck saga is where one of its steps is, or has been. */
function backward(draft: Draft): boolean {
  return draft.state === 'compensating' || draft.steps.some(({ name }) => draft.progress(name).state.startsWith('compensat'));
}

/** Steps that wait for a person. */
function stuckSteps(draft: Draft): readonly SagaStepDefinition[] {
  const parked = backward(draft) ? 'compensation-failed' : 'failed';
  return draft.steps.filter(({ name }) => draft.progress(name).state === parked);
}

function orderedStep(draft: Draft, { step: name, action }: SagaOrder): SagaStepDefinition {
  const { id } = draft.instance;
  if (name !== null) {
    const named = draft.steps.find(step => step.name === name);
    if (named === undefined)
      throw new SluiceError('NOT_FOUND', `Saga ${id} has no step ${name}; it has ${draft.steps.map(step => step.name).join(', ')}.`);
    return named;
  }
  const stuck = draft.state === 'stuck' ? stuckSteps(draft) : [];
  if (stuck.length === 1) return stuck[0]!;
  if (stuck.length === 0) throw conflict(`Saga ${id} is not stuck (${draft.state}): name the step to ${action}.`);
  throw conflict(`Several steps of saga ${id} are stuck (${stuck.map(step => step.name).join(', ')}): name the one to ${action}.`);
}

/** Which of the step's commands an order is about: the one that waits for a person, or that is under way. */
function orderedDirection(draft: Draft, { name }: SagaStepDefinition, action: 'retry' | 'skip'): Direction {
  const { id } = draft.instance;
  const progress = draft.progress(name);
  if (progress.state === 'compensation-failed') return 'compensation';
  if (progress.state === 'failed' && draft.state === 'stuck' && !backward(draft)) return 'forward';
  const going = underWay(progress);
  if (going === null) throw conflict(`Step ${name} of saga ${id} is ${progress.state}: there is nothing to ${action}.`);
  if (action === 'retry' && (progress.state === 'sent' || progress.state === 'compensation-sent'))
    throw conflict(`Step ${name} of saga ${id} is under way (attempt ${progress.attempt}): it is tried again by itself.`);
  return going;
}

function conflict(message: string): SluiceError {
  return new SluiceError('CONFLICT', message);
}
