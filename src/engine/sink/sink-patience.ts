import { type SluiceError, toSluiceError } from '../../contract/index.ts';
import { backOffMs } from '../supervisor/supervisor-back-off.ts';
import type { SinkTaskPlan } from './sink-task-plan.ts';

/** Nobody waits for it any more: the task is being stopped, or its partitions go to another member. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp';
}

type Patient = Pick<SinkTaskPlan, 'retryDelayMsMax' | 'observer' | 'logger' | 'clock' | 'pause' | 'random'>;

/**
 * Calls until it goes well, with growing pauses, as long as it fails with what heals by itself (`backoff`); the task says RETRYING
 * meanwhile. Rejects with any other error, and GivenUp where `interrupt` is aborted by the time it has failed.
 *
 * @param away told true when the target turns out to be away, and false when that is over, however it ends
 */
export async function patiently<T>(
  call: () => Promise<T>,
  patient: Patient,
  interrupt: AbortSignal,
  away: (isAway: boolean) => void = () => {},
): Promise<T> {
  try {
    return await called(call, patient, interrupt, () => away(true));
  } finally {
    away(false);
  }
}

async function called<T>(call: () => Promise<T>, patient: Patient, interrupt: AbortSignal, isAway: () => void): Promise<T> {
  const { retryDelayMsMax, observer, logger, clock, pause, random } = patient;
  let sinceMs = 0;
  for (let attempts = 1; ; attempts++) {
    let error: SluiceError;
    try {
      const answer = await call();
      if (attempts > 1) {
        observer.retrying(null);
        logger.info({ attempts }, 'The sink’s target answers again.');
      }
      return answer;
    } catch (thrown) {
      error = toSluiceError(thrown);
      if (interrupt.aborted) throw new GivenUp('It is not waited for any more.', { cause: error });
      if (error.retry !== 'backoff') {
        observer.retrying(null);
        throw error;
      }
    }
    if (attempts === 1) {
      sinceMs = clock.nowMs();
      isAway();
    }
    const delayMs = backOffMs(attempts, retryDelayMsMax, random());
    observer.retrying({ error, attempts, sinceMs, nextAttemptMs: clock.nowMs() + delayMs });
    logger.warn(
      { code: error.code, attempts, delayMs, remedy: error.remedy },
      `The sink is tried again in ${delayMs} ms: ${error.message}`,
    );
    await pause(delayMs, interrupt);
    if (interrupt.aborted) throw new GivenUp('It is not waited for any more.', { cause: error });
  }
}
