import { setTimeout as delay } from 'node:timers/promises';

/** How long to wait, for what. */
export type Bound = {
  /** Completes `waited for ...`. */
  readonly what: string;
  readonly timeoutMs?: number;
  readonly everyMs?: number;
};

/**
 * Asks for real state until the answer is truthy, and gives that answer. What the condition throws is an answer too: it ends the
 * wait. Past the bound (a minute unless told, since a laden machine has pauses of many seconds) it rejects with what was waited for and the last answer.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  bound: Bound,
): Promise<Exclude<Awaited<T>, false | null | undefined | 0 | ''>> {
  const { what, timeoutMs = 60_000, everyMs = 20 } = bound;
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const answer = await condition();
    if (answer) return answer as Exclude<Awaited<T>, false | null | undefined | 0 | ''>;
    if (performance.now() > deadlineMs) throw new Error(`Waited ${timeoutMs} ms for ${what}; the last answer was ${String(answer)}`);
    await delay(everyMs);
  }
}
