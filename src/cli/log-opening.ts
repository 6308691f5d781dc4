import { type EventLog, type Logger, SluiceError, toSluiceError } from '../contract/index.ts';
import { backOffMs, type Pause } from '../engine/supervisor/supervisor-back-off.ts';

/** The longest pause between attempts to open a log that cannot be had. */
const openDelayMsMax = 10_000;
/** How often a worker that stands by asks for the log; one try costs a millisecond, and the owner nothing. */
const standbyDelayMs = 500;

export type LogOpening = {
  open(): Promise<EventLog>;
  /** Waits for the owner's end where another worker owns the log; without it that is an error (LOG_LOCKED). */
  readonly standby: boolean;
  readonly logger: Logger;
  readonly pause: Pause;
  readonly random: () => number;
  /** What REST says meanwhile. `standingBy`: this worker answers nothing else until another one ends. */
  tell(startup: string, standingBy: boolean): void;
};

/**
 * Opens the log, as often as it takes: with growing pauses while its error is one that heals by itself, and as long as another worker owns
 * it. Rejects with any other error, and with UNAVAILABLE when aborted.
 */
export async function openPatiently(opening: LogOpening, abort: AbortSignal): Promise<EventLog> {
  const { logger, pause, random } = opening;
  let owned = '';
  for (let attempt = 1; ; attempt++) {
    try {
      const log = await opening.open();
      if (owned !== '') logger.warn({}, 'The log’s owner has ended: this worker takes over.');
      return log;
    } catch (thrown) {
      refuse(abort);
      const error = toSluiceError(thrown);
      if (error.code === 'LOG_LOCKED' && opening.standby) {
        opening.tell(`It stands by: ${error.message}`, true);
        // Once for each owner, not twice a second.
        if (owned !== error.message)
          logger.warn(
            { code: error.code, remedy: 'standby=false ends the worker instead.' },
            `${error.message} This one stands by and takes over when that one ends.`,
          );
        owned = error.message;
        attempt = 0;
        await pause(standbyDelayMs, abort);
      } else if (error.retry === 'backoff') {
        const delayMs = backOffMs(attempt, openDelayMsMax, random());
        opening.tell(`The log cannot be opened yet: ${error.message}`, false);
        logger.warn(
          { code: error.code, attempt, delayMs, remedy: error.remedy },
          `The log is tried again in ${delayMs} ms: ${error.message}`,
        );
        await pause(delayMs, abort);
      } else throw error;
      refuse(abort);
    }
  }
}

function refuse(abort: AbortSignal): void {
  if (abort.aborted) throw new SluiceError('UNAVAILABLE', 'Worker is shutting down');
}
