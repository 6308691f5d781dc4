import { type Clock, type Logger, toSluiceError } from '../../contract/index.ts';
import type { SupervisedConnector } from '../supervisor/supervisor-connector.ts';
import type { Running } from '../supervisor/supervisor-running.ts';
import type { ShownVerification } from './progress.ts';
import { requestBounds, theLog, type VerificationRequest } from './request.ts';
import type { VerificationSchedule } from './schedule-options.ts';

/** How often it is looked which are due. */
const lookMs = 1_000;
/** How long is waited after one that could not be begun, at the most. */
const againMsMax = 60_000;

/** What a schedule asks of `Verifications`. */
export type Begun = {
  list(source: string): Promise<readonly Pick<ShownVerification, 'against' | 'started_at' | 'state'>[]>;
  start(source: string, request: VerificationRequest): Promise<unknown>;
  /** What became of earlier ones is shown again. */
  recall(source: string): Promise<void>;
};

export type ScheduleServices = { readonly clock: Clock; logger(connector: string): Logger };

/**
 * Begins verifications of this worker's sources when they are due, by their `verify.*` options. When the last one began is read from what is stored,
 * so that a worker that is started again does not begin all over.
 */
export class ScheduledVerifications {
  readonly #running: Running;
  readonly #begun: Begun;
  readonly #services: ScheduleServices;
  readonly #ended: AbortSignal;
  /** By source, interval and what it is compared with: when it is looked at next. */
  #due = new Map<string, number>();
  #looking = false;

  constructor(running: Running, begun: Begun, services: ScheduleServices, ended: AbortSignal) {
    [this.#running, this.#begun, this.#services, this.#ended] = [running, begun, services, ended];
  }

  /** Looks until the worker ends. */
  start(): void {
    const timer = setInterval(() => void this.look().catch(() => {}), lookMs);
    timer.unref();
    this.#ended.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  /** Begins those that are due. A look while another is under way does nothing. */
  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const { connectors, connector } = this.#running;
      const wanted = new Map<string, number>();
      for (const name of connectors.names().filter(one => connectors.owns(one))) {
        const { schedule = null } = connector(name).source ?? {};
        if (schedule === null || !streams(connector(name))) continue;
        for (const against of schedule.against) {
          const id = JSON.stringify([name, against, schedule.intervalMs]);
          wanted.set(id, await this.#lookAt(name, against, schedule, this.#due.get(id) ?? null));
        }
      }
      this.#due = wanted;
    } finally {
      this.#looking = false;
    }
  }

  /** Answers when it is to be looked at next. */
  async #lookAt(source: string, against: string, schedule: VerificationSchedule, dueMs: number | null): Promise<number> {
    const { clock, logger } = this.#services;
    const nowMs = clock.nowMs();
    if (dueMs !== null && nowMs < dueMs) return dueMs;
    const { intervalMs, rate, repair } = schedule;
    try {
      if (dueMs === null) await this.#begun.recall(source);
      // One whose worker ended in the midst of it does not count: it is begun again.
      const begun = (await this.#begun.list(source)).filter(one => one.against === against && one.state !== 'ABANDONED');
      const lastMs = Math.max(...begun.map(one => Date.parse(one.started_at)));
      if (lastMs + intervalMs > nowMs) return lastMs + intervalMs;
      await this.#begun.start(source, {
        against,
        tables: [],
        repair: repair && against !== theLog,
        rate,
        chunk: requestBounds.chunk.default,
        keys: requestBounds.keys.default,
        differencesMax: requestBounds.differences.default,
      });
      return nowMs + intervalMs;
    } catch (thrown) {
      const { code, message } = toSluiceError(thrown);
      logger(source).warn({ code }, `The verification against ${against} that is due could not be begun, and is tried again: ${message}`);
      return nowMs + Math.min(intervalMs, againMsMax);
    }
  }
}

/** Before that its tables are still being read. */
function streams(connector: SupervisedConnector): boolean {
  return connector.progress().tasks[0]?.phase === 'streaming';
}
