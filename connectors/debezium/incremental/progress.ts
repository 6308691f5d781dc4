import type { OnDemandProgress, OnDemandTable } from '../../../src/contract/index.ts';
import type { KnownTable } from './chunk-database.ts';
import type { Collection, IncrementalState } from './state.ts';

type Tally = { state: OnDemandTable['state']; rows: number; readonly rowsEstimated: number | null; reason: string | null };

/** Keeps count of an incremental snapshot for whoever asks how far it is: since the task's start, with the sums of before. */
export class IncrementalProgress {
  readonly #state: IncrementalState;
  readonly #nowMs: () => number;
  #id = '';
  #tables = new Map<string, Tally>();
  /** Of the run's own rate. */
  #since: { readonly atMs: number; readonly rows: number } | null = null;
  #finishedAtMs: number | null = null;

  constructor(state: IncrementalState, nowMs: () => number) {
    this.#state = state;
    this.#nowMs = nowMs;
  }

  /** Tables were asked for, or are left of a run before. `fresh`: nothing was under way. */
  add(collections: readonly Collection[], known: readonly KnownTable[], fresh: boolean): void {
    if (fresh) this.#tables = new Map();
    if (fresh || this.#since === null) this.#since = { atMs: this.#nowMs(), rows: this.#state.rows };
    this.#id = this.#state.signal ?? '';
    this.#finishedAtMs = null;
    for (const { name } of collections) {
      const rowsEstimated = known.find(table => table.name === name)?.rowsEstimated ?? null;
      this.#tables.set(name, { state: 'waiting', rows: 0, rowsEstimated, reason: null });
    }
  }

  rows(name: string, rows: number): void {
    const tally = this.#tables.get(name);
    if (tally) tally.rows += rows;
  }

  rowsOf(name: string): number {
    return this.#tables.get(name)?.rows ?? 0;
  }

  /** A table is done with. */
  ended(name: string, state: 'done' | 'stopped' | 'skipped', reason: string | null): void {
    const tally = this.#tables.get(name);
    if (tally) [tally.state, tally.reason] = [state, reason];
    if (this.#state.current === null) this.#finishedAtMs = this.#nowMs();
  }

  /** null: nothing was asked for since the start. */
  get view(): OnDemandProgress | null {
    const { paused, current, rows, chunks, startedAtMs } = this.#state;
    if (this.#tables.size === 0) return null;
    const tables = [...this.#tables].map(([name, tally]) => ({
      name,
      ...tally,
      state: tally.state === 'waiting' && name === current?.name ? ('reading' as const) : tally.state,
    }));
    const untilMs = this.#finishedAtMs ?? this.#nowMs();
    const seconds = this.#since === null ? 0 : (untilMs - this.#since.atMs) / 1000;
    const rate = this.#since !== null && seconds > 0 ? (rows - this.#since.rows) / seconds : null;
    return {
      id: this.#id,
      state: current === null ? 'finished' : paused ? 'paused' : 'running',
      tables,
      chunks,
      rows,
      rowsPerSecond: rate === null ? null : Math.round(rate),
      startedAtMs,
      endsAtMs: this.#finishedAtMs ?? (paused ? null : this.#estimate(tables, rate)),
    };
  }

  #estimate(tables: readonly OnDemandTable[], rate: number | null): number | null {
    const open = tables.filter(({ state }) => state === 'waiting' || state === 'reading');
    if (rate === null || rate <= 0 || open.some(({ rowsEstimated }) => rowsEstimated === null)) return null;
    const left = open.reduce((sum, { rowsEstimated, rows }) => sum + Math.max(0, rowsEstimated! - rows), 0);
    return Math.round(this.#nowMs() + (left / rate) * 1000);
  }
}
