import type { Clock, Retry, SluiceError } from '../../contract/index.ts';
import { batchBoundsRecords, Histogram, latencyBoundsSeconds } from '../../observe/metrics/histogram.ts';
import type { ConsumingView, SinkTaskObserver } from '../sink/sink-task-plan.ts';
import type { DurableUnit } from '../source/source-task-plan.ts';
import { EventTotals } from './event-totals.ts';

/** Throughput is the mean over so many seconds. */
const windowSeconds = 10;

/** What a task has done since its worker started it, counted as its observer hears of it. */
export class TaskCounters implements SinkTaskObserver {
  records = 0;
  bytes = 0;
  filteredRecords = 0;
  skippedRecords = 0;
  deadLetters = 0;
  /** Attempts that failed and were made again. */
  retries = 0;
  /** Everything committed in the database before it is durable; null: nothing was. Milliseconds since 1970. */
  completeToMs: number | null = null;
  /** Of a source's attempts that have ended. */
  readonly events = new EventTotals();
  /** Seconds from a commit to where it is to be, a value a batch. */
  readonly latency = new Histogram(latencyBoundsSeconds);
  readonly batches = new Histogram(batchBoundsRecords);
  /** Of a sink's task: its partitions as they are. */
  view: ConsumingView | null = null;
  commitLagMs: number | null = null;
  lastDurableMs: number | null = null;
  /** What the log tries again; null where it answers. */
  retry: Retry | null = null;
  readonly recordsByTopic = new Map<string, number>();
  readonly #perSecond = new Float64Array(windowSeconds);
  readonly #seconds = new Float64Array(windowSeconds).fill(-1);
  readonly #clock: Clock;
  readonly #onStarted: () => void;
  readonly #onTopics: (topics: readonly string[]) => void;

  constructor(clock: Clock, onStarted: () => void, onTopics: (topics: readonly string[]) => void) {
    this.#clock = clock;
    this.#onStarted = onStarted;
    this.#onTopics = onTopics;
  }

  started(): void {
    this.#onStarted();
  }

  retrying(retry: Retry | null): void {
    if (retry !== null) this.retries++;
    this.retry = retry;
  }

  durable(unit: DurableUnit): void {
    const nowMs = this.#clock.nowMs();
    this.records += unit.records;
    this.bytes += unit.bytes;
    this.lastDurableMs = nowMs;
    if (unit.records > 0) this.batches.observe(unit.records);
    if (unit.commitLagMs !== null) this.#committed(unit.commitLagMs, nowMs);
    const second = Math.floor(nowMs / 1000);
    const slot = second % windowSeconds;
    if (this.#seconds[slot] !== second) [this.#seconds[slot], this.#perSecond[slot]] = [second, 0];
    this.#perSecond[slot] = this.#perSecond[slot]! + unit.records;
    if (unit.recordsByTopic.size === 0) return;
    for (const [topic, count] of unit.recordsByTopic) this.recordsByTopic.set(topic, (this.recordsByTopic.get(topic) ?? 0) + count);
    this.#onTopics([...unit.recordsByTopic.keys()]);
  }

  /** A database's clock may be ahead of this one's. */
  #committed(lagMs: number, nowMs: number): void {
    this.commitLagMs = lagMs;
    this.latency.observe(Math.max(0, lagMs) / 1000);
    this.completeToMs = Math.max(this.completeToMs ?? Number.NEGATIVE_INFINITY, nowMs - lagMs);
  }

  filtered(records: number): void {
    this.filteredRecords += records;
  }

  skipped(_error: SluiceError): void {
    this.skippedRecords++;
  }

  consuming(view: ConsumingView): void {
    this.view = view;
  }

  deadLettered(records: number): void {
    this.deadLetters += records;
  }

  /** Records a second, the mean of the last ten whole seconds. */
  get recordsPerSecond(): number {
    const now = Math.floor(this.#clock.nowMs() / 1000);
    let sum = 0;
    for (let slot = 0; slot < windowSeconds; slot++) if (this.#seconds[slot]! > now - windowSeconds) sum += this.#perSecond[slot]!;
    return Math.round(sum / windowSeconds);
  }
}
