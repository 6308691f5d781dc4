import { renderPayload } from '../payload.ts';
import type { SagaCommandDefinition, SagaInstance, SagaRetry, SagaStepDefinition } from '../saga.ts';
import type { Draft } from './draft.ts';

/** A step's own command, or the one that undoes it. */
export type Direction = 'forward' | 'compensation';

/** Of attempt so-and-so: what a service knows the command by, and may send back with its reply. */
export function idempotencyKey(sagaId: string, step: string, direction: Direction, attempt: number): string {
  return `${sagaId}:${step}${direction === 'compensation' ? '/compensation' : ''}:${attempt}`;
}

/** The pause behind an attempt that failed for now. */
export function retryDelayMs({ delayMs, factor, delayMsMax }: SagaRetry, attempt: number): number {
  return Math.min(delayMs * factor ** (attempt - 1), delayMsMax);
}

export function underWay({ state }: SagaInstance['steps'][string]): Direction | null {
  switch (state) {
    case 'sent':
    case 'retrying':
      return 'forward';
    case 'compensation-sent':
    case 'compensation-retrying':
      return 'compensation';
    default:
      return null;
  }
}

export function commandOf(step: SagaStepDefinition, direction: Direction): SagaCommandDefinition | null {
  return direction === 'forward' ? step : step.compensation;
}

/**
 * Sends the step's command, or its compensation, as its next attempt. Answers the path of the payload that leads nowhere, and then sends nothing;
 * else null. Does not look whether anybody answers.
 */
export function sendAttempt(draft: Draft, step: SagaStepDefinition, direction: Direction, reason: string): string | null {
  const command = commandOf(step, direction)!;
  const { id, correlationId } = draft.instance;
  const rendered = renderPayload(command.payload, draft.instance);
  if ('missing' in rendered) return rendered.missing;
  const progress = draft.progress(step.name);
  const again = underWay(progress) === direction;
  const attempt = again ? progress.attempt + 1 : 1;
  draft.publish({
    topic: command.topic,
    type: command.type,
    idempotencyKey: idempotencyKey(id, step.name, direction, attempt),
    correlationId,
    payload: rendered.payload,
  });
  const changes = {
    state: direction === 'forward' ? ('sent' as const) : ('compensation-sent' as const),
    attempt,
    attemptsMax: again ? progress.attemptsMax : command.retry.attemptsMax,
    dueAtMs: draft.nowMs + command.timeoutMs,
    sentAtMs: again && progress.sentAtMs !== null ? progress.sentAtMs : draft.nowMs,
  };
  draft.move(step.name, changes, reason);
  return null;
}

/** Plans the next attempt, where one is left. Answers whether one was. */
export function planRetry(draft: Draft, step: SagaStepDefinition, direction: Direction, reason: string): boolean {
  const { attempt, attemptsMax } = draft.progress(step.name);
  if (attempt >= attemptsMax) return false;
  const pauseMs = retryDelayMs(commandOf(step, direction)!.retry, attempt);
  const state = direction === 'forward' ? 'retrying' : 'compensation-retrying';
  draft.move(step.name, { state, dueAtMs: draft.nowMs + pauseMs }, `${reason}; attempt ${attempt + 1} follows in ${pauseMs} ms`);
  return true;
}
