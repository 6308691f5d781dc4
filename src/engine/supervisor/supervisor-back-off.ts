/** Waits; resolves early, without error, when aborted. */
export type Pause = (delayMs: number, abort: AbortSignal) => Promise<void>;

/** The first pause; each further one is twice as long. */
const delayMsFirst = 500;

/**
 * The pause before the next attempt in milliseconds: 0.5 s doubled with every attempt in a row, at most `delayMsMax`, of which a random
 * half is taken off, so that many tasks do not come back at once.
 * @param attempt how many attempts have failed in a row; 1 or more
 * @param random in [0, 1)
 */
export function backOffMs(attempt: number, delayMsMax: number, random: number): number {
  const whole = Math.min(delayMsMax, delayMsFirst * 2 ** Math.min(attempt - 1, 30));
  return Math.round(whole * (1 - random / 2));
}
