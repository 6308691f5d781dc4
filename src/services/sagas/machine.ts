import { SluiceError } from '../../contract/index.ts';
import { compensateNext, compensationFailed, sendCompensation } from './machine/backward.ts';
import { commandOf, type Direction, underWay } from './machine/command.ts';
import { passDeadline } from './machine/deadline.ts';
import { byOf, Draft } from './machine/draft.ts';
import { advance, refused, sendForward, succeed, timedOut } from './machine/forward.ts';
import { follow } from './machine/orders.ts';
import { isReplyOf, matches, type Reply, replyOf } from './machine/reply.ts';
import type { PinnedDefinition, SagaDecision, SagaInput, SagaInstance, SagaMessage, SagaOrder } from './saga.ts';

/**
 * What becomes of an instance by a message, by time or by a person: the whole meaning of a saga. Pure: the same arguments give the same decision.
 *
 * `pinned` is the definition that the instance started on. Throws SluiceError CONFLICT for an order that does not fit the instance as it is.
 */
export function decide(pinned: PinnedDefinition, instance: SagaInstance | null, input: SagaInput, nowMs: number): SagaDecision {
  if (instance !== null && instance.definitionHash !== pinned.hash)
    throw new SluiceError(
      'INTERNAL',
      `Saga ${instance.id} is on another definition (${instance.definitionHash}) than the one given (${pinned.hash}).`,
    );
  switch (input.kind) {
    case 'message':
      return instance === null ? begin(pinned, input.message, nowMs) : hear(pinned, instance, input.message, nowMs);
    case 'time':
      return instance === null ? nothing : pass(pinned, instance, nowMs);
    case 'order':
      if (instance === null) throw new SluiceError('NOT_FOUND', `There is no such saga.`);
      return obey(pinned, instance, input.order, nowMs);
  }
}

/** When something happens to an instance by itself: `decide` is to be asked with `time` then. null: never. */
export function nextDueAtMs({ steps, deadlineAtMs, endedAtMs }: SagaInstance): number | null {
  if (endedAtMs !== null) return null;
  let next = deadlineAtMs;
  for (const { dueAtMs } of Object.values(steps)) if (dueAtMs !== null && (next === null || dueAtMs < next)) next = dueAtMs;
  return next;
}

const nothing: SagaDecision = { instance: null, changed: false, commands: [], heard: null };

/** An instance's id: one affair is started once. */
export function sagaIdOf(saga: string, correlationId: string): string {
  return `${saga}:${correlationId}`;
}

function begin(pinned: PinnedDefinition, message: SagaMessage, nowMs: number): SagaDecision {
  const { definition, hash } = pinned;
  if (!matches([definition.start], message)) return { ...nothing, heard: 'foreign' };
  const waiting = { state: 'waiting', attempt: 0, doneOrder: null, dueAtMs: null, sentAtMs: null } as const;
  const draft = new Draft(
    pinned,
    null,
    {
      id: sagaIdOf(definition.name, message.correlationId),
      saga: definition.name,
      correlationId: message.correlationId,
      definitionHash: hash,
      state: 'running',
      version: 0,
      startedAtMs: nowMs,
      endedAtMs: null,
      deadlineAtMs: definition.deadlineMs === null ? null : nowMs + definition.deadlineMs,
      start: message.data,
      replies: {},
      steps: Object.fromEntries(definition.stages.flat().map(({ name, retry }) => [name, { ...waiting, attemptsMax: retry.attemptsMax }])),
      timeline: [],
      notes: 0,
    },
    nowMs,
  );
  draft.line(null, 'the starting event came');
  advance(draft);
  return draft.decision('start');
}

function hear(pinned: PinnedDefinition, instance: SagaInstance, message: SagaMessage, nowMs: number): SagaDecision {
  const { definition } = pinned;
  const draft = new Draft(pinned, instance, instance, nowMs);
  if (message.correlationId !== instance.correlationId) return draft.decision('foreign');
  const reply = replyOf(definition, instance, message);
  if (reply === null) {
    if (matches([definition.start], message)) {
      draft.note(null, 'the starting event came again: nothing is started');
      return draft.decision('repeated');
    }
    if (isReplyOf(definition, message)) draft.note(null, `an answer to a command that is not of this saga came on ${message.topic}`);
    return draft.decision('foreign');
  }
  const ignored = unheeded(draft, reply);
  if (ignored !== null) {
    draft.note(reply.step.name, `${ignored.reason}: it changes nothing`);
    return draft.decision(ignored.heard);
  }
  take(draft, reply, message);
  return draft.decision('reply');
}

/** Why an answer changes nothing. null: it is awaited. */
function unheeded(
  draft: Draft,
  { step, direction, outcome, attempt }: Reply,
): { heard: 'late' | 'repeated' | 'foreign'; reason: string } | null {
  const progress = draft.progress(step.name);
  const { type } = commandOf(step, direction)!;
  const what = `an answer to ${type} (${outcome}${attempt === null ? '' : `, attempt ${attempt}`}) came`;
  const going = underWay(progress);
  if (going === direction) {
    if (attempt !== null && attempt > progress.attempt) return { heard: 'foreign', reason: `${what} to an attempt that was not made` };
    if (outcome === 'failure' && attempt !== null && attempt < progress.attempt)
      return { heard: 'late', reason: `${what} when a later attempt was under way` };
    return null;
  }
  if (!wasSent(draft, step.name, direction)) return { heard: 'foreign', reason: `${what} before the command was sent` };
  return answered(draft, step.name, direction)
    ? { heard: 'repeated', reason: `${what} again` }
    : { heard: 'late', reason: `${what} when it was no longer awaited` };
}

function wasSent(draft: Draft, step: string, direction: Direction): boolean {
  const { state, attempt } = draft.progress(step);
  const undone = state === 'compensated' || state === 'compensation-failed' || state.startsWith('compensation-');
  return direction === 'compensation' ? undone && attempt > 0 : undone || attempt > 0;
}

function answered(draft: Draft, step: string, direction: Direction): boolean {
  return direction === 'compensation' ? draft.progress(step).state === 'compensated' : Object.hasOwn(draft.instance.replies, step);
}

/** Takes an awaited answer. */
function take(draft: Draft, { step, direction, outcome }: Reply, { data, topic }: SagaMessage): void {
  const told = `${topic} says that ${commandOf(step, direction)!.type} is ${outcome === 'success' ? 'done' : 'not done'}`;
  if (direction === 'compensation') {
    if (outcome === 'failure') compensationFailed(draft, step, told);
    else {
      draft.move(step.name, { state: 'compensated', dueAtMs: null }, told);
      compensateNext(draft);
    }
  } else if (outcome === 'failure') refused(draft, step, data, told);
  else {
    draft.change({ replies: { ...draft.instance.replies, [step.name]: data } });
    succeed(draft, step, 'succeeded', told);
    advance(draft);
  }
}

/** Does whatever is due. */
function pass(pinned: PinnedDefinition, instance: SagaInstance, nowMs: number): SagaDecision {
  const draft = new Draft(pinned, instance, instance, nowMs);
  if (instance.endedAtMs !== null) return draft.decision(null);
  if (instance.deadlineAtMs !== null && instance.deadlineAtMs <= nowMs) passDeadline(draft);
  for (const step of draft.steps) {
    const { state, dueAtMs, attempt } = draft.progress(step.name);
    // What was sent only now, by a step before this one, is due later.
    if (dueAtMs === null || dueAtMs > nowMs) continue;
    switch (state) {
      case 'sent':
        timedOut(draft, step);
        break;
      case 'retrying':
        sendForward(draft, step, `${step.type} is sent again`);
        break;
      case 'compensation-sent': {
        const { type, timeoutMs } = step.compensation!;
        compensationFailed(draft, step, `no answer to ${type} in ${timeoutMs} ms`);
        break;
      }
      case 'compensation-retrying':
        if (sendCompensation(draft, step, `${step.compensation!.type} is sent${attempt === 0 ? '' : ' again'}`)) compensateNext(draft);
        break;
    }
  }
  advance(draft);
  return draft.decision(null);
}

function obey(pinned: PinnedDefinition, instance: SagaInstance, order: SagaOrder, nowMs: number): SagaDecision {
  const draft = new Draft(pinned, instance, instance, nowMs, byOf(order));
  follow(draft, order);
  return draft.decision(null);
}
