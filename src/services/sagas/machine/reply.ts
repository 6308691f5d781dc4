import type { MessageMatch, SagaDefinition, SagaInstance, SagaMessage, SagaStepDefinition } from '../saga.ts';
import { commandOf, type Direction, idempotencyKey } from './command.ts';

/** Whose answer a message is, and what it says. `attempt` is null where the message does not tell. */
export type Reply = {
  readonly step: SagaStepDefinition;
  readonly direction: Direction;
  readonly outcome: 'success' | 'failure';
  readonly attempt: number | null;
};

const directions = ['forward', 'compensation'] as const;

export function matches(matched: readonly MessageMatch[], { topic, type }: Pick<SagaMessage, 'topic' | 'type'>): boolean {
  return matched.some(match => match.topic === topic && (match.type === null || match.type === type));
}

/** Whether the message is of a kind that the saga waits for at some step. */
export function isReplyOf({ stages }: SagaDefinition, message: SagaMessage): boolean {
  return stages.flat().some(step =>
    directions.some(direction => {
      const command = commandOf(step, direction);
      return command !== null && (matches(command.success, message) || matches(command.failure, message));
    }),
  );
}

/** The command that a message answers. null: none of this instance's. */
export function replyOf({ stages }: SagaDefinition, instance: SagaInstance, message: SagaMessage): Reply | null {
  for (const step of stages.flat())
    for (const direction of directions) {
      const command = commandOf(step, direction);
      if (command === null) continue;
      const attempt = message.idempotencyKey === null ? null : attemptOf(message.idempotencyKey, instance.id, step.name, direction);
      if (message.idempotencyKey !== null && attempt === null) continue;
      if (matches(command.success, message)) return { step, direction, outcome: 'success', attempt };
      if (matches(command.failure, message)) return { step, direction, outcome: 'failure', attempt };
    }
  return null;
}

/** null: the key is of another command, or of another instance. */
function attemptOf(key: string, sagaId: string, step: string, direction: Direction): number | null {
  const attempt = Number(key.slice(key.lastIndexOf(':') + 1));
  return Number.isSafeInteger(attempt) && attempt > 0 && key === idempotencyKey(sagaId, step, direction, attempt) ? attempt : null;
}
