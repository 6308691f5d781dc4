import { type Clock, type EventLog, type Logger, SluiceError, toSluiceError } from '../../contract/index.ts';
import { backOffMs, type Pause } from '../../engine/supervisor/supervisor-back-off.ts';
import type { RunningService, Service, ServiceConnectors, ServiceState, ServiceView } from './service.ts';

/** The longest pause before a service that failed is started again. */
const delayMsMax = 30_000;
/** A service that has run for so long has recovered: its next failure counts as the first. */
const recoveredMs = 60_000;
/** How long ending waits for services: a start that is under way may hang on a server that is away. */
export const serviceStopMsMax = 3_000;

export type ServiceHostSettings = {
  readonly services: readonly Service[];
  readonly logger: (service: string) => Logger;
  readonly clock: Clock;
  readonly pause: Pause;
  /** In [0, 1). */
  readonly random: () => number;
  readonly workerId: () => string;
  readonly connectors: ServiceConnectors;
};

/** Runs the services of a worker: starts them, starts again what fails, and answers for them. */
export class ServiceHost {
  readonly #hosted: readonly HostedService[];
  readonly #ended = new AbortController();
  readonly #pause: Pause;
  #running: readonly Promise<void>[] = [];

  constructor(settings: ServiceHostSettings) {
    this.#pause = settings.pause;
    this.#hosted = settings.services.map(service => new HostedService(service, settings));
  }

  /** Starts them in the background, once; the log stays its opener's, and open until `stop` has resolved. */
  start(log: EventLog): void {
    if (this.#running.length > 0 || this.#ended.signal.aborted) return;
    this.#running = this.#hosted.map(hosted => hosted.run(log, this.#ended.signal));
  }

  /** Ends them all, in the bound of `serviceStopMsMax`; a start that is under way is waited for. */
  async stop(): Promise<void> {
    this.#ended.abort();
    const done = new AbortController();
    const late = this.#pause(serviceStopMsMax, done.signal);
    await Promise.race([Promise.all(this.#running), late]);
    done.abort();
  }

  views(): readonly ServiceView[] {
    return this.#hosted.map(hosted => hosted.view());
  }

  /** Throws SluiceError NOT_FOUND. */
  view(name: string): ServiceView {
    const view = this.views().find(service => service.name === name);
    if (view !== undefined) return view;
    const there = this.#hosted.map(({ name }) => name).join(', ');
    throw new SluiceError('NOT_FOUND', `There is no service ${name} here${there === '' ? '' : ` (there are ${there})`}.`);
  }
}

/** One service and what has become of it. */
class HostedService {
  readonly #service: Service;
  readonly #settings: ServiceHostSettings;
  readonly #logger: Logger;
  #state: ServiceState = 'starting';
  #sinceMs: number;
  #starts = 0;
  #running: RunningService | null = null;
  #retrying: ServiceView['retrying'] = null;

  constructor(service: Service, settings: ServiceHostSettings) {
    this.#service = service;
    this.#settings = settings;
    this.#logger = settings.logger(service.name);
    this.#sinceMs = settings.clock.nowMs();
  }

  get name(): string {
    return this.#service.name;
  }

  /** Until it is aborted. Never rejects. */
  async run(log: EventLog, abort: AbortSignal): Promise<void> {
    const { clock, pause, random } = this.#settings;
    let attempts = 0;
    while (!abort.aborted) {
      const startedMs = clock.nowMs();
      const error = await this.#once(log, abort);
      if (error === null || abort.aborted) break;
      attempts = this.#ranFor(startedMs) >= recoveredMs ? 1 : attempts + 1;
      const delayMs = backOffMs(attempts, delayMsMax, random());
      this.#failed(error, attempts, delayMs);
      await pause(delayMs, abort);
    }
    this.#become('stopped');
    this.#retrying = null;
  }

  /** Starts it and waits for its end; answers what it failed with, null where it was told to end. */
  async #once(log: EventLog, abort: AbortSignal): Promise<SluiceError | null> {
    const { clock, pause, random, workerId, connectors } = this.#settings;
    this.#starts++;
    this.#become('starting');
    const aborted = Promise.withResolvers<null>();
    const onAbort = () => aborted.resolve(null);
    abort.addEventListener('abort', onAbort, { once: true });
    let error: SluiceError | null = null;
    try {
      this.#running = await this.#service.start({
        log,
        logger: this.#logger,
        clock,
        pause,
        random,
        workerId: workerId(),
        connectors,
        abort,
      });
      if (!abort.aborted) {
        this.#become('running');
        this.#retrying = null;
        this.#logger.info({ service: this.name, starts: this.#starts }, `The service ${this.name} runs.`);
        await Promise.race([this.#running.failed, aborted.promise]);
      }
    } catch (thrown) {
      error = toSluiceError(thrown);
    } finally {
      abort.removeEventListener('abort', onAbort);
    }
    await this.#dispose();
    return error;
  }

  async #dispose(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    // Nobody else looks at it any more.
    running?.failed.catch(() => {});
    try {
      await running?.[Symbol.asyncDispose]();
    } catch (error) {
      this.#logger.warn({ service: this.name, err: error }, `The service ${this.name} did not end cleanly.`);
    }
  }

  #ranFor(startedMs: number): number {
    return this.#state === 'running' ? this.#settings.clock.nowMs() - startedMs : 0;
  }

  #failed(error: SluiceError, attempts: number, delayMs: number): void {
    const { code, message, remedy } = error;
    const next = new Date(this.#settings.clock.nowMs() + delayMs).toISOString();
    this.#become('failed');
    this.#retrying = { code, reason: message, remedy, attempts, next_attempt: next };
    const text = `The service ${this.name} failed and is started again in ${Math.ceil(delayMs / 1000)} s: ${message}`;
    this.#logger.error({ service: this.name, code, remedy, attempts, ...(code === 'INTERNAL' && { err: error }) }, text);
  }

  #become(state: ServiceState): void {
    this.#state = state;
    this.#sinceMs = this.#settings.clock.nowMs();
  }

  view(): ServiceView {
    return {
      name: this.name,
      state: this.#state,
      since: new Date(this.#sinceMs).toISOString(),
      restarts: Math.max(0, this.#starts - 1),
      retrying: this.#retrying,
      connectors: this.#service.connectors.map(({ name }) => name),
      health: this.#running?.health() ?? null,
    };
  }
}
