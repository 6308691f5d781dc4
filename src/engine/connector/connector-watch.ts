import {
  type DatabaseReading,
  type EventLog,
  type Logger,
  type MeasuredSource,
  type PluginContext,
  type SluiceError,
  toSluiceError,
} from '../../contract/index.ts';
import { measureSink, type SinkLag } from '../sink/sink-lag.ts';
import type { SupervisedTask } from '../supervisor/supervisor-task.ts';
import type { ConnectorPlan } from './connector-plan.ts';
import { HeadroomTrend } from './headroom-trend.ts';

/** So long a look may take. */
const lookMsMax = 10_000;
/** After looks that failed in a row so many of the following are left out at most: a login that is refused is not tried every few seconds. */
const looksLeftOutMax = 20;

export type WatchParts = {
  readonly connector: string;
  readonly log: EventLog;
  readonly logger: Logger;
  readonly context: PluginContext;
  /** What the connector is by its config; null where that is not valid. */
  plan(): ConnectorPlan | null;
  tasks(): readonly SupervisedTask[];
};

/**
 * Knows how far a connector is behind and how long the database keeps its place, whether its tasks run or not: by looking now and then, never
 * by a scrape. What it knows is as of the last look, and the lag grows between looks.
 */
export class ConnectorWatch {
  readonly #parts: WatchParts;
  readonly #trend = new HeadroomTrend();
  #database: DatabaseReading | null = null;
  #sink: SinkLag | null = null;
  #completeToMs: number | null = null;
  #looking: Promise<void> | null = null;
  #failuresInRow = 0;
  #leftOut = 0;
  failures = 0;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** The last reading; null: none yet, or the connector is a sink. */
  get database(): DatabaseReading | null {
    return this.#database;
  }

  get sink(): SinkLag | null {
    return this.#sink;
  }

  /** When the database's log is used up; null: not known. */
  get limitInSeconds(): number | null {
    return this.#trend.usedUpInSeconds;
  }

  /** For how long what the connector brings may lack changes; null: not known. */
  lagMs(nowMs: number): number | null {
    for (const { completeToMs } of this.#parts.tasks()) this.#complete(completeToMs);
    return this.#completeToMs === null ? null : Math.max(0, nowMs - this.#completeToMs);
  }

  /** Offsets were set from outside: what was complete by the old ones is not. */
  forget(): void {
    this.#completeToMs = null;
    this.#sink = null;
  }

  /**
   * Looks, unless the last look still goes on or failed ones make it wait. Never rejects. Answers the error by which the connector's place is
   * to be given up, where its guard says so.
   */
  async look(abort: AbortSignal): Promise<SluiceError | null> {
    if (this.#looking !== null || this.#leftOut-- > 0) return null;
    const plan = this.#parts.plan();
    if (plan === null) return null;
    const bound = AbortSignal.any([abort, AbortSignal.timeout(lookMsMax)]);
    let seen = false;
    this.#looking = this.#look(plan, bound)
      .then(
        () => {
          [this.#failuresInRow, this.#leftOut, seen] = [0, 0, true];
        },
        (thrown: unknown) => this.#failed(toSluiceError(thrown), abort),
      )
      .finally(() => {
        this.#looking = null;
      });
    // A query that nobody answers is left behind; no other is asked until it ends.
    await Promise.race([this.#looking, aborted(bound)]);
    return seen ? (this.#database?.givingUp ?? null) : null;
  }

  async #look(plan: ConnectorPlan, bound: AbortSignal): Promise<void> {
    const { log, context } = this.#parts;
    if (plan.sink !== null) {
      const running = this.#parts.tasks().flatMap(({ consuming }) => consuming?.partitions() ?? []);
      this.#sink = await measureSink(log, plan.sink, running, this.#sink, context.clock.nowMs());
      this.#complete(this.#sink.completeToMs);
      return;
    }
    const running = this.#running();
    if (running !== null) {
      try {
        return await this.#read(running, bound);
      } catch (error) {
        // One that ends while it is asked takes its connection along: no fault of the database's, which is asked without it then.
        if (bound.aborted || this.#running() === running) throw error;
      }
    }
    await using beside = plan.createPlugin(context);
    await this.#read(beside, bound);
  }

  #running(): MeasuredSource | null {
    return this.#parts.tasks().find(({ askable }) => askable !== null)?.askable ?? null;
  }

  async #read(source: MeasuredSource, bound: AbortSignal): Promise<void> {
    if (source.measure === undefined) return;
    const { connector, log, logger } = this.#parts;
    const reading = await source.measure(await log.connectors.offsets(connector), this.#database, bound);
    const told = new Set(this.#database?.warnings);
    for (const warning of reading.warnings) if (!told.has(warning)) logger.warn({}, warning);
    this.#database = reading;
    this.#trend.add(reading.atMs, reading.headroomSeconds ?? (reading.logLimitBytes === null ? null : reading.headroomBytes));
    this.#complete(reading.completeToMs);
  }

  #complete(toMs: number | null): void {
    if (toMs !== null && toMs > (this.#completeToMs ?? Number.NEGATIVE_INFINITY)) this.#completeToMs = toMs;
  }

  #failed(error: SluiceError, abort: AbortSignal): void {
    if (abort.aborted) return;
    this.failures++;
    this.#failuresInRow++;
    this.#leftOut = Math.min(looksLeftOutMax, 2 ** this.#failuresInRow - 1);
    const { logger } = this.#parts;
    const text = `The connector’s database or log could not be looked at: ${error.message}`;
    // Where the tasks are in the same trouble they say so; of the first time only, then.
    if (this.#failuresInRow === 1) logger.warn({ code: error.code }, text);
    else logger.debug({ code: error.code }, text);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
