import { type Clock, type Logger, type Retry, type SluiceError, type Source, toSluiceError } from '../../contract/index.ts';
import type { ObservedTask } from '../../observe/metrics/observed.ts';
import type { ConnectorPlan } from '../connector/connector-plan.ts';
import type { ConsumingView, SinkTaskObserver } from '../sink/sink-task-plan.ts';
import type { RunTask, TaskPlan } from '../task.ts';
import { backOffMs, type Pause } from './supervisor-back-off.ts';
import { TaskCounters } from './supervisor-counters.ts';
import { type Retrying, type RunState, type TaskProgress, traceOf } from './supervisor-states.ts';

export type TaskSurroundings = {
  readonly run: RunTask;
  readonly pause: Pause;
  readonly random: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called after every change of the state. */
  readonly onState: () => void;
  /** Topics that records became durable in. */
  readonly onTopics: (topics: readonly string[]) => void;
  /** Makes the plan of one attempt; each attempt has a source or sink of its own. */
  readonly makePlan: (observer: SinkTaskObserver) => TaskPlan;
};

/**
 * One task and its attempts: it runs until it is stopped, ends, or fails with an error that does not heal by itself. Which errors are tried
 * again is the error's own word (`backoff` in the catalogue); an unknown one parks the task as FAILED.
 */
export class SupervisedTask {
  readonly id: number;
  readonly #retry: ConnectorPlan['retry'];
  readonly #surroundings: TaskSurroundings;
  readonly #counters: TaskCounters;
  #state: RunState = 'UNASSIGNED';
  #error: SluiceError | null = null;
  /** The last fault that was tried again. */
  #retrying: Retrying | null = null;
  #source: Source | null = null;
  #pausing = false;
  /** An attempt is under way, and its source open. */
  #attempting = false;
  /** The attempt under way is not the last one, whatever it fails with. */
  #again = false;
  #abort: AbortController | null = null;
  #done: Promise<void> = Promise.resolve();

  constructor(id: number, retry: ConnectorPlan['retry'], surroundings: TaskSurroundings) {
    this.id = id;
    this.#retry = retry;
    this.#surroundings = surroundings;
    this.#counters = new TaskCounters(surroundings.clock, () => this.#started(), surroundings.onTopics);
  }

  get state(): RunState {
    return this.#state;
  }

  get trace(): string | null {
    return this.#error === null ? null : traceOf(this.#error);
  }

  /** Whether it has failed because another worker owns it. */
  get fenced(): boolean {
    return this.#state === 'FAILED' && this.#error?.code === 'FENCED';
  }

  get running(): boolean {
    return this.#abort !== null;
  }

  /** Starts, or does nothing where it runs. `as` is the state until it owns its offsets. */
  start(as: 'UNASSIGNED' | 'RESTARTING'): void {
    if (this.#abort !== null) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.#error = null;
    this.#again = false;
    this.#change(as);
    this.#done = this.#attempts(abort.signal).finally(() => {
      if (this.#abort === abort) this.#abort = null;
    });
  }

  /**
   * Stops the task and waits for its clean end, at most `stopMsMax`. A task that does not end by then is left behind: whoever owns its
   * offsets next fences it (invariant 3). `as` is its state from now on.
   */
  async stop(as: RunState, stopMsMax: number): Promise<void> {
    const { pause, logger } = this.#surroundings;
    const [abort, done] = [this.#abort, this.#done];
    if (abort !== null) {
      abort.abort();
      const bound = new AbortController();
      const late = Symbol('late');
      const first = await Promise.race([done, pause(stopMsMax, bound.signal).then(() => late)]);
      bound.abort();
      if (first === late) logger.error({ stopMsMax }, 'The task did not end in time and is left behind; its next owner fences it.');
      this.#abort = null;
    }
    this.#retrying = null;
    if (as !== 'FAILED') this.#error = null;
    this.#change(as);
  }

  /** Where it runs: an attempt that has begun before now is followed by another, even where it fails with what does not heal by itself. */
  tryAgain(): void {
    this.#again = this.#abort !== null;
  }

  /** Its source while an attempt reads it; null between attempts, and of a sink's task. */
  get source(): Source | null {
    return this.#attempting ? this.#source : null;
  }

  /** Its source while that can be asked about its database: not once it was told to end, when its connections go. */
  get askable(): Source | null {
    return this.#abort?.signal.aborted === false ? this.source : null;
  }

  /** Of a source's task: everything committed before it is durable; null: not known, or a sink's, whose topics are in no order of commits. */
  get completeToMs(): number | null {
    return this.#source === null ? null : this.#counters.completeToMs;
  }

  /** How far a sink's task is in its partitions; null of a source's, and where it does not run. */
  get consuming(): ConsumingView | null {
    return this.#abort === null ? null : this.#counters.view;
  }

  progress(): TaskProgress {
    const status = this.#source?.status() ?? null;
    // An attempt heals the fault once the source is past its start; before, it is still the one that is being retried.
    const healed = !this.#pausing && status !== null && status.phase !== 'starting';
    const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
    const retry = this.#abort === null ? null : (this.#counters.retry ?? status?.retry);
    const former = healed ? null : this.#retrying;
    // The newest reason, since the first one.
    const retrying = retry ? { ...retryingOf(retry), ...(former && { since: former.since }) } : former;
    return {
      id: this.id,
      state: retrying === null ? this.#state : 'RETRYING',
      trace: this.trace,
      retrying,
      warnings: status?.warnings ?? [],
      phase: status?.phase ?? null,
      position: status?.position ?? null,
      read_lag_ms: status?.lagMs ?? null,
      commit_lag_ms: this.#counters.commitLagMs,
      snapshot: status?.snapshot ?? null,
      records: this.#counters.records,
      bytes: this.#counters.bytes,
      records_per_second: this.#counters.recordsPerSecond,
      records_by_topic: Object.fromEntries(this.#counters.recordsByTopic),
      filtered: this.#counters.filteredRecords,
      skipped: this.#counters.skippedRecords,
      dead_letters: this.#counters.deadLetters,
      consuming: this.#abort === null ? null : consumingOf(this.#counters.view),
      last_durable: iso(this.#counters.lastDurableMs),
    };
  }

  /** What the metrics are made of. */
  observed(): ObservedTask {
    const counts = this.source?.status().counts ?? null;
    const { events, filteredEvents } = this.#counters.events.with(counts);
    const { retries, latency, batches } = this.#counters;
    return { ...this.progress(), retries, events, filtered_events: filteredEvents, queue: counts?.queue ?? null, latency, batches };
  }

  /** Ends the task as failed, whatever it does. */
  async fail(error: SluiceError, stopMsMax: number): Promise<void> {
    await this.stop('FAILED', stopMsMax);
    this.#error = error;
    this.#change('FAILED');
    this.#surroundings.logger.error({ code: error.code, remedy: error.remedy, err: error }, `The task has failed: ${error.message}`);
  }

  async #attempts(abort: AbortSignal): Promise<void> {
    const { run, pause, random, clock, logger, makePlan } = this.#surroundings;
    let [failures, sinceMs, durableMs] = [0, 0, this.#counters.lastDurableMs];
    while (!abort.aborted) {
      const error = await this.#attempt(run, makePlan, abort);
      const within = this.#counters.retry;
      this.#counters.retrying(null);
      if (abort.aborted) return;
      if (error === null) {
        logger.info({}, 'The task has nothing more to read: its source has finished.');
        return;
      }
      // Progress since the last failure: this is a new fault, not the old one going on.
      if (this.#counters.lastDurableMs !== durableMs) [failures, durableMs] = [0, this.#counters.lastDurableMs];
      // What was tried again within the attempt began before it ended.
      if (failures === 0) sinceMs = within?.sinceMs ?? clock.nowMs();
      failures++;
      const { attemptsMax, delayMsMax } = this.#retry;
      // Never into the hands of the owner that has fenced it.
      const again = this.#again && error.code !== 'FENCED';
      this.#again = false;
      if (!again && (error.retry !== 'backoff' || (attemptsMax !== null && failures > attemptsMax))) {
        this.#error = error;
        this.#retrying = null;
        this.#change('FAILED');
        logger.error({ code: error.code, remedy: error.remedy, err: error }, `The task has failed: ${error.message}`);
        return;
      }
      this.#counters.retries++;
      const delayMs = backOffMs(failures, delayMsMax, random());
      this.#retrying = {
        code: error.code,
        reason: error.message,
        remedy: error.remedy,
        attempts: failures,
        since: new Date(sinceMs).toISOString(),
        next_attempt: new Date(clock.nowMs() + delayMs).toISOString(),
      };
      // Connect has no state for a task that waits to try again.
      this.#change('RUNNING');
      logger.warn(
        { code: error.code, attempts: failures, delayMs, remedy: error.remedy },
        `The task is tried again in ${delayMs} ms: ${error.message}`,
      );
      this.#pausing = true;
      await pause(delayMs, abort);
      this.#pausing = false;
    }
  }

  /** One attempt; answers what it failed with, or null. */
  async #attempt(run: RunTask, makePlan: TaskSurroundings['makePlan'], abort: AbortSignal): Promise<SluiceError | null> {
    try {
      const plan = makePlan(this.#counters);
      this.#source = 'sink' in plan ? null : plan.source;
      this.#attempting = true;
      await run(plan, abort);
      return null;
    } catch (error) {
      return toSluiceError(error);
    } finally {
      const counts = this.source?.status().counts;
      if (counts !== undefined) this.#counters.events.absorb(counts);
      this.#attempting = false;
    }
  }

  #started(): void {
    if (this.#abort?.signal.aborted === false) this.#change('RUNNING');
  }

  #change(state: RunState): void {
    this.#state = state;
    this.#surroundings.onState();
  }
}

/** A sink's partitions, for people and scripts; null of a source. */
function consumingOf(view: ConsumingView | null): TaskProgress['consuming'] {
  if (view === null) return null;
  const partitions = view.partitions();
  return {
    lag_records: Number(partitions.reduce((sum, { lagRecords }) => sum + lagRecords, 0n)),
    partitions: partitions.map(({ topic, partition, applied, lagRecords }) => ({
      topic,
      partition,
      offset: Number(applied),
      lag_records: Number(lagRecords),
    })),
  };
}

/** What a source or the log itself tries again, in the same words as a task that is. */
function retryingOf({ error, attempts, sinceMs, nextAttemptMs }: Retry): Retrying {
  const { code, message, remedy } = error;
  const iso = (ms: number) => new Date(ms).toISOString();
  return { code, reason: message, remedy, attempts, since: iso(sinceMs), next_attempt: iso(nextAttemptMs) };
}
